// The next question that is not answered: on this page after where the reader is, then on the pages
// after this one, then on this page from its start.

const forms = [...document.querySelectorAll("form.bookbinder-question")];
// Where the reader has written. (The focus tells nothing: on its way to the bar it passes all.)
let last = null;
for (const form of forms) {
  for (const event of ["input", "submit"]) form.addEventListener(event, () => (last = form));
}

function isOpen(form, state) {
  const question = state.questions.find((one) => one.label === form.dataset.label);
  return question?.enabled && question.answer === null;
}

const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;

/** How many of the page's questions lie before where the reader is. */
function passed() {
  if (last && isSeen(last.getBoundingClientRect())) return forms.indexOf(last) + 1;
  const next = forms.findIndex((form) => form.getBoundingClientRect().bottom > 0);
  return next < 0 ? forms.length : next;
}

/** As { url, form }, the form where it is on this page; null where all are answered. */
export function nextQuestion(state, start = 0) {
  const here = (form) => form && { url: `#${form.id}`, form };
  const open = forms.filter((form) => isOpen(form, state));
  const after = open.find((form) => forms.indexOf(form) >= start);
  return here(after) ?? state.next ?? here(open[0]) ?? null;
}

export function goToNext(event, state) {
  const found = nextQuestion(state, passed());
  if (!found) return;
  if (!found.form) {
    event.currentTarget.href = found.url;
    return;
  }
  event.preventDefault();
  last = found.form;
  history.replaceState(null, "", found.url);
  found.form.scrollIntoView({ block: "start" });
  found.form.querySelector("[name=answer]").focus({ preventScroll: true });
}
