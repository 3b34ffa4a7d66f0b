// The page's canonical text, the same string as on the server (annotations/anchoring/text.py), and
// offsets in it, in code points, to and from places in the document. Only the server searches for
// passages.

const BODIES = [
  "div.body",
  "[itemprop=articleBody]",
  "article.bd-article",
  "[role=main]",
  "main",
  "article",
  "body",
];
const SKIPPED =
  "script, style, noscript, template, button, .headerlink, form.bookbinder-question, [data-annot-skip]";
const FORMULA = "\ufffc";
const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/g;

/** Returns the element that contains the author's text, or null. */
export function bodyOf(page = document) {
  for (const selector of BODIES) {
    const body = page.querySelector(selector);
    if (body) return body;
  }
  return null;
}

/**
 * Returns the text, and its parts: the text node or formula of each, and where it starts.
 * Inside this module, positions count UTF-16 units, as in JavaScript: an emoji has two.
 */
export function buildText(root = bodyOf()) {
  const nodes = [];
  const starts = [];
  const parts = [];
  let length = 0;
  let endsInSpace = true;

  function add(node, words) {
    if (endsInSpace && words.startsWith(" ")) words = words.slice(1);
    if (!words) return;
    nodes.push(node);
    starts.push(length);
    parts.push(words);
    length += words.length;
    endsInSpace = words.endsWith(" ");
  }

  function walk(element) {
    for (let node = element.firstChild; node; node = node.nextSibling) {
      if (node.nodeType === Node.TEXT_NODE) add(node, node.data.replace(/\s+/g, " "));
      else if (node.nodeType !== Node.ELEMENT_NODE || node.matches(SKIPPED)) continue;
      else if (node.classList.contains("math")) add(node, FORMULA);
      else walk(node);
    }
  }

  if (root) walk(root);
  const text = parts.join("").replace(/ $/, "");
  // The positions of characters that have two units, in units and in code points.
  const wide = [...text.matchAll(ASTRAL)].map((pair) => pair.index);
  starts.push(length);
  return { text, nodes, starts, wide, widePoints: wide.map((unit, count) => unit - count) };
}

/** Returns the Range between two offsets; null if the text has no such part. */
export function rangeOf(index, start, end) {
  const from = toUnits(index, start);
  const to = toUnits(index, end);
  if (!(0 <= from && from < to && to <= index.text.length)) return null;
  const range = document.createRange();
  const first = countUpTo(index.starts, from) - 1;
  const last = countUpTo(index.starts, to - 1) - 1;
  if (isText(index.nodes[first])) {
    range.setStart(index.nodes[first], rawOffsets(index, first)(from - index.starts[first]));
  } else {
    range.setStartBefore(index.nodes[first]);
  }
  if (isText(index.nodes[last])) {
    range.setEnd(index.nodes[last], rawOffsets(index, last)(to - index.starts[last] - 1) + 1);
  } else {
    range.setEndAfter(index.nodes[last]);
  }
  return range;
}

/** Returns { start, end } of the text in a Range, without space at its ends; null if empty. */
export function offsetsOf(index, range) {
  let from = position(index, range.startContainer, range.startOffset, 0);
  let to = Math.min(position(index, range.endContainer, range.endOffset, 1), index.text.length);
  while (from < to && index.text[from] === " ") from += 1;
  while (from < to && index.text[to - 1] === " ") to -= 1;
  return from < to ? { start: toPoints(index, from), end: toPoints(index, to) } : null;
}

/** Returns the text between two offsets, which is a note's `exact`. */
export function textBetween(index, start, end) {
  return index.text.slice(toUnits(index, start), toUnits(index, end));
}

function isText(node) {
  return node.nodeType === Node.TEXT_NODE;
}

function toUnits(index, points) {
  return points + countUpTo(index.widePoints, points - 1);
}

function toPoints(index, units) {
  return units - countUpTo(index.wide, units - 1);
}

/** Returns how many of these ascending numbers are <= `most`. Fast, for thousands of notes. */
function countUpTo(numbers, most) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns how many numbers from 0 to `length` pass a test that only the first ones pass. */
function countBelow(length, isBelow) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const known = new WeakMap();

/** Returns a function from positions in a part to those in its node, with all white space. */
function rawOffsets(index, at) {
  const node = index.nodes[at];
  const length = index.starts[at + 1] - index.starts[at];
  if (length === node.data.length) return (unit) => unit;
  let shifts = known.get(node);
  if (shifts?.data !== node.data || shifts.length !== length) {
    shifts = { data: node.data, length, ...shiftsIn(node.data, length) };
    known.set(node, shifts);
  }
  return (unit) => unit + shifts.by[countUpTo(shifts.from, unit)];
}

/** Returns positions in a part, `from`, and how far its node is ahead from each on, `by`. */
function shiftsIn(data, length) {
  const runs = [...data.matchAll(/\s{2,}/g)].filter((run) => run.index > 0);
  const collapsed = runs.reduce((sum, run) => sum + run[0].length - 1, 0);
  const first = /^\s*/.exec(data)[0].length;
  // After a part that ends in a space, white space at the start is dropped, not collapsed.
  const isDropped = data.length - collapsed - first === length;
  const from = [isDropped ? 0 : 1];
  const by = [0, isDropped ? first : Math.max(first - 1, 0)];
  for (const run of runs) {
    from.push(run.index - by.at(-1) + 1);
    by.push(by.at(-1) + run[0].length - 1);
  }
  return { from, by };
}

/**
 * Returns the position in the text of a point of the document. For a point inside a formula it is
 * that of the formula plus `within`: 0 for before the formula, 1 for after it.
 */
function position(index, container, offset, within) {
  const child = container.childNodes[offset];
  const mark = child ?? container;
  const isBefore = (at) => {
    const node = index.nodes[at];
    const relation = mark.compareDocumentPosition(node);
    if (relation & Node.DOCUMENT_POSITION_CONTAINS || node === mark) return false;
    if (relation & Node.DOCUMENT_POSITION_CONTAINED_BY) return !child;
    return Boolean(relation & Node.DOCUMENT_POSITION_PRECEDING);
  };
  const at = countBelow(index.nodes.length, isBefore);
  const node = index.nodes[at];
  const start = index.starts[at];
  if (node === container && isText(node)) {
    const raw = rawOffsets(index, at);
    return start + countBelow(index.starts[at + 1] - start, (unit) => raw(unit) < offset);
  }
  return node && !isText(node) && node.contains(container) ? start + within : start;
}
