import { announce } from "../books/announce.js";
import { giveRoomBack, isWide, makeRoom } from "./beside.js";
import { suit } from "./colours.js";
import { draftOf, keepDraft } from "../books/device.js";
import { make, withTexts } from "../books/dom.js";
import { newKey } from "../books/outbox.js";
import { t } from "../books/texts.js";
import {
  add,
  annotation,
  change,
  find,
  ours,
  passageOf,
  problem,
  reader,
  tagsOf,
  textOf,
} from "./page_notes.js";
import { drawSubject } from "./highlight.js";
import { here, rangeOfTarget, target } from "./passages.js";

// The form for a new note, a change of a note, or a reply. It is a native dialog, which restores
// the focus, and which Escape closes. In wide windows it stands beside the text, which can be read
// and scrolled meanwhile. What is written is kept on the device until it is saved or given up.

const PROBLEMS = ["error", "unclear", "typo", "broken"];

/**
 * Opens the form. `made` is { target } for a selection, { index, start, words } or { fragment } for
 * a block, { note } for a note to change, or { parent } for one to reply to. Resolves when the form
 * has been closed.
 */
export function write(made) {
  current?.close(); // which keeps its draft; that of a new note is then in this form
  const form = build(made);
  const dialog = make(
    "dialog",
    { className: "bookbinder-dialog", "aria-label": title(made) },
    form.element,
  );
  dialog.dataset.annotSkip = "";
  const end = () => (keepDraft(reader(), subjectOf(made), null), dialog.close());
  form.element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await send(form, made)) end();
  });
  form.element.addEventListener("input", () => keepWritten(form, made));
  form.cancel.addEventListener("click", () => {
    if (!isWritten(form) || confirm(t("discard_sure"))) end();
  });
  document.body.append(dialog);
  suit(dialog);
  return open(dialog, form, made);
}

// The dialog that is open, or null.
let current = null;

export const isWriting = () => current !== null;

/** Shows the form. Resolves when it has been closed. */
function open(dialog, form, made) {
  const range = made.target ? rangeOfTarget(made.target) : null;
  const anchor = range ?? document.activeElement;
  current = dialog;
  if (isWide()) {
    dialog.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
    dialog.show();
    makeRoom(dialog, anchor);
  } else dialog.showModal();
  drawSubject(range);
  form.passage?.setSelectionRange(0, 0);
  form.text.focus();
  return new Promise((done) =>
    dialog.addEventListener("close", () => {
      if (current === dialog) {
        current = null;
        drawSubject(null);
      }
      giveRoomBack(dialog, anchor.isConnected === false ? null : anchor);
      dialog.remove();
      done();
    }),
  );
}

/** Returns what a draft is kept for. Labels of questions have no spaces, so none is like this. */
function subjectOf({ note, parent }) {
  if (note) return `note ${ours(note).uuid}`;
  return parent ? `reply ${ours(parent).uuid}` : "note new";
}

function isWritten({ text, tags }) {
  return [text, tags].some((input) => input.value.trim() !== input.defaultValue.trim());
}

function keepWritten(form, made) {
  const { uuid, etag, text, tags, audience: readers } = form;
  const written = { uuid, etag, text: text.value, tags: tags.value, audience: readers?.value };
  keepDraft(reader(), subjectOf(made), isWritten(form) ? written : null);
}

/** Fills in what was written and neither saved nor given up. */
function restore(form, made) {
  const written = draftOf(reader(), subjectOf(made))?.answer;
  if (!written) return;
  // With the identifier that it may have been sent with, it is not saved twice.
  Object.assign(form, { uuid: written.uuid, etag: written.etag });
  form.text.value = written.text;
  form.tags.value = written.tags;
  const readers = [...(form.audience?.options ?? [])].map(({ value }) => value);
  if (readers.includes(written.audience)) {
    form.audience.value = written.audience;
    form.audience.dispatchEvent(new Event("change"));
  }
  form.problem.before(make("p", { className: "bookbinder-hint" }, t("draft")));
}

