import { announce } from "../books/announce.js";
import { suit } from "./colours.js";
import { make, withTexts } from "../books/dom.js";
import { newKey } from "../books/outbox.js";
import { t } from "../books/texts.js";
import {
  add,
  annotation,
  change,
  ours,
  passageOf,
  problem,
  reader,
  tagsOf,
  textOf,
} from "./page_notes.js";
import { here, target } from "./passages.js";

// The form for a new note, a change of a note, or a reply. It is a native dialog, which keeps the
// focus inside and restores it, and which Escape closes.

const PROBLEMS = ["error", "unclear", "typo", "broken"];

/**
 * Opens the form. `made` is { target } for a selection, { index, start, words } or { fragment } for
 * a block, { note } for a note to change, or { parent } for one to reply to. Resolves when the form
 * has been closed.
 */
export function write(made) {
  const form = build(made);
  const dialog = make(
    "dialog",
    { className: "bookbinder-dialog", "aria-label": title(made) },
    form.element,
  );
  dialog.dataset.annotSkip = "";
  const close = () => dialog.close();
  form.element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await send(form, made)) close();
  });
  form.cancel.addEventListener("click", close);
  document.body.append(dialog);
  suit(dialog);
  dialog.showModal();
  (form.passage ?? form.text).focus();
  form.passage?.setSelectionRange(0, 0);
  return new Promise((done) => dialog.addEventListener("close", () => (dialog.remove(), done())));
}

function title({ note, parent }) {
  if (note) return t("edit_note");
  return t(parent ? "reply" : "new_note");
}

function build(made) {
  const { note, parent } = made;
  const form = { uuid: newKey(), etag: note && ours(note).etag };
  form.text = make("textarea", { rows: 5, value: note ? textOf(note) : "" });
  form.problem = make("p", { className: "bookbinder-problem", role: "alert" });
  form.cancel = make("button", { type: "button", className: "bookbinder-quiet" }, t("cancel"));
  const isRoot = !parent && !(note && ours(note).root);
  form.element = withTexts(
    "form",
    "bookbinder-form",
    make("h2", {}, title(made)),
    ...passage(form, made),
    field("your_note", form.text),
    hint(),
  );
  if (isRoot) form.element.append(...audience(form, note));
  form.tags = make("input", { value: note ? tagsOf(note).join(", ") : "", autocomplete: "off" });
  form.element.append(field("tags", form.tags), form.problem);
  form.element.append(
    make(
      "p",
      { className: "bookbinder-buttons" },
      make("button", { type: "submit" }, t("save")),
      form.cancel,
    ),
  );
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
  form.passage.addEventListener("beforeinput", (event) => event.preventDefault());
  const explained = make(
    "p",
    { className: "bookbinder-hint", id: "bookbinder-passage-hint" },
    t("passage_hint"),
  );
  return [field("passage", form.passage, explained)];
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
  form.anonymous = make("input", {
    type: "checkbox",
    checked: Boolean(note && ours(note).anonymous),
  });
  const kind = field("problem_kind", form.kind);
  const hides = make(
    "div",
    { className: "bookbinder-check" },
    make("label", {}, form.anonymous, t("anonymous")),
    make("p", { className: "bookbinder-hint" }, t("anonymous_hint")),
  );
  const update = () => {
    kind.hidden = form.audience.value !== "authors";
    hides.hidden = form.audience.value !== "course" || !rights.anonymous;
  };
  form.audience.addEventListener("change", update);
  update();
  return [field("who_reads", form.audience), kind, hides];
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
  if (parent) return { motivation: "replying", text, tags, target: parent.id };
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
