// Draws passages without touching the document; each kind has its style in CSS:
// ::highlight(bookbinder-mine) and so on.

export const KINDS = ["mine", "course", "instructor", "author"];

/** Whether passages can be drawn at all; the buttons beside them do not need it. */
export function canDraw() {
  return typeof Highlight === "function" && Boolean(CSS.highlights);
}

/** Draws these ranges, by kind, in place of those drawn before. */
export function draw(ranges) {
  if (!canDraw()) return;
  // Others' highlights are left alone: CSS.highlights.clear() would take them too.
  KINDS.forEach((kind, at) => {
    const highlight = new Highlight();
    for (const range of ranges[kind] ?? []) if (range) highlight.add(range);
    highlight.priority = KINDS.length - at;
    if (highlight.size) CSS.highlights.set(`bookbinder-${kind}`, highlight);
    else CSS.highlights.delete(`bookbinder-${kind}`);
  });
}
