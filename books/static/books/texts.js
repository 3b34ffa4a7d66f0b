import { keep, kept } from "./device.js";

// What has to be said where no state has ever arrived; all else comes with it.
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

export function setTexts(given, language) {
  [texts, lang] = [given ?? {}, language ?? "en"];
  keep(`texts:${page}`, { texts, lang });
}

/** A text with its {values}; with a number `n`, in the singular or plural. */
export function t(key, values = {}) {
  const { n } = values;
  const name = n === undefined ? key : `${key}_${n === 1 ? "one" : "many"}`;
  return (texts[name] ?? FALLBACK[name] ?? name).replace(/\{(\w+)\}/g, (_all, value) =>
    typeof values[value] === "number" ? numbers.format(values[value]) : (values[value] ?? ""),
  );
}

/** The `lang` of our texts where it is not the page's. */
export function textLanguage() {
  return lang.split("-")[0] === page.split("-")[0] ? undefined : lang;
}

export function moment(iso) {
  return new Intl.DateTimeFormat(tag(page), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}
