import { bodyOf } from "./text.js";

// In wide windows, the list of notes and the form stand beside the text, not over it.

const WIDE = "(min-width: 62.5rem)"; // 1,000 px; notes.css has the same
const GAP = 16; // pixels between them
const standing = new Set();

export const isWide = () => matchMedia(WIDE).matches;

/**
 * Makes room beside the text for an element, if the window is wide. The lines are then broken
 * elsewhere, so the page is scrolled to leave `anchor`, an element or a range, where it was.
 */
export function makeRoom(element, anchor) {
  standing.add(element);
  update(anchor);
}

/** Gives the room back that an element had. */
export function giveRoomBack(element, anchor) {
  standing.delete(element);
  update(anchor);
}

function update(anchor) {
  const top = () => anchor?.getBoundingClientRect().top ?? 0;
  const before = top();
  document.documentElement.classList.toggle("bookbinder-beside", standing.size > 0);
  fit(bodyOf());
  scrollBy({ top: top() - before, behavior: "instant" });
}

/** Makes the text fit the room that is left, also in themes that give it a fixed width. */
function fit(text) {
  Object.assign(text.style, { boxSizing: "", minWidth: "", maxWidth: "" });
  if (!standing.size || !isWide()) return;
  const { left, right } = text.getBoundingClientRect();
  const end = document.body.getBoundingClientRect().right - GAP;
  if (right <= end) return;
  Object.assign(text.style, { boxSizing: "border-box", minWidth: 0, maxWidth: `${end - left}px` });
}
