import { call } from "../books/api.js";
import { t } from "../books/texts.js";

// The page's notes as the server gave them, and what is done with them. Each change is told by the
// event "bookbinder:notes" on the document.

let state = null;
const notes = new Map();

export function start(given) {
  state = given;
  for (const note of given.notes) notes.set(note.bookbinder.uuid, note);
}

export function reader() {
  return state;
}

export const ours = (note) => note.bookbinder;
export const find = (uuid) => notes.get(uuid);

/** Where a note is: { exact, start, end }, { fragment }, or nothing for a whole page or a reply. */
export function placeOf(note) {
  const selectors = note.target?.selector ?? [];
  const has = (type) => selectors.find((one) => one.type === type);
  const fragment = has("FragmentSelector")?.value;
  return fragment
    ? { fragment }
    : { exact: has("TextQuoteSelector")?.exact, ...has("TextPositionSelector") };
}

export function roots() {
  const all = [...notes.values()].filter((note) => !ours(note).root);
  const placed = all.map((note) => [placeOf(note).start ?? -1, note]);
  return placed.sort(([one], [other]) => one - other).map(([, note]) => note);
}

export function repliesTo(root) {
  return [...notes.values()].filter((note) => ours(note).root === ours(root).uuid);
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

/** A W3C annotation of what a form says. */
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

export async function add(data) {
  return taken(await call(`/api/pages/${state.page}/annotations`, { method: "POST", data }));
}

export async function change(note, data, etag) {
  const headers = { "If-Match": etag };
  return taken(await call(`/api/annotations/${ours(note).uuid}`, { method: "PUT", data, headers }));
}

export async function act(note, name) {
  return taken(await call(`/api/annotations/${ours(note).uuid}/${name}`, { method: "POST" }));
}

/** Deletes a note; one with replies leaves its place, so the server is asked what is left. */
export async function remove(note) {
  const path = `/api/annotations/${ours(note).uuid}`;
  const reply = await call(path, { method: "DELETE", headers: { "If-Match": ours(note).etag } });
  if (reply.ok) {
    const left = await call(path);
    if (left.ok) notes.set(ours(note).uuid, left.body);
    else if (left.status === 404) notes.delete(ours(note).uuid);
    tell();
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
  // A reply is never wider than its root.
  for (const reply of repliesTo(note)) Object.assign(ours(reply), { audience, course });
  tell();
}

function tell() {
  document.dispatchEvent(new CustomEvent("bookbinder:notes"));
}

/** What to say of a call that failed. */
export function problem({ status, body }) {
  if (status === 0) return t("note_no_connection");
  if (status === 401) return t("note_session_ended");
  return typeof body?.detail === "string" ? body.detail : t("try_again");
}
