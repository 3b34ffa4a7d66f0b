import { call } from "./api.js";

/**
 * Lets each question of the page answer in place, and shows what was answered before.
 * A click before the state has arrived waits for it.
 */
export async function connectQuestions(arriving) {
  const forms = [...document.querySelectorAll("form.bookbinder-question")];
  for (const form of forms) connect(form, arriving);
  const state = await arriving;
  if (!state) return;
  for (const form of forms) {
    const question = questionOf(form, state);
    if (question) show(form, question, state);
  }
}

function questionOf(form, state) {
  return state.questions.find((question) => question.label === form.dataset.label);
}

function connect(form, arriving) {
  // The same key until the answer has arrived: a repeated click or try counts once.
  let pending = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const state = await arriving;
    const question = state && questionOf(form, state);
    // To the page without JavaScript, which asks to sign in or says what is the matter.
    if (!question || !state.course) return form.submit();
    const answer = read(form);
    if (answer === null) return note(form, "Give an answer first.");
    const content = JSON.stringify(answer);
    if (pending?.content !== content) pending = { content, key: newKey() };
    const data = { answer, client_key: pending.key, course: state.course.pk };
    if (await send(form, question, data, state.api)) pending = null;
  });
}

/** A random UUID (version 4). `crypto.randomUUID` is missing where a site has no https. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Resolves to whether the answer has arrived. */
async function send(form, question, data, api) {
  const button = form.querySelector(".bookbinder-actions button");
  button.disabled = true;
  const reply = await call(`${api}/questions/${question.pk}/answers`, { method: "POST", data });
  button.disabled = false;
  if (!reply.ok) {
    note(form, problem(reply));
    return false;
  }
  Object.assign(question, reply.body, { answer: data.answer });
  showResult(form, question);
  document.dispatchEvent(new CustomEvent("bookbinder:answered"));
  return true;
}

function show(form, question, state) {
  if (!question.enabled) {
    form.querySelector(".bookbinder-actions button").disabled = true;
    note(form, "This question is switched off in your course.");
  } else if (!state.course) {
    note(form, state.user ? "Join a course of this book to answer." : "Sign in to answer.");
  } else if (question.answer !== null) {
    fillIn(form, question.answer);
    showResult(form, question);
  }
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
      : `${question.points} of ${pointsText(question.points_possible)}`;
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

export function pointsText(points) {
  return points === 1 ? "1 point" : `${points} points`;
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
