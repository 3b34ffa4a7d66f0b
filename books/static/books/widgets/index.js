import * as choice from "./choice.js";
import * as text from "./text.js";

// For each kind: `read(form)` gives the answer to send (null: none), `fill(form, answer)` shows one,
// `words(form, answer)` tells it. A kind that needs more than a field gets a module of its own.
const WIDGETS = { choice, text, regex: text, number: text, manual: text };

export function widgetOf(form) {
  return WIDGETS[form.dataset.grader] ?? text;
}
