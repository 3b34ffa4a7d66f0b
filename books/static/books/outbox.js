import { call, csrfToken, passes } from "./api.js";
import { objection } from "./state.js";
import { allKept, forget, keep, kept } from "./device.js";

// Answers to be sent. They are kept on this device, by person, until the server has replied.

const LONGEST = 60; // seconds between two attempts, at most
const channel = window.BroadcastChannel && new BroadcastChannel("bookbinder");
// What other tabs report while this page still loads its state, which may be older.
const early = [];
const remember = ({ data }) => early.push(data);
channel?.addEventListener("message", remember);
let state;
let timer;
let seconds = 2;
let mayLeave = false;

const keyOf = (entry) => `waiting:${entry.user_pk}:${entry.client_key}`;

/** Returns this person's answers that wait to be sent, from all pages, oldest first. */
export function waiting() {
  const entries = state?.user_pk ? allKept(`waiting:${state.user_pk}:`) : [];
  return entries.sort((first, second) => first.at - second.at);
}

/** Returns the answer to a question of this page that waits to be sent, if there is one. */
export function waitingFor(label) {
  return waiting().find((entry) => entry.path === location.pathname && entry.label === label);
}

/** Starts to send waiting answers, and warns readers who leave the page before that is done. */
export function openOutbox(loaded) {
  state = loaded;
  if (!state.user_pk) return;
  const now = () => ((seconds = 2), sendAll());
  window.addEventListener("online", now);
  document.addEventListener("visibilitychange", () => document.hidden || now());
  window.addEventListener("beforeunload", (event) => {
    if (!mayLeave && waiting().length) event.preventDefault();
  });
  const take = (data) => {
    if (data.entry.user_pk === state.user_pk) report({ ...data, isRemote: true });
  };
  channel?.removeEventListener("message", remember);
  channel?.addEventListener("message", ({ data }) => take(data));
  early.forEach(take);
  now();
}

/** Turns the warning off, since answers can only be sent after signing in. */
export function goToSignIn() {
  mayLeave = true;
}

/** Keeps an answer and sends it. The reply arrives as the event "bookbinder:reply". */
export async function give(question, answer) {
  const entry = {
    client_key: newKey(),
    user_pk: state.user_pk,
    path: location.pathname,
    at: Date.now(),
    answer,
    api: state.api,
    course: state.course?.pk,
    pk: question.pk,
    label: question.label,
    version: question.version,
  };
  if (!entry.user_pk || state.is_preview) return report({ entry, reply: await post(entry) });
  const before = waitingFor(question.label);
  // The same answer again is the same attempt; a different answer replaces it.
  if (before && JSON.stringify(before.answer) === JSON.stringify(answer))
    entry.client_key = before.client_key;
  else if (before) forget(keyOf(before));
  keep(keyOf(entry), entry);
  await deliver(entry);
}

async function sendAll() {
  clearTimeout(timer);
  for (const entry of waiting()) {
    if ((await deliver(entry)) === false) return;
  }
}

/** Sends an answer that is kept. Resolves to false if it still has to wait. */
function deliver(entry) {
  return alone(entry.client_key, async () => {
    if (!kept(keyOf(entry))) return true; // another tab was faster
    let reply = (await objection(state)) ?? (await post(entry));
    if (reply.status === 403 && csrfToken() !== state.token)
      reply = (await objection(state)) ?? (await post(entry));
    const waits = passes(reply.status) || reply.status === 401;
    if (!waits) forget(keyOf(entry));
    if (passes(reply.status)) tryLater(reply.wait);
    const { ok, status, body } = reply;
    report({ entry, reply: { ok, status, body } });
    channel?.postMessage({ entry, reply: { ok, status, body } });
    return !waits;
  });
}

/** Keeps two tabs from sending the same answer. (Its client key would let it count only once.) */
function alone(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`bookbinder:${name}`, { ifAvailable: true }, (lock) =>
    lock ? work() : true,
  );
}

function post({ api, pk, answer, client_key, course, version }) {
  const data = { answer, client_key, course: course ?? undefined, version };
  const headers = { "X-CSRFToken": state.token };
  return call(`${api}/questions/${pk}/answers`, { method: "POST", data, headers });
}

/** Sends what waits when the server said so, or else after longer and longer times. */
function tryLater(wait) {
  clearTimeout(timer);
  timer = setTimeout(sendAll, 1000 * (wait || seconds));
  if (!wait) seconds = Math.min(2 * seconds, LONGEST);
}

function report(detail) {
  document.dispatchEvent(new CustomEvent("bookbinder:reply", { detail }));
}

/** Returns a random UUID (version 4). `crypto.randomUUID` is missing on sites without HTTPS. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
