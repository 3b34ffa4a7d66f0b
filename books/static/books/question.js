import { call } from "./api.js";

/** Lets each question of the page answer in place, and shows what was answered before. */
export function connectQuestions(state) {
  if (!state) return;
  const questions = new Map(state.questions.map((question) => [question.label, question]));
  for (const form of document.querySelectorAll("form.bookbinder-question")) {
    const question = questions.get(form.dataset.label);
    if (question) connect(form, question, state);
  }
}

function connect(form, question, state) {
  const button = form.querySelector(".bookbinder-actions button");
  if (!question.enabled) {
    button.disabled = true;
    note(form, "This question is switched off in your course.");
    return;
  }
  if (!state.course) {
    // Sends the form to the page that asks to sign in or to join.
    note(form, state.user ? "Join a course of this book to answer." : "Sign in to answer.");
    return;
  }
  if (question.answer !== null) {
    fillIn(form, question.answer);
    showResult(form, question);
  }
  // The same key until the answer has arrived: a repeated click or try counts once.
  let pending = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = read(form);
    if (answer === null) return note(form, "Give an answer first.");
    const content = JSON.stringify(answer);
    if (pending?.content !== content) pending = { content, key: crypto.randomUUID() };
    button.disabled = true;
    const data = { answer, client_key: pending.key, course: state.course.pk };
    const reply = await call(`/api/questions/${question.pk}/answers`, { method: "POST", data });
    button.disabled = false;
    if (!reply.ok) return note(form, problem(reply));
    pending = null;
    Object.assign(question, reply.body, { answer });
    showResult(form, question);
    document.dispatchEvent(new CustomEvent("bookbinder:answered"));
  });
}

function problem(reply) {
  if (reply.status === 0) return "No connection. Your answer was not sent: try again.";
  if (reply.status === 401) return "Your session has ended. Sign in again, then send your answer.";
  return reply.body?.detail && typeof reply.body.detail === "string"
    ? reply.body.detail
    : "Your answer was not taken. Reload the page and try again.";
}

function read(form) {
  if (form.dataset.grader === "choice") {
    const taken = [...form.querySelectorAll("input[name=answer]:checked")].map((box) => box.value);
    if (!taken.length) return null;
    return "multiple" in form.dataset ? taken.sort() : taken[0];
  }
  const text = form.elements.answer.value;
  return text.trim() ? text : null;
}

function fillIn(form, answer) {
  if (form.dataset.grader !== "choice") {
    form.elements.answer.value = answer;
    return;
  }
  const taken = "multiple" in form.dataset ? JSON.parse(answer) : [answer];
  for (const box of form.querySelectorAll("input[name=answer]")) box.checked = taken.includes(box.value);
}

function showResult(form, question) {
  const points = document.createElement("p");
  points.className = "bookbinder-points";
  points.dataset.earned = earned(question);
  points.textContent =
    question.points === null
      ? "Received. It will be graded by a person."
      : `${question.points} of ${question.points_possible} points`;
  const parts = [points];
  if (question.feedback) {
    const feedback = document.createElement("div");
    feedback.className = "bookbinder-feedback";
    // Rendered by the author's build, or sanitised by the server.
    feedback.innerHTML = question.feedback;
    parts.push(feedback);
  }
  form.querySelector(".bookbinder-result").replaceChildren(...parts);
  window.MathJax?.typesetPromise?.(parts);
}

function earned({ points, points_possible: possible }) {
  if (points === null) return "later";
  if (points >= possible) return "all";
  return points > 0 ? "some" : "none";
}

function note(form, text) {
  const line = document.createElement("p");
  line.className = "bookbinder-note";
  line.textContent = text;
  form.querySelector(".bookbinder-result").replaceChildren(line);
}
