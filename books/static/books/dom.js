import { textLanguage } from "./texts.js";

/** Creates an element with children. Names that are not properties are set as attributes. */
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

/** Creates an element for a text of Book Binder, with its language if not the page's. */
export function withTexts(tag, className, ...children) {
  return make(tag, { className, lang: textLanguage() }, ...children);
}

/** Returns elements for a text in wide windows and a text in narrow ones; CSS shows one of them. */
export function wideOrNarrow(wide, narrow) {
  return [
    make("span", { className: "bookbinder-wide" }, wide),
    make("span", { className: "bookbinder-narrow" }, narrow),
  ];
}

/** Returns the address of the sign-in page, which leads back to this page. */
export function signInAddress() {
  return `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
}