function title({ note, parent }) {
  if (note) return t("edit_note");
  return t(parent ? "reply" : "new_note");
}

function build(made) {
  const { note, parent } = made;
  const form = { uuid: newKey(), etag: note && ours(note).etag };
  form.text = make("textarea", { rows: 5, defaultValue: note ? textOf(note) : "" });
  form.problem = make("p", { className: "bookbinder-problem", role: "alert" });
  form.cancel = make("button", { type: "button", className: "bookbinder-quiet" }, t("cancel"));
  const isRoot = !parent && !(note && ours(note).root);
  form.element = withTexts(
    "form",
    "bookbinder-form",
    make("h2", {}, title(made)),
    ...(parent ? answered(parent) : passage(form, made)),
    field("your_note", form.text),
    hint(),
  );
  if (isRoot) form.element.append(...audience(form, note));
  else if (parent && mayHideName(parent)) form.element.append(anonymous(form));
  const tags = note ? tagsOf(note).join(", ") : "";
  form.tags = make("input", { defaultValue: tags, autocomplete: "off" });
  form.element.append(field("tags", form.tags), form.problem);
  form.element.append(
    make(
      "p",
      { className: "bookbinder-buttons" },
      make("button", { type: "submit" }, t("save")),
      form.cancel,
    ),
  );
  restore(form, made);
  return form;
}

function field(key, input, ...more) {
  input.id ||= `bookbinder-${key}`;
  return make(
    "div",
    { className: "bookbinder-field" },
    make("label", { htmlFor: input.id }, t(key)),
    input,
    ...more,
  );
}

function hint() {
  return make("p", { className: "bookbinder-hint" }, t("markdown_hint"));
}

