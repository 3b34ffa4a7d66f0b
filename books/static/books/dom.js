import { textLanguage } from "./texts.js";

/** An element with properties (else attributes) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An element for our own text, in its language. */
export function told(tag, className, ...children) {
  return make(tag, { className, lang: textLanguage() }, ...children);
}

export function signInAddress() {
  return `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Has MathJax set the formulas, once it is there. */
export async function typeset(...parts) {
  if (!window.MathJax) return;
  if (document.readyState !== "complete") {
    await new Promise((loaded) => window.addEventListener("load", loaded, { once: true }));
  }
  await window.MathJax.startup?.promise;
  await window.MathJax.typesetPromise?.(parts);
}
