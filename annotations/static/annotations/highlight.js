// Highlights passages without changing the document, with the CSS Custom Highlight API. Each kind
// has its style in CSS, such as ::highlight(bookbinder-mine).

export const KINDS = ["mine", "course", "instructor", "author"];

/** Whether the browser can highlight passages. The buttons beside them do not need this. */
export function canDraw() {
  return typeof Highlight === "function" && Boolean(CSS.highlights);
}

/** Highlights these ranges, given as lists by kind, instead of the previous ones. */
export function draw(ranges) {
  if (!canDraw()) return;
  // Not CSS.highlights.clear(), which would also remove highlights of other scripts.
  KINDS.forEach((kind, at) => {
    const highlight = new Highlight();
    for (const range of ranges[kind] ?? []) if (range) highlight.add(range);
    highlight.priority = KINDS.length - at;
    if (highlight.size) CSS.highlights.set(`bookbinder-${kind}`, highlight);
    else CSS.highlights.delete(`bookbinder-${kind}`);
  });
}

/** Highlights the range that a note is being written on, above all others; null for none. */
export function drawSubject(range) {
  if (!canDraw()) return;
  const highlight = new Highlight(...(range ? [range] : []));
  highlight.priority = KINDS.length + 1;
  CSS.highlights.set("bookbinder-subject", highlight);
}
