/**
 * Typesets the formulas in elements: by the MathJax that the book's page has loaded, or else by the
 * site's own KaTeX, which is loaded when it is first needed.
 */
export async function typeset(...parts) {
  const isRaw = ({ textContent }) => /\\[([]/.test(textContent);
  const formulas = parts.flatMap((part) => [...part.querySelectorAll(".math")].filter(isRaw));
  if (!formulas.length) return;
  await hasLoaded();
  await window.MathJax?.startup?.promise;
  if (window.MathJax?.typesetPromise) return window.MathJax.typesetPromise(parts);
  const { typesetHere } = await import("./formulas.js");
  typesetHere(formulas);
}

/** Typesets the author's own formulas where the page has no MathJax, or it could not be loaded. */
export async function typesetWithoutMathJax() {
  await hasLoaded();
  if (!window.MathJax?.startup) await typeset(document.body);
}

/** Resolves when the page has loaded, with all its scripts. */
async function hasLoaded() {
  if (document.readyState === "complete") return;
  await new Promise((loaded) => window.addEventListener("load", loaded, { once: true }));
}
