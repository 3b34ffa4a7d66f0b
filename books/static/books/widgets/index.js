import * as choice from "./choice.js";
import * as text from "./text.js";

// For each kind, `read(form)` returns the answer to send, null if there is none;
// `fill(form, answer)` puts an answer into the form; `words(form, answer)` returns it as text.
// A kind that needs more than a text field has a module of its own.
const WIDGETS = { choice, text, regex: text, number: text, manual: text };

export function widgetOf(form) {
  return WIDGETS[form.dataset.grader] ?? text;
}