/** Returns the passage of the note. In that of a block, the reader can select a part of it. */
function passage(form, { target: given, words, note }) {
  if (words === undefined) {
    const exact = given?.selector?.[0].exact ?? (note && passageOf(note).exact);
    return exact ? [make("blockquote", {}, readable(exact))] : [];
  }
  // Not `readonly`, since Chromium would not show a caret then.
  form.passage = make("textarea", {
    rows: 4,
    value: words,
    "aria-readonly": "true",
    "aria-describedby": "bookbinder-passage-hint",
  });
  form.passage.addEventListener("beforeinput", (event) => {
    event.preventDefault();
    // What is typed here belongs into the note.
    form.text.focus();
    if (!event.data) return;
    form.text.setRangeText(event.data, form.text.selectionStart, form.text.selectionEnd, "end");
    form.text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const explained = make(
    "p",
    { className: "bookbinder-hint", id: "bookbinder-passage-hint" },
    t("passage_hint"),
  );
  return [field("passage", form.passage, explained)];
}

/** Returns the text of the note that is replied to, which the form may cover. */
function answered(parent) {
  const text = textOf(parent);
  const shown = text.length > 200 ? `${text.slice(0, 199)}…` : text;
  return text ? [make("blockquote", {}, shown)] : [];
}

/** Whether a reply may hide its writer's name from classmates. */
function mayHideName(parent) {
  const root = find(ours(parent).root) ?? parent;
  return ours(root).audience === "course" && reader().note_rights.anonymous;
}

/** Returns a passage with a placeholder for each formula. */
export const readable = (words) => words.replaceAll("\ufffc", "[…]");

function audience(form, note) {
  const { note_rights: rights } = reader();
  const now = note ? ours(note).audience : "private";
  const names = [...new Set([...rights.audiences, now])];
  form.audience = make(
    "select",
    {},
    ...names.map((name) => new Option(t(`to_${name}`), name, false, name === now)),
  );
  form.kind = make("select", {}, ...PROBLEMS.map((name) => new Option(t(`problem_${name}`), name)));
  if (note && ours(note).problem) form.kind.value = ours(note).problem;
  const kind = field("problem_kind", form.kind);
  const hides = anonymous(form, note);
  const update = () => {
    kind.hidden = form.audience.value !== "authors";
    hides.hidden = form.audience.value !== "course" || !rights.anonymous;
  };
  form.audience.addEventListener("change", update);
  update();
  return [field("who_reads", form.audience), kind, hides];
}

function anonymous(form, note) {
  const checked = Boolean(note && ours(note).anonymous);
  form.anonymous = make("input", { type: "checkbox", checked });
  return make(
    "div",
    { className: "bookbinder-check" },
    make("label", {}, form.anonymous, t("anonymous")),
    make("p", { className: "bookbinder-hint" }, t("anonymous_hint")),
  );
}

/** Sends the note. Resolves to whether the server has accepted it. */
async function send(form, made) {
  const { note } = made;
  const data = annotation({ ...contents(form, made), uuid: note ? undefined : form.uuid });
  if (note && widens(note, data.bookbinder.audience) && !confirm(t("widen"))) return false;
  const button = form.element.querySelector("[type=submit]");
  button.setAttribute("aria-disabled", "true");
  const reply = await (note ? change(note, data, form.etag) : add(data));
  button.removeAttribute("aria-disabled");
  if (reply.ok) announce(t("note_saved"));
  else if (reply.status === 412) offer(form, reply.body.annotation);
  else form.problem.textContent = problem(reply);
  return reply.ok;
}

function widens(note, audience) {
  const { widths } = reader().note_rights;
  return audience !== undefined && widths[audience] > widths[ours(note).audience];
}

function contents(form, made) {
  const { note, parent } = made;
  const text = form.text.value.trim();
  const tags = form.tags.value
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  if (parent) {
    const hides = Boolean(form.anonymous?.checked);
    return { motivation: "replying", text, tags, target: parent.id, anonymous: hides };
  }
  if (!form.audience) return { motivation: "replying", text, tags, target: note.target };
  const audience = form.audience.value;
  const isShared = audience === "course" || audience === "instructors";
  return {
    text,
    tags,
    audience,
    motivation: motivation(audience, text, note),
    target: note ? note.target : chosen(form, made),
    course: isShared ? (note && ours(note).course) || reader().course.pk : null,
    anonymous:
      audience === "course" && !form.anonymous.closest("[hidden]") && form.anonymous.checked,
    problem: audience === "authors" ? form.kind.value : "",
  };
}

function motivation(audience, text, note) {
  if (audience === "authors") return "editing";
  if (audience === "instructors") return "questioning";
  return text || !note ? "commenting" : note.motivation;
}

/** Returns the target of the note: a selection, a block or a part of it, or a whole element. */
function chosen({ passage: area }, { target: given, index, start, words, fragment }) {
  if (given) return given;
  if (fragment)
    return { source: here(), selector: [{ type: "FragmentSelector", value: fragment }] };
  let [from, to] = [area.selectionStart, area.selectionEnd];
  while (from < to && words[from] === " ") from += 1;
  while (from < to && words[to - 1] === " ") to -= 1;
  if (from === to) [from, to] = [0, words.length];
  // Code points, and not the UTF-16 units that JavaScript counts.
  // oxlint-disable-next-line unicorn/no-useless-spread
  const points = (units) => [...words.slice(0, units)].length;
  return target(index, start + points(from), start + points(to));
}

/** Shows both texts of a note that was changed elsewhere as well, so that neither is lost. */
function offer(form, now) {
  form.etag = ours(now).etag;
  const theirs = make("blockquote", {}, textOf(now));
  const take = make(
    "button",
    {
      type: "button",
      className: "bookbinder-quiet",
      onclick: () => (form.text.value = textOf(now)),
    },
    t("take_theirs"),
  );
  form.problem.replaceChildren(t("changed_elsewhere"), theirs, take);
}
