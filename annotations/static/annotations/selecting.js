import { make, withTexts } from "../books/dom.js";
import { t } from "../books/texts.js";
import { bodyOf, buildText, offsetsOf } from "./text.js";
import { isOn } from "./mode.js";
import { blockAround, CONTROLS, notesAt, targetOf } from "./passages.js";

// For mouse and touch: two small buttons below selected text. The keyboard has note mode (mode.js),
// since readers have no text cursor on a page.

// Pixels; below a selection made by touch are the browser's handles.
const GAP = matchMedia("(pointer: coarse)").matches ? 28 : 8;
const LONG_PRESS = 600; // milliseconds; browsers that select a word themselves do so after 500
const STILL = 10; // pixels that a finger may move in a long press
let tools = null;

/** Calls `write` or `highlight` with a target for a button, and `open` with notes for a click. */
export function connectSelecting({ write, highlight, open }) {
  tools = withTexts("div", "bookbinder-tip", button("highlight", highlight), button("note", write));
  tools.dataset.annotSkip = "";
  tools.hidden = true;
  document.body.append(tools);
  let timer;
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = setTimeout(place, 150);
  });
  connectLongPress();
  document.addEventListener("click", (event) => {
    const isPlain = !isOn() && getSelection().isCollapsed && !event.target.closest(CONTROLS);
    const notes =
      isPlain && bodyOf()?.contains(event.target) ? notesAt(event.clientX, event.clientY) : [];
    if (notes.length) open(notes);
  });
}

/** Makes a long press select its block, where the browser itself selects no word. */
function connectLongPress() {
  let timer;
  let from;
  const end = () => clearTimeout(timer);
  document.addEventListener("pointerdown", (event) => {
    end();
    const block = event.pointerType === "touch" && event.isPrimary && blockAround(event.target);
    if (!block) return;
    from = event;
    timer = setTimeout(() => {
      if (getSelection().isCollapsed) getSelection().selectAllChildren(block);
    }, LONG_PRESS);
  });
  document.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > STILL) end();
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end);
}

function button(name, then) {
  const onclick = () => {
    const target = targetOf(getSelection().getRangeAt(0));
    getSelection().removeAllRanges();
    tools.hidden = true;
    if (target) then(target);
  };
  // Pressing a button must not clear the selection.
  return make(
    "button",
    { type: "button", onclick, onpointerdown: (event) => event.preventDefault() },
    t(name),
  );
}

function place() {
  const selection = getSelection();
  const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const root = bodyOf();
  const isOurs =
    range && root?.contains(range.commonAncestorContainer) && offsetsOf(buildText(root), range);
  tools.hidden = !isOurs;
  if (!isOurs) return;
  const rects = range.getClientRects();
  const last = rects[rects.length - 1];
  const left = Math.min(
    Math.max(last.right - tools.offsetWidth, GAP),
    document.documentElement.clientWidth - tools.offsetWidth - GAP,
  );
  // The end of a long selection may be out of sight.
  const bar = document.getElementById("bookbinder-bar")?.offsetHeight ?? 0;
  const lowest = innerHeight - bar - tools.offsetHeight - GAP;
  const top = Math.max(Math.min(last.bottom + GAP, lowest), GAP);
  tools.style.left = `${left + scrollX}px`;
  tools.style.top = `${top + scrollY}px`;
}
