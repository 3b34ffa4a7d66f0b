// Themes have different ways to be dark, but all of them set a background.

/** Makes an element of ours dark or light, as the page is at the moment. */
export function suit(element) {
  element.classList.toggle(
    "bookbinder-dark",
    isDark(document.body) ?? isDark(document.documentElement) ?? false,
  );
}

/** Returns whether an element's background is dark; null if it has none. */
function isDark(element) {
  const [red, green, blue, alpha = 1] = (
    getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? []
  ).map(Number);
  return red === undefined || alpha === 0 ? null : 0.3 * red + 0.59 * green + 0.11 * blue < 110;
}
