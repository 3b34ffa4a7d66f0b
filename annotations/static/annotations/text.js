// The page's canonical text, the same string as the server's (annotations/anchoring/text.py), and
// offsets in it, in code points, to and from the document. Nothing is searched for.

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

export function bodyOf(page = document) {
  for (const selector of BODIES) {
    const body = page.querySelector(selector);
    if (body) return body;
  }
  return null;
}

/**
 * Returns the text, and its parts: the text node or formula of each, and where it starts.
 * Within this module positions count as JavaScript does, where an emoji takes two.
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
  const pairs = [...text.matchAll(ASTRAL)].map((pair) => pair.index);
  return { text, nodes, starts: [...starts, length], pairs };
}

/** The Range of an offset pair; null where the text has no such part. */
export function rangeOf(index, start, end) {
  const from = toUnits(index, start);
  const to = toUnits(index, end);
  if (!(0 <= from && from < to && to <= index.text.length)) return null;
  const range = document.createRange();
  const first = countBelow(index.starts.length, (at) => index.starts[at] <= from) - 1;
  const last = countBelow(index.starts.length, (at) => index.starts[at] < to) - 1;
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

/** The offset pair of what a Range covers, without white space at its ends; null: nothing. */
export function offsetsOf(index, range) {
  let from = position(index, range.startContainer, range.startOffset, 0);
  let to = Math.min(position(index, range.endContainer, range.endOffset, 1), index.text.length);
  while (from < to && index.text[from] === " ") from += 1;
  while (from < to && index.text[to - 1] === " ") to -= 1;
  return from < to ? { start: toPoints(index, from), end: toPoints(index, to) } : null;
}

/** The words between two offsets: a note's `exact`. */
export function textBetween(index, start, end) {
  return index.text.slice(toUnits(index, start), toUnits(index, end));
}

function isText(node) {
  return node.nodeType === Node.TEXT_NODE;
}

function toUnits(index, points) {
  return points + countBelow(index.pairs.length, (at) => index.pairs[at] - at < points);
}

function toPoints(index, units) {
  return units - countBelow(index.pairs.length, (at) => index.pairs[at] < units);
}

/** How many of the first numbers fulfil what only the first ones do. */
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

const offsetsOfNodes = new WeakMap();

/** A function from places in a part to places in its node, where white space is not collapsed. */
function rawOffsets(index, at) {
  const { data } = index.nodes[at];
  const length = index.starts[at + 1] - index.starts[at];
  if (length === data.length) return (place) => place;
  const known = offsetsOfNodes.get(index.nodes[at]);
  if (known?.data === data && known.offsets.length === length) return (place) => known.offsets[place];
  const offsets = offsetsIn(data, length);
  offsetsOfNodes.set(index.nodes[at], { data, offsets });
  return (place) => offsets[place];
}

function offsetsIn(data, length) {
  const offsets = [];
  let wasSpace = false;
  for (let at = 0; at < data.length; at += 1) {
    const isSpace = /\s/.test(data[at]);
    if (!isSpace || !wasSpace) offsets.push(at);
    wasSpace = isSpace;
  }
  // What came before ended in a space already.
  return offsets.slice(offsets.length - length);
}

/** Where a point of the document is in the text; within a formula before it, or after. */
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
    return start + countBelow(index.starts[at + 1] - start, (place) => raw(place) < offset);
  }
  return node && !isText(node) && node.contains(container) ? start + within : start;
}
