import { make } from "../books/dom.js";
import { t } from "../books/texts.js";
import { draw } from "./highlight.js";
import { bodyOf, buildText, offsetsOf, rangeOf, textBetween } from "./text.js";
import { ours, passageOf, roots } from "./page_notes.js";

// Where the notes are in the document: their ranges, the blocks that contain them, and a button
// beside each such block, since screen readers do not announce highlights.

export const BLOCKS = "p, li, h1, h2, h3, h4, h5, h6, pre, dt, dd, td, th, figcaption, blockquote";
// Elements on which a press or a click has a meaning of its own.
export const CONTROLS = "a, button, input, label, select, summary, textarea";
// Elements that a note is on as a whole.
const WHOLE = "figure[id], form.bookbinder-question";
const ranges = new Map();
const markers = new Map();
const labels = {};
const blank = make("button", {
  type: "button",
  className: "bookbinder-marker",
  "data-annot-skip": "",
});

/** Returns the text that a Range covers, as the target of a W3C annotation; null if it has none. */
export function targetOf(range, index = buildText()) {
  const place = offsetsOf(index, range);
  return place && target(index, place.start, place.end);
}

/** Returns the text between two offsets as the target of a W3C annotation. */
export function target(index, start, end) {
  const exact = textBetween(index, start, end);
  const around = {
    prefix: textBetween(index, Math.max(start - 32, 0), start),
    suffix: textBetween(index, end, end + 32),
  };
  const selector = [
    { type: "TextQuoteSelector", exact, ...around },
    { type: "TextPositionSelector", start, end },
  ];
  return { source: here(), selector };
}

/** Returns the Range of a target, or null if it is not on words that the page has. */
export function rangeOfTarget({ selector = [] }) {
  const { start, end } = selector.find(({ type }) => type === "TextPositionSelector") ?? {};
  return start === undefined ? null : rangeOf(buildText(), start, end);
}

/** Returns the page's address without a fragment, as a note's `source`. */
export function here() {
  return location.href.split("#")[0];
}

/** Highlights all notes, and puts a button beside each block with notes, which calls `open`. */
export function show(open) {
  const index = buildText();
  const kinds = {};
  const blocks = new Map();
  ranges.clear();
  for (const note of roots()) {
    const element = place(note, index, kinds);
    const block = element && frameOf(element);
    if (!block) continue;
    if (blocks.has(block)) blocks.get(block).push(note);
    else blocks.set(block, [note]);
  }
  mark(blocks, open);
  draw(kinds);
}

/** Records the range of a note, and returns the element that contains it, or null. */
function place(note, index, kinds) {
  const { fragment, exact, start, end } = passageOf(note);
  if (fragment) return document.getElementById(fragment);
  if (start === undefined || textBetween(index, start, end) !== exact) return null;
  const range = rangeOf(index, start, end);
  ranges.set(ours(note).uuid, range);
  (kinds[kindOf(note)] ??= []).push(range);
  const node = range.startContainer;
  const element =
    node.nodeType === Node.TEXT_NODE
      ? node.parentElement
      : (node.childNodes[range.startOffset] ?? node);
  return element.closest(BLOCKS) ?? element;
}

function kindOf(note) {
  const { mine, audience, by_instructor: taught } = ours(note);
  if (mine) return "mine";
  if (audience === "authors") return "author";
  return taught ? "instructor" : "course";
}

/** Returns the element for a block's button. A block that scrolls would cut the button off. */
function frameOf(block) {
  return block.closest("div[class*=highlight-]") ?? block;
}

function mark(blocks, open) {
  for (const [block, marker] of markers) {
    if (blocks.has(block)) continue;
    marker.remove();
    markers.delete(block);
  }
  for (const [block, notes] of blocks) {
    const marker = markers.get(block) ?? newMarker(block, open);
    marker.notes = notes;
    name(marker, notes);
  }
}

function name(marker, notes) {
  const n = notes.length;
  const key = notes.every((note) => !note.body) ? "highlights_here" : "notes_here";
  // Cached, since a page may have hundreds of buttons but few different labels.
  const label = (labels[`${key} ${n}`] ??= t(key, { n }));
  if (marker.ariaLabel === label) return;
  marker.ariaLabel = label;
  marker.textContent = n;
}

function newMarker(block, open) {
  const marker = blank.cloneNode();
  marker.addEventListener("click", () => open(marker.notes, marker));
  block.classList.add("bookbinder-noted");
  block.append(marker);
  markers.set(block, marker);
  return marker;
}

/** Scrolls to a note's passage and focuses it. Returns whether the page contains it. */
export function goTo(note) {
  const { fragment } = passageOf(note);
  const range = ranges.get(ours(note).uuid);
  const node = fragment ? document.getElementById(fragment) : range?.startContainer;
  const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const block = element?.closest(`${BLOCKS}, ${WHOLE}`) ?? element;
  if (!block) return false;
  if (!block.hasAttribute("tabindex")) block.tabIndex = -1;
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  block.focus({ preventScroll: true });
  block.scrollIntoView({ block: "center", behavior: smooth ? "smooth" : "instant" });
  return true;
}

/** Returns the notes on the text at a point of the window. */
export function notesAt(x, y) {
  const point = document.caretPositionFromPoint?.(x, y);
  const node = point?.offsetNode ?? document.caretRangeFromPoint?.(x, y)?.startContainer;
  const offset = point?.offset ?? document.caretRangeFromPoint?.(x, y)?.startOffset;
  if (!node) return [];
  return roots().filter((note) => {
    const range = ranges.get(ours(note).uuid);
    return range?.isPointInRange(node, offset);
  });
}

/** Returns the blocks for note mode, in order: innermost blocks, figures and questions. */
export function blocksOf(root = bodyOf()) {
  const all = [...root.querySelectorAll(`${BLOCKS}, ${WHOLE}`)];
  return all.filter((block) => {
    if (block.matches(WHOLE)) return true;
    const isInside = block.closest("form.bookbinder-question, [data-annot-skip]");
    return (
      !isInside &&
      !block.querySelector(BLOCKS) &&
      block.textContent.trim() &&
      block.getClientRects().length
    );
  });
}

/** Returns the block with text that contains an element, or null. */
export function blockAround(element) {
  const isElsewhere = element.closest(`${CONTROLS}, form.bookbinder-question, [data-annot-skip]`);
  const block = isElsewhere ? null : element.closest(BLOCKS);
  return block && bodyOf()?.contains(block) ? block : null;
}

/** Returns a block as the form takes it: { index, start, words }, or { fragment } with its id. */
export function partOf(block) {
  if (block.matches(WHOLE)) return { fragment: block.id };
  const index = buildText();
  const range = document.createRange();
  range.selectNodeContents(block);
  const found = offsetsOf(index, range);
  return found && { index, start: found.start, words: textBetween(index, found.start, found.end) };
}
