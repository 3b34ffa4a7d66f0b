import { make, signInAddress, wideOrNarrow } from "./dom.js";
import { waiting } from "./outbox.js";
import { t, textLanguage } from "./texts.js";

const tools = make("span", { className: "bookbinder-tools" });

/** Adds another module's button to the bar. */
export function addToBar(element) {
  tools.append(element);
}

/** Shows Book Binder's bar: course, progress, points, the next question and the account. */
export function showBar(state) {
  const bar = make("nav", {
    className: "bookbinder-bar",
    id: "bookbinder-bar",
    lang: textLanguage(),
    tabIndex: -1,
  });
  bar.dataset.annotSkip = "";
  bar.setAttribute("aria-label", t("bar"));
  bar.append(...(state ? parts(state) : [link("/", t("shelf"))]));
  // The bar comes last in the document, so that it does not change the theme's tab order.
  const skip = make(
    "a",
    { className: "bookbinder-skip", href: "#bookbinder-bar", lang: textLanguage() },
    t("to_bar"),
  );
  skip.dataset.annotSkip = "";
  document.body.prepend(skip);
  document.body.append(bar);
}

function parts(state) {
  const place = state.course
    ? make("span", { className: "bookbinder-course" }, ...courseAndDates(state))
    : link(state.book_url, state.book, "bookbinder-course");
  if (!state.user) return [place, tools, link(signInAddress(), t("sign_in"))];
  const shown = state.course && state.questions.length ? [progress(state), next(state)] : [];
  return [place, ...shown, tools, ...menu(state)];
}

function courseAndDates(state) {
  const { dates } = state.course;
  const small = make("small", { className: "bookbinder-wide" }, dates);
  return dates ? [courseName(state), " ", small] : [courseName(state)];
}

function courseName({ course, is_test: isTest }) {
  return isTest ? t("test_student", { course: course.name }) : course.name;
}

/** Updates an element of the bar, now and after each change. */
function live(element, update) {
  update(element);
  document.addEventListener("bookbinder:changed", () => update(element));
  return element;
}

function progress(state) {
  const meter = live(make("progress", { "aria-label": t("this_page") }), (element) => {
    const { answered, questions } = state.on_page;
    Object.assign(element, { max: questions || 1, value: answered });
  });
  const answered = live(make("span", { className: "bookbinder-answered" }), (element) => {
    element.textContent = t("answered", state.on_page);
  });
  const points = live(make("span"), (element) => {
    const { points, points_possible: n } = state.on_page;
    element.replaceChildren(
      ...wideOrNarrow(t("of_points", { points, n }), t("points_short", { points, all: n })),
    );
  });
  const kept = live(make("span", { className: "bookbinder-waits" }), (element) => {
    const n = waiting().length;
    element.textContent = n ? t("n_waiting", { n }) : "";
  });
  return make("span", { className: "bookbinder-progress" }, meter, answered, points, kept);
}

function next(state) {
  const onclick = (event) => goToNext(event, state);
  const anchor = make("a", { className: "bookbinder-next", "aria-label": t("next"), onclick });
  const label = wideOrNarrow(t("next"), t("next_short"));
  return live(make("span", {}, anchor), (element) => {
    const target = nextQuestion(state);
    if (target) anchor.href = target.url;
    anchor.replaceChildren(...label);
    element.replaceChildren(target ? anchor : t("all_answered"));
  });
}

function menu(state) {
  const list = make("ul", {}, ...links(state).map((item) => make("li", {}, item)));
  const panel = make("div", {
    className: "bookbinder-menu",
    id: "bookbinder-menu",
    popover: "auto",
  });
  if (state.course) {
    panel.append(make("p", { className: "bookbinder-narrow" }, courseName(state)));
    if (state.course.dates) panel.append(make("p", {}, state.course.dates));
    if (state.questions.length)
      panel.append(figures("this_page", () => state.on_page, "bookbinder-narrow"));
  }
  if (state.progress) panel.append(figures("whole_book", () => state.progress));
  panel.append(list);
  const button = make("button", {
    type: "button",
    "aria-label": state.user,
    popoverTargetElement: panel,
  });
  button.append(...wideOrNarrow(state.user, "☰"));
  return [button, panel];
}

function figures(key, read, className = "") {
  return live(make("p", { className }), (element) => {
    const { points, points_possible: n, ...rest } = read();
    element.textContent = `${t(key)}: ${t("answered", rest)}, ${t("of_points", { points, n })}`;
  });
}

function links({ course, courses, resume, book_url: address, book }) {
  const others = courses.filter((other) => other.pk !== course?.pk);
  const switches = others.map(({ pk, name }) =>
    link(`?course=${pk}`, t("switch", { course: name })),
  );
  const stopped = resume ? [link(resume.url, t("resume", { page: resume.title }))] : [];
  const account = [
    link("/", t("shelf")),
    link("/accounts/", t("account")),
    link("/accounts/logout/", t("sign_out")),
  ];
  return [...stopped, ...switches, link(address, book), ...account];
}

function link(href, text, className = "") {
  return make("a", { href, className }, text);
}

const forms = [...document.querySelectorAll("form.bookbinder-question")];
// The form used last. (It may not have the focus, which passes all forms on its way to the bar.)
let last = null;
for (const form of forms) {
  for (const event of ["input", "submit"]) form.addEventListener(event, () => (last = form));
}

function isOpen(form, state) {
  const question = state.questions.find((asked) => asked.label === form.dataset.label);
  return question?.enabled && question.answer === null;
}

const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;

/** Returns how many of the page's questions come before the reader's position. */
function passed() {
  if (last && isSeen(last.getBoundingClientRect())) return forms.indexOf(last) + 1;
  const next = forms.findIndex((form) => form.getBoundingClientRect().bottom > 0);
  return next < 0 ? forms.length : next;
}

/**
 * Returns the next unanswered question as { url, form }, without `form` on another page. It looks
 * on this page from index `start` on, then on the following pages, then on this page from its
 * beginning. Null if there is none.
 */
function nextQuestion(state, start = 0) {
  const here = (form) => form && { url: `#${form.id}`, form };
  const open = forms.filter((form) => isOpen(form, state));
  const after = open.find((form) => forms.indexOf(form) >= start);
  return here(after) ?? state.next ?? here(open[0]) ?? null;
}

function goToNext(event, state) {
  const target = nextQuestion(state, passed());
  if (!target) return;
  if (!target.form) {
    event.currentTarget.href = target.url;
    return;
  }
  event.preventDefault();
  last = target.form;
  history.replaceState(null, "", target.url);
  target.form.scrollIntoView({ block: "start" });
  target.form.querySelector("[name=answer]").focus({ preventScroll: true });
}
