import { announce } from "../books/announce.js";
import { make, withTexts } from "../books/dom.js";
import { moment, t } from "../books/texts.js";
import { typeset } from "../books/typesetting.js";
import { giveRoomBack, makeRoom } from "./beside.js";
import { suit } from "./colours.js";
import { readable, write } from "./note_form.js";
import {
  act,
  find,
  hasMore,
  load,
  loadNext,
  ours,
  passageOf,
  problem,
  remove,
  repliesTo,
  roots,
  tagsOf,
} from "./page_notes.js";
import { goTo, here } from "./passages.js";

// The list of the page's notes, beside the text. It does not trap the focus, since readers use it
// together with the text.

let panel = null;
let only = null; // ids of the notes to show, null for all
let opener = null; // gets the focus back

export function makePanel() {
  panel = withTexts("aside", "bookbinder-panel");
  panel.id = "bookbinder-notes";
  panel.dataset.annotSkip = "";
  panel.setAttribute("aria-label", t("notes"));
  panel.hidden = true;
  panel.addEventListener("keydown", (event) => event.key === "Escape" && closePanel());
  document.body.append(panel);
  document.addEventListener("bookbinder:notes", () => panel.hidden || render());
}

export function isOpen() {
  return !panel.hidden;
}

/** Opens the panel with some notes or with all. On closing, `from` gets the focus. */
export function openPanel({ notes = null, from = null } = {}) {
  only = notes && new Set(notes.map((note) => ours(note).uuid));
  opener = from ?? document.activeElement;
  suit(panel);
  panel.hidden = false;
  makeRoom(panel, from);
  render();
  panel.querySelector("h2").focus();
}

export function closePanel() {
  panel.hidden = true;
  giveRoomBack(panel, opener?.isConnected ? opener : null);
  if (opener?.isConnected) opener.focus();
}

function render() {
  const focused = panel.contains(document.activeElement) && document.activeElement.dataset.key;
  const shown = roots().filter((note) => !only || only.has(ours(note).uuid));
  const lost = shown.filter((note) => ours(note).state === "orphan");
  const placed = shown.filter((note) => ours(note).state !== "orphan");
  const pinned = placed.filter((note) => ours(note).pinned);
  const rest = placed.filter((note) => !ours(note).pinned);
  panel.replaceChildren(...head(shown), ...[...pinned, ...rest].map(thread));
  if (lost.length) panel.append(make("h3", {}, t("lost")), ...lost.map(thread));
  if (!shown.length) panel.append(make("p", {}, t("no_notes")));
  if (hasMore() && !only) panel.append(further());
  typeset(panel);
  if (focused)
    (panel.querySelector(`[data-key="${focused}"]`) ?? panel.querySelector("h2")).focus();
}

/** Returns a button that loads the next part of the notes. */
function further() {
  const load = button("further_notes", null, async () => {
    load.disabled = true;
    const reply = await loadNext();
    announce(reply.ok ? t("done") : problem(reply));
    load.disabled = false;
  });
  return make("p", { className: "bookbinder-buttons" }, load);
}

function head(shown) {
  const title = make(
    "h2",
    { tabIndex: -1 },
    only ? t("notes_here", { n: shown.length }) : t("notes"),
  );
  title.dataset.key = "title";
  const close = make(
    "button",
    {
      type: "button",
      className: "bookbinder-quiet",
      onclick: closePanel,
      "aria-label": t("close"),
    },
    "✕",
  );
  const whole = button("note_on_page", null, () => write({ target: { source: here() } }));
  const all = only
    ? make(
        "button",
        { type: "button", className: "bookbinder-quiet", onclick: () => ((only = null), render()) },
        t("all_on_page"),
      )
    : make("a", { href: "/notes/" }, t("all_my_notes"));
  const bar = make("div", { className: "bookbinder-panel-head" }, title, close);
  return [bar, make("p", { className: "bookbinder-buttons" }, all, ...(only ? [] : [whole]))];
}

function thread(root) {
  const replies = repliesTo(root).map((reply) => make("li", {}, body(reply), actions(reply)));
  const parts = [quote(root), body(root), actions(root)];
  if (replies.length) parts.push(make("ul", {}, ...replies));
  const article = make(
    "article",
    {
      id: `note-${ours(root).uuid}`,
      tabIndex: -1,
      "aria-label": t("note_by", { name: author(root) }),
    },
    ...parts.filter(Boolean),
  );
  article.dataset.key = ours(root).uuid;
  return article;
}

