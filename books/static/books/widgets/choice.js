// The answer is the key of one choice or, if several can be chosen, a list of keys.

const boxes = (form) => [...form.querySelectorAll("input[name=answer]")];
const isMultiple = (form) => "multiple" in form.dataset;

export function read(form) {
  const taken = boxes(form)
    .filter((box) => box.checked)
    .map((box) => box.value);
  if (!taken.length) return null;
  return isMultiple(form) ? taken.sort() : taken[0];
}

/** Returns the keys in an answer, which is a list, the JSON of a list, or one key. */
function keysOf(form, answer) {
  if (Array.isArray(answer)) return answer;
  if (!isMultiple(form)) return [answer];
  try {
    return [JSON.parse(answer)].flat();
  } catch {
    return [answer];
  }
}

export function fill(form, answer) {
  const keys = keysOf(form, answer);
  for (const box of boxes(form)) box.checked = keys.includes(box.value);
}

export function words(form, answer) {
  const keys = keysOf(form, answer);
  const texts = new Map(
    boxes(form).map((box) => [box.value, box.closest("label").textContent.trim()]),
  );
  return keys.map((key) => texts.get(key) ?? key).join("; ");
}
