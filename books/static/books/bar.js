import { make, signInAddress } from "./dom.js";
import { waiting } from "./outbox.js";
import { onThisPage } from "./progress.js";
import { t, textLanguage } from "./texts.js";
import { goToNext, nextQuestion } from "./next.js";

const tools = make("span", { className: "bookbinder-tools" });

/** Adds a button of another module to the bar. */
export function addToBar(element) {
  tools.append(element);
}

/** The bar that belongs to Book Binder: course, progress, points, what is next, account. */
export function showBar(state) {
  const bar = make("nav", { className: "bookbinder-bar", id: "bookbinder-bar", lang: textLanguage(), tabIndex: -1 });
  bar.dataset.annotSkip = "";
  bar.setAttribute("aria-label", t("bar"));
  bar.append(...(state ? parts(state) : [link("/", t("shelf"))]));
  // The bar stands last, so that the theme's own way by keyboard stays as it is.
  const skip = make("a", { className: "bookbinder-skip", href: "#bookbinder-bar", lang: textLanguage() }, t("to_bar"));
  skip.dataset.annotSkip = "";
  document.body.prepend(skip);
  document.body.append(bar);
}

function parts(state) {
  const place = state.course
    ? make("span", { className: "bookbinder-course" }, courseName(state))
    : link(state.book_url, state.book, "bookbinder-course");
  if (!state.user) return [place, tools, link(signInAddress(), t("sign_in"))];
  const shown = state.course && state.questions.length ? [progress(state), next(state)] : [];
  return [place, ...shown, tools, ...menu(state)];
}

function courseName({ course, is_test: isTest }) {
  return isTest ? t("test_student", { course: course.name }) : course.name;
}

/** Keeps a text of the bar true. */
function live(element, update) {
  update(element);
  document.addEventListener("bookbinder:changed", () => update(element));
  return element;
}

function progress(state) {
  const meter = live(make("progress", { "aria-label": t("this_page") }), (one) => {
    const { answered, questions } = onThisPage(state);
    Object.assign(one, { max: questions || 1, value: answered });
  });
  const answered = live(make("span", { className: "bookbinder-answered" }), (one) => {
    one.textContent = t("answered", onThisPage(state));
  });
  const points = live(make("span"), (one) => {
    const { points, points_possible: n } = onThisPage(state);
    one.textContent = t("of_points", { points, n });
  });
  const kept = live(make("span", { className: "bookbinder-waits" }), (one) => {
    const n = waiting().length;
    one.textContent = n ? t("n_waiting", { n }) : "";
  });
  return make("span", { className: "bookbinder-progress" }, meter, answered, points, kept);
}

function next(state) {
  const anchor = make("a", { className: "bookbinder-next", onclick: (event) => goToNext(event, state) });
  const label = wideOrNarrow(t("next"), t("next_short"));
  return live(make("span", {}, anchor), (one) => {
    const found = nextQuestion(state);
    if (found) anchor.href = found.url;
    anchor.replaceChildren(...label);
    one.replaceChildren(found ? anchor : t("all_answered"));
  });
}

function menu(state) {
  const list = make("ul", {}, ...links(state).map((one) => make("li", {}, one)));
  const panel = make("div", { className: "bookbinder-menu", id: "bookbinder-menu", popover: "auto" });
  if (state.course) panel.append(make("p", { className: "bookbinder-narrow" }, courseName(state)));
  if (state.progress) panel.append(live(make("p"), (one) => (one.textContent = wholeBook(state))));
  panel.append(list);
  const button = make("button", { type: "button", "aria-label": state.user, popoverTargetElement: panel });
  button.append(...wideOrNarrow(state.user, "☰"));
  return [button, panel];
}

/** A text for a wide window, and one for a narrow one. */
export function wideOrNarrow(wide, narrow) {
  return [make("span", { className: "bookbinder-wide" }, wide), make("span", { className: "bookbinder-narrow" }, narrow)];
}

function wholeBook({ progress: { answered, questions, points, points_possible: n } }) {
  return `${t("whole_book")} ${t("answered", { answered, questions })}, ${t("of_points", { points, n })}`;
}

function links({ course, courses, resume, book_url: address, book }) {
  const others = courses.filter((one) => one.pk !== course?.pk);
  const switches = others.map(({ pk, name }) => link(`?course=${pk}`, t("switch", { course: name })));
  const stopped = resume ? [link(resume.url, t("resume", { page: resume.title }))] : [];
  const account = [link("/", t("shelf")), link("/accounts/email/", t("account")), link("/accounts/logout/", t("sign_out"))];
  return [...stopped, ...switches, link(address, book), ...account];
}

function link(href, text, className = "") {
  return make("a", { href, className }, text);
}