/** Returns the passage of a note, with its changes and what became of it; null if it has none. */
function quote(note) {
  const { changes, state, as_it_was: before } = ours(note);
  const { exact } = passageOf(note);
  const parts = [];
  if (changes) {
    const tags = { "=": "span", "-": "del", "+": "ins" };
    parts.push(
      make("p", { className: "bookbinder-hint" }, t("passage_changed")),
      make(
        "blockquote",
        {},
        ...changes.map(([kind, words]) => make(tags[kind], {}, readable(words))),
      ),
    );
  } else if (exact)
    parts.push(
      make("blockquote", {}, readable(exact.length > 200 ? `${exact.slice(0, 199)}…` : exact)),
    );
  if (state === "orphan") parts.push(...lostPlace(note));
  if (before) parts.push(make("a", { href: before }, t("as_it_was")));
  return parts.length ? make("div", {}, ...parts) : null;
}

function lostPlace(note) {
  const { suggestion } = ours(note);
  if (!suggestion) return [make("p", { className: "bookbinder-hint" }, t("lost_hint"))];
  return [
    make("p", { className: "bookbinder-hint" }, t("suggested")),
    make("blockquote", {}, readable(suggestion)),
    button("accept", note, () => perform(note, "accept")),
  ];
}

function author(note) {
  if (ours(note).deleted) return t("deleted_note");
  return note.creator.name || t("classmate");
}

function body(note) {
  const {
    html,
    by_instructor: taught,
    deleted,
    hidden,
    resolved,
    flagged,
    anonymous,
    audience,
    problem: kind,
    status,
    mine,
  } = ours(note);
  const name = make("strong", {}, author(note));
  if (deleted) return make("p", {}, name);
  const facts = [
    mine && t(`to_${audience}`),
    taught && t("instructor"),
    anonymous && t("is_anonymous"),
    kind && t(`problem_${kind}`),
    status && t(`status_${status}`),
    resolved && t("resolved"),
    hidden && t("hidden"),
    flagged && t("flagged"),
    ...tagsOf(note),
  ];
  const line = make(
    "p",
    { className: "bookbinder-facts" },
    name,
    " ",
    make("time", { dateTime: note.created }, moment(note.created)),
  );
  line.append(
    ...facts
      .filter(Boolean)
      .flatMap((fact) => [" ", make("span", { className: "bookbinder-badge" }, fact)]),
  );
  // Sanitised by the server.
  return make("div", {}, line, make("div", { className: "bookbinder-text", innerHTML: html }));
}

function actions(note) {
  const { acts, root, deleted, state } = ours(note);
  const does = { edit: () => write({ note }), delete: () => erase(note) };
  const named = acts.filter((name) => name !== "accept");
  const buttons = named.map((name) =>
    button(name, note, does[name] ?? (() => perform(note, name))),
  );
  if (!root && !deleted) buttons.unshift(button("reply", note, () => write({ parent: note })));
  if (state !== "orphan" && note.target?.selector)
    buttons.unshift(button("go_to_text", note, () => goTo(note)));
  return make("p", { className: "bookbinder-buttons" }, ...buttons);
}

function button(name, note, onclick) {
  const element = make(
    "button",
    { type: "button", className: "bookbinder-quiet", onclick },
    t(name),
  );
  element.dataset.key = note ? `${ours(note).uuid}-${name}` : name;
  return element;
}

async function perform(note, name) {
  const reply = await act(note, name);
  announce(reply.ok ? t("done") : problem(reply));
  if (!reply.ok) tellAt(note, problem(reply));
}

async function erase(note) {
  if (!confirm(t("delete_sure"))) return;
  const reply = await remove(note);
  announce(reply.ok ? t("note_deleted") : problem(reply));
  if (!reply.ok) tellAt(note, problem(reply));
}

function tellAt(note, text) {
  const place = document.getElementById(`note-${ours(note).root ?? ours(note).uuid}`);
  place?.prepend(make("p", { className: "bookbinder-problem" }, text));
}

/** Opens the panel at the note that is named in the address: #note-<uuid>. */
export async function openNamed() {
  const uuid = location.hash.match(/^#note-([\da-f-]{36})$/)?.[1];
  if (uuid && !find(uuid) && hasMore()) await load(uuid);
  const note = find(uuid);
  if (!note) return;
  const root = ours(note).root ? find(ours(note).root) : note;
  goTo(root);
  openPanel();
  const place = document.getElementById(`note-${ours(root).uuid}`);
  place?.scrollIntoView({ block: "nearest" });
  place?.focus({ preventScroll: true });
}
