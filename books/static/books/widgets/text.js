// A single text field, also for patterns, numbers and answers that a person grades.

export function read(form) {
  const text = form.elements.answer.value;
  return text.trim() ? text : null;
}

export function fill(form, answer) {
  form.elements.answer.value = answer;
}

export function words(_form, answer) {
  return answer;
}
