import { make, withTexts } from "../books/dom.js";
import { t } from "../books/texts.js";
import { bodyOf, buildText, offsetsOf } from "./text.js";
import { notesAt, targetOf } from "./passages.js";

// For mouse and touch: two small buttons below selected text. The keyboard has note mode (mode.js),
// since readers have no text cursor on a page.

const GAP = 8; // pixels
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
  document.addEventListener("click", (event) => {
    const isPlain =
      getSelection().isCollapsed &&
      !event.target.closest("a, button, input, label, select, summary, textarea");
    const notes =
      isPlain && bodyOf()?.contains(event.target) ? notesAt(event.clientX, event.clientY) : [];
    if (notes.length) open(notes);
  });
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
  tools.style.left = `${left + scrollX}px`;
  tools.style.top = `${last.bottom + scrollY + GAP}px`;
}
