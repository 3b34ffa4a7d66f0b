// Themes have many ways to be dark. What they all have is a background.

/** Gives an element of ours the dark or the light of the page, as it is now. */
export function suit(element) {
  element.classList.toggle(
    "bookbinder-dark",
    isDark(document.body) ?? isDark(document.documentElement) ?? false,
  );
}

/** Whether an element's background is dark; null where it has none. */
function isDark(element) {
  const [red, green, blue, alpha = 1] = (
    getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? []
  ).map(Number);
  return red === undefined || alpha === 0 ? null : 0.3 * red + 0.59 * green + 0.11 * blue < 110;
}
