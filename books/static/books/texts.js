import { keep, kept } from "./device.js";

// Texts that are needed if no state has ever arrived; all others come with the state.
const FALLBACK = {
  shelf: "Bookshelf",
  bar: "Book Binder",
  to_bar: "Skip to the Book Binder bar",
  connecting:
    "No connection yet. Your answer will be sent when it is back, if you leave this page open.",
};
const page = document.documentElement.lang || "en";
const numbers = new Intl.NumberFormat(tag(page), { maximumFractionDigits: 2 });
let { texts, lang } = kept(`texts:${page}`) ?? { texts: {}, lang: "en" };

function tag(lang) {
  try {
    return Intl.getCanonicalLocales(lang)[0];
  } catch {
    return "en";
  }
}

/** Sets the texts, and keeps them for pages whose state has not arrived yet. */
export function setTexts(given, language) {
  [texts, lang] = [given ?? {}, language ?? "en"];
  keep(`texts:${page}`, { texts, lang });
}

/** Returns a text with its {values} filled in; a number `n` selects the singular or plural. */
export function t(key, values = {}) {
  const { n } = values;
  const name = n === undefined ? key : `${key}_${n === 1 ? "one" : "many"}`;
  return (texts[name] ?? FALLBACK[name] ?? name).replace(/\{(\w+)\}/g, (_all, value) =>
    typeof values[value] === "number" ? numbers.format(values[value]) : (values[value] ?? ""),
  );
}

/** Returns the language of our texts, or undefined if it is the page's. */
export function textLanguage() {
  return lang.split("-")[0] === page.split("-")[0] ? undefined : lang;
}

/** Returns a time in ISO format as people write it in the page's language. */
export function moment(iso) {
  return new Intl.DateTimeFormat(tag(page), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}
