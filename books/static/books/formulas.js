import "../katex/katex.min.js";

// Typesets formulas with the site's own KaTeX, where a page has no MathJax. KaTeX makes MathML, which
// browsers draw themselves, so that neither its styles nor its fonts are needed.

const OPTIONS = {
  output: "mathml",
  throwOnError: false,
  trust: false,
  maxSize: 20,
  maxExpand: 500,
};
const DELIMITED = /^\s*\\(\(|\[)([\s\S]*)\\[)\]]\s*$/;

/** Replaces the TeX between \\( \\) or \\[ \\] in elements of the class "math". */
export function typesetHere(formulas) {
  for (const formula of formulas) {
    for (const node of formula.childNodes) {
      const found = node.nodeType === Node.TEXT_NODE && node.data.match(DELIMITED);
      if (found) node.replaceWith(mathOf(found[2], found[1] === "["));
    }
  }
}

function mathOf(tex, displayMode) {
  const element = document.createElement("span");
  globalThis.katex.render(tex, element, { ...OPTIONS, displayMode });
  for (const token of element.querySelectorAll("[mathvariant]")) useLetters(token);
  return element;
}

// Where Unicode has A, a and 0 of each alphabet. Chromium knows no `mathvariant`, so that a bold or
// a double-struck letter would be a plain one (https://www.w3.org/TR/mathml-core/).
const ALPHABETS = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  italic: [0x1d434, 0x1d44e],
  "bold-italic": [0x1d468, 0x1d482],
  "double-struck": [0x1d538, 0x1d552, 0x1d7d8],
  script: [0x1d49c, 0x1d4b6],
  fraktur: [0x1d504, 0x1d51e],
  "sans-serif": [0x1d5a0, 0x1d5ba, 0x1d7e2],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};
// Letters that Unicode had before, and which are missing there.
const EARLIER = {
  italic: { h: "ℎ" },
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
  script: {
    B: "ℬ",
    E: "ℰ",
    F: "ℱ",
    H: "ℋ",
    I: "ℐ",
    L: "ℒ",
    M: "ℳ",
    R: "ℛ",
    e: "ℯ",
    g: "ℊ",
    o: "ℴ",
  },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
};

function useLetters(token) {
  const variant = token.getAttribute("mathvariant");
  if (!(variant in ALPHABETS)) return;
  token.textContent = [...token.textContent].map((letter) => letterOf(variant, letter)).join("");
}

/** Returns a letter or digit of an alphabet, or the character itself if the alphabet lacks it. */
export function letterOf(variant, letter) {
  const earlier = EARLIER[variant]?.[letter];
  if (earlier) return earlier;
  const [upper, lower, digit] = ALPHABETS[variant];
  const code = letter.codePointAt(0);
  if (/^[A-Z]$/.test(letter)) return String.fromCodePoint(upper + code - 65);
  if (/^[a-z]$/.test(letter)) return String.fromCodePoint(lower + code - 97);
  return digit && /^[0-9]$/.test(letter) ? String.fromCodePoint(digit + code - 48) : letter;
}
