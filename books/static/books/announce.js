import { make } from "./dom.js";

// Added in advance, since screen readers announce only changes of a live region.
const region = make("div", { className: "bookbinder-unseen", role: "status" });
document.body.append(region);

/** Makes screen readers announce a text. */
export function announce(text) {
  region.textContent = "";
  // A repeated text is a change only if the region was empty in between.
  setTimeout(() => (region.textContent = text), 50);
}
