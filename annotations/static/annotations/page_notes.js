import { call } from "../books/api.js";
import { t } from "../books/texts.js";

// The page's notes, as the server returned them, and the requests that change them. Each change
// dispatches the event "bookbinder:notes" on the document.

const PARTS = 5; // that are loaded without being asked for, the state's own among them
let state = null;
let next = null; // the address of the notes that have not been loaded
let loading = null;
const notes = new Map();

/** Takes over a page's state and its notes. */
export function start(given) {
  state = given;
  next = given.notes_next ?? null;
  for (const note of given.notes) notes.set(note.bookbinder.uuid, note);
}

/** Loads what follows the notes of the state, as far as a page shows it without being asked. */
export async function loadMore() {
  for (let part = 1; next && part < PARTS; part += 1) {
    // Each part begins where the one before it ends.
    if (!(await loadNext()).ok) return;
  }
}

/** Loads the next part of the notes. Like the functions below, it resolves to the reply. */
export function loadNext() {
  // Who asks again meanwhile waits for the same part.
  loading ??= loadPart().finally(() => (loading = null));
  return loading;
}

async function loadPart() {
  const reply = await call(next);
  if (reply.ok) {
    // What has been changed here meanwhile is newer.
    for (const note of reply.body.items)
      if (!notes.has(ours(note).uuid)) notes.set(ours(note).uuid, note);
    next = reply.body.next ?? null;
    notify();
  }
  return reply;
}

/** Whether there are notes that have not been loaded. */
export const hasMore = () => next !== null;

/** Loads a note of this page with the note that it replies to, if the reader may see them. */
export async function load(uuid) {
  const reply = await call(`/api/annotations/${uuid}`);
  if (!reply.ok) return;
  const { root } = ours(reply.body);
  if (root && !notes.has(root)) await load(root);
  if (root ? notes.has(root) : isOfThisPage(reply.body)) take(reply.body);
}

function isOfThisPage(note) {
  return new URL(note.target.source, location.href).pathname === location.pathname;
}

/** Returns the page's state. */
export function reader() {
  return state;
}

/** Returns what Book Binder adds to an annotation. */
export const ours = (note) => note.bookbinder;
export const find = (uuid) => notes.get(uuid);

/** Returns a note's place: { exact, start, end } or { fragment }; empty for a page or reply. */
export function passageOf(note) {
  const selectors = note.target?.selector ?? [];
  const has = (type) => selectors.find((selector) => selector.type === type);
  const fragment = has("FragmentSelector")?.value;
  return fragment
    ? { fragment }
    : { exact: has("TextQuoteSelector")?.exact, ...has("TextPositionSelector") };
}

/** Returns the notes that are not replies, in the order of their passages. */
export function roots() {
  const all = oldestFirst((note) => !ours(note).root);
  const placed = all.map((note) => [passageOf(note).start ?? -1, note]);
  return placed.sort(([first], [second]) => first - second).map(([, note]) => note);
}

export function repliesTo(root) {
  return oldestFirst((note) => ours(note).root === ours(root).uuid);
}

/** Returns some of the notes. One that was loaded by its name may have come before older ones. */
function oldestFirst(isWanted) {
  const wanted = [...notes.values()].filter(isWanted);
  // Times in UTC and to the microsecond, which Date would round: as texts they are in order.
  return wanted.sort((first, second) => (first.created < second.created ? -1 : 1));
}

export function textOf(note) {
  return bodies(note).find((body) => body.purpose !== "tagging")?.value ?? "";
}

export function tagsOf(note) {
  return bodies(note)
    .filter((body) => body.purpose === "tagging")
    .map((body) => body.value);
}

function bodies(note) {
  return note.body ? [note.body].flat() : [];
}

/** Returns the contents of a form as a W3C annotation (https://www.w3.org/TR/annotation-model/). */
export function annotation({ motivation, text = "", tags = [], target, ...bookbinder }) {
  const words = text ? [{ type: "TextualBody", format: "text/markdown", value: text }] : [];
  const labels = tags.map((value) => ({ type: "TextualBody", purpose: "tagging", value }));
  return {
    "@context": "http://www.w3.org/ns/anno.jsonld",
    type: "Annotation",
    motivation,
    body: [...words, ...labels],
    target,
    bookbinder,
  };
}

/** Creates a note. Like the functions below, it resolves to the reply of the server. */
export async function add(data) {
  return taken(await call(`/api/pages/${state.page}/annotations`, { method: "POST", data }));
}

export async function change(note, data, etag) {
  const headers = { "If-Match": etag };
  return taken(await call(`/api/annotations/${ours(note).uuid}`, { method: "PUT", data, headers }));
}

/** Performs an action on a note, such as "pin" or "resolve". */
export async function act(note, name) {
  return taken(await call(`/api/annotations/${ours(note).uuid}/${name}`, { method: "POST" }));
}

/** Deletes a note. One with replies leaves a placeholder, so the server is asked what is left. */
export async function remove(note) {
  const path = `/api/annotations/${ours(note).uuid}`;
  const reply = await call(path, { method: "DELETE", headers: { "If-Match": ours(note).etag } });
  if (reply.ok) {
    const left = await call(path);
    if (left.ok) notes.set(ours(note).uuid, left.body);
    else if (left.status === 404) notes.delete(ours(note).uuid);
    notify();
  } else if (reply.status === 412) take(reply.body.annotation);
  return reply;
}

function taken(reply) {
  if (reply.ok) take(reply.body);
  return reply;
}

function take(note) {
  notes.set(ours(note).uuid, note);
  const { audience, course } = ours(note);
  // A reply is never visible to more people than its root.
  for (const reply of repliesTo(note)) Object.assign(ours(reply), { audience, course });
  notify();
}

function notify() {
  document.dispatchEvent(new CustomEvent("bookbinder:notes"));
}

/** Returns what to tell the reader about a failed call. */
export function problem({ status, body }) {
  if (status === 0) return t("note_no_connection");
  if (status === 401) return t("note_session_ended");
  return typeof body?.detail === "string" ? body.detail : t("try_again");
}
