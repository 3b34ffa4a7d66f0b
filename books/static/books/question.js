import { announce } from "./announce.js";
import { passes } from "./api.js";
import { make, signInAddress } from "./dom.js";
import { give, goToSignIn, openOutbox, waitingFor } from "./outbox.js";
import { refreshProgress, takeReply } from "./progress.js";
import { note, pointsLine, say, showAttempts, showResult } from "./result.js";
import { draftOf, draftWasSent, keepDraft } from "./device.js";
import { t } from "./texts.js";
import { widgetOf } from "./widgets/index.js";

// Forms with input that has not been sent.
const touched = new WeakSet();
const forms = [...document.querySelectorAll("form.bookbinder-question")];

/** Lets questions be answered on the page. A click before the state has arrived waits for it. */
export async function connectQuestions(arriving) {
  for (const form of forms) {
    form.addEventListener("submit", (event) => submit(event, form, arriving));
    form.addEventListener("input", () => touched.add(form));
  }
  const state = await arriving;
  if (!state) return;
  document.addEventListener("bookbinder:reply", ({ detail }) => hear(detail, state));
  for (const form of forms) {
    const question = questionOf(form, state);
    if (question) connect(form, question, state);
  }
  openOutbox(state);
}

function questionOf(form, state) {
  return state.questions.find((question) => question.label === form.dataset.label);
}

function connect(form, question, state) {
  const notes = [];
  if (!question.enabled) {
    close(form);
    say(form, [note(t("switched_off"))], { isFresh: false });
  } else if (!state.course) {
    notes.push(...invitation(question, state));
  } else {
    recall(form, question, state, notes);
    form.addEventListener("input", () =>
      keepDraft(state, question.label, widgetOf(form).read(form)),
    );
  }
  if (isOver(state)) {
    close(form);
    notes.push(note(t("not_open"), " ", state.course.dates));
  }
  if (question.attempts_left === 0) close(form);
  showAttempts(form, question, state, ...notes);
  if (touched.has(form) && state.course)
    keepDraft(state, question.label, widgetOf(form).read(form));
}

// Whoever runs the course tries its questions before it opens, and after it has closed.
const isOver = ({ course, is_test: isTest }) => course?.is_open === false && !isTest;

function recall(form, question, state, notes) {
  const waits = waitingFor(question.label);
  const draft = draftOf(state, question.label);
  if (question.answer !== null || question.points !== null)
    showResult(form, question, { isFresh: false });
  else say(form, [note(t("worth", { n: question.points_possible }))], { isFresh: false });
  if (waits) say(form, [note(t("waiting"))], { isFresh: false });
  if (touched.has(form)) return;
  const given = waits?.answer ?? draft?.answer ?? question.answer;
  if (given !== null) widgetOf(form).fill(form, given);
  if (draft && !waits) notes.push(note(draft.why ? `${draft.why} ${t("draft")}` : t("draft")));
}

async function submit(event, form, arriving) {
  event.preventDefault();
  if (isClosed(form)) return;
  const slow = setTimeout(() => say(form, [note(t("connecting"))]), 1500);
  close(form);
  const state = await arriving;
  clearTimeout(slow);
  open(form);
  const question = state && questionOf(form, state);
  // Go to the page for browsers without JavaScript, which asks to sign in or says what is wrong.
  if (question && state.user && !state.course && !question.can_try)
    return location.assign(coursesOf(state));
  if (!question || !(state.course || question.can_try)) return form.submit();
  if (!question.enabled) return;
  const answer = widgetOf(form).read(form);
  if (answer === null) return say(form, [note(t("give_answer"))]);
  close(form);
  touched.delete(form);
  await give(question, answer);
}

/** Handles the server's reply to an answer from this tab or another. */
async function hear({ entry, reply, isRemote = false }, state) {
  const isHere = entry.path === location.pathname && entry.course === state.course?.pk;
  const form = isHere && forms.find((candidate) => candidate.dataset.label === entry.label);
  if (form) hearHere(form, { entry, reply, isRemote }, state);
  else if (reply.ok) await hearElsewhere(isRemote, state);
  else if (!waits(reply))
    keepDraft(state, entry.label, entry.answer, { path: entry.path, why: reason(reply) });
  document.dispatchEvent(new CustomEvent("bookbinder:changed"));
}

async function hearElsewhere(isRemote, state) {
  if (!isRemote) announce(t("sent_later"));
  await refreshProgress(state);
}

const waits = ({ status }) => passes(status) || status === 401;

function hearHere(form, { entry, reply, isRemote }, state) {
  const question = questionOf(form, state);
  open(form);
  if (!reply.ok) return say(form, refusal(reply, entry, question, state));
  if (!state.course) return say(form, verdict(reply.body, state));
  takeReply(state, question, entry.answer, reply.body);
  draftWasSent(state, question.label, entry.answer);
  if (isRemote && !touched.has(form)) widgetOf(form).fill(form, entry.answer);
  showResult(form, reply.body, { isFresh: !isRemote });
  showAttempts(form, question, state);
  if (question.attempts_left === 0) close(form);
}

function refusal(reply, entry, question, state) {
  const isKept = entry.user_pk && !state.is_preview;
  if (waits(reply))
    return [note(...(isKept ? whatFor(reply) : [reply.body?.detail ?? t("try_again")]))];
  keepDraft(state, question.label, entry.answer);
  const isOld = reply.status === 404 || reply.body?.code === "changed";
  const reload = make("button", { type: "button", onclick: () => location.reload() }, t("reload"));
  return [note(reason(reply)), ...(isOld ? [reload] : [])];
}

function whatFor({ status, body }) {
  if (status === 0) return [t("waiting")];
  if (status !== 401) return [t(status === 429 ? "waiting_limit" : "waiting_server")];
  if (body?.code === "other") return [t("other_person")];
  return [t("session_ended"), " ", link(signInAddress(), t("sign_in"), { onclick: goToSignIn })];
}

function reason({ body }) {
  return typeof body?.detail === "string" ? body.detail : t("not_taken");
}

function link(href, text, more = {}) {
  return make("a", { href, ...more }, text);
}

const coursesOf = (state) => `${state.book_url}#courses`;

function invitation(question, state) {
  if (question.can_try) return [note(t("try"))];
  const how = state.user
    ? [coursesOf(state), "join_to_answer"]
    : [signInAddress(), "sign_in_to_answer"];
  return [note(link(how[0], t(how[1])))];
}

function verdict({ points, points_possible: possible }, state) {
  return [
    pointsLine(points, possible, { isShort: true }),
    note(link(coursesOf(state), t("join_for_more"))),
  ];
}

// Not `disabled`, which would take the focus away from a button that has just been pressed.
const buttonOf = (form) => form.querySelector(".bookbinder-actions button");
const isClosed = (form) => buttonOf(form).getAttribute("aria-disabled") === "true";
const close = (form) => buttonOf(form).setAttribute("aria-disabled", "true");
const open = (form) => buttonOf(form).removeAttribute("aria-disabled");
