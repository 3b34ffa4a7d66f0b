import { call } from "./api.js";

/** Updates a question and the reader's progress after the server's reply to an answer. */
export function takeReply(state, question, answer, reply) {
  const isNew = reply.attempt > (question.attempts ?? 0);
  const before = question.points ?? 0;
  const isFirst = question.answer === null;
  const counts = !(
    state.course?.keeps_best &&
    reply.points !== null &&
    question.points > reply.points
  );
  if (isNew) question.attempts = reply.attempt;
  if (isNew && question.attempts_left) question.attempts_left -= 1;
  if (counts) {
    const string = typeof answer === "string" ? answer : JSON.stringify(answer);
    Object.assign(question, { answer: string, points: reply.points, feedback: reply.feedback });
  }
  question.points_possible = reply.points_possible;
  if (!state.progress) return;
  state.progress.answered += isFirst ? 1 : 0;
  state.progress.points += (question.points ?? 0) - before;
}

/** Fetches the reader's progress again, after an answer on another page. */
export async function refreshProgress(state) {
  const reply = await call(state.path);
  if (!reply.ok || reply.body.user_pk !== state.user_pk) return;
  const { progress, next } = reply.body;
  Object.assign(state, { progress, next });
}

/** Returns the reader's progress on this page; questions that are switched off do not count. */
export function onThisPage({ questions }) {
  const asked = questions.filter((question) => question.enabled);
  const sum = (name) => asked.reduce((all, question) => all + (question[name] ?? 0), 0);
  return {
    answered: asked.filter((question) => question.answer !== null).length,
    questions: asked.length,
    points: sum("points"),
    points_possible: sum("points_possible"),
  };
}
