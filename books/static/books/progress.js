import { call } from "./api.js";

/** Updates a question and the reader's progress after the server's reply to an answer. */
export function takeReply(state, question, answer, reply) {
  const isNew = reply.attempt > (question.attempts ?? 0);
  const gained = (reply.score ?? 0) - (question.points ?? 0);
  const isFirst = question.answer === null;
  if (isNew) question.attempts = reply.attempt;
  if (isNew && question.attempts_left) question.attempts_left -= 1;
  if (reply.counts) {
    const string = typeof answer === "string" ? answer : JSON.stringify(answer);
    Object.assign(question, { answer: string, feedback: reply.feedback });
  }
  const { score, reasons, points_possible } = reply;
  Object.assign(question, { points: score, reasons, points_possible });
  for (const figures of [state.progress, state.on_page])
    if (figures && question.counts) {
      figures.answered += isFirst ? 1 : 0;
      figures.points += gained;
    }
}

/** Fetches the reader's progress again, after an answer on another page. */
export async function refreshProgress(state) {
  const reply = await call(state.path);
  if (!reply.ok || reply.body.user_pk !== state.user_pk) return;
  const { progress, next } = reply.body;
  Object.assign(state, { progress, next });
}
