import * as choice from "./choice.js";
import * as text from "./text.js";

/**
 * How each kind of question is answered: `read(form)` gives the answer as it is sent (null: none),
 * `fill(form, answer)` shows one, `words(form, answer)` tells it. A kind that needs more than a field
 * for a text gets a module of its own here.
 */
const WIDGETS = { choice, text, regex: text, number: text, manual: text };

export function widgetOf(form) {
  return WIDGETS[form.dataset.grader] ?? text;
}
