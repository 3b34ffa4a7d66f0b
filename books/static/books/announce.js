import { make } from "./dom.js";

// There before anything is said: a live region is heard only when it changes.
const region = make("div", { className: "bookbinder-unseen", role: "status" });
document.body.append(region);

/** Has a screen reader say a text. */
export function announce(text) {
  region.textContent = "";
  // The same text again is a change only if it was gone for a moment.
  setTimeout(() => (region.textContent = text), 50);
}
