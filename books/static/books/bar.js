import { pointsText } from "./question.js";

/** The bar that belongs to Book Binder: book, course, points on this page, account. */
export function showBar(state) {
  const bar = document.createElement("nav");
  bar.className = "bookbinder-bar";
  bar.dataset.annotSkip = "";
  bar.setAttribute("aria-label", "Book Binder");
  if (!state) {
    bar.append(link("/", "Bookshelf"));
  } else {
    bar.append(link(state.book_url, state.book));
    if (state.courses.length > 1) bar.append(chooser(state));
    else if (state.course) bar.append(text(state.is_test ? `${state.course.name} (test student)` : state.course.name));
    const points = text("");
    const count = () => (points.textContent = total(state.questions));
    count();
    document.addEventListener("bookbinder:answered", count);
    if (state.course && state.questions.length) bar.append(points);
    const next = encodeURIComponent(location.pathname);
    bar.append(state.user ? link("/", "Bookshelf") : link(`/accounts/login/?next=${next}`, "Sign in"));
  }
  document.body.append(bar);
}

function total(questions) {
  const sum = (values) => Math.round(values.reduce((all, one) => all + (one ?? 0), 0) * 100) / 100;
  const possible = sum(questions.map((question) => question.points_possible));
  return `${sum(questions.map((question) => question.points))} of ${pointsText(possible)}`;
}

function chooser(state) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", "Course");
  for (const course of state.courses) {
    select.append(new Option(course.name, course.pk, false, course.pk === state.course?.pk));
  }
  select.addEventListener("change", () => {
    location.search = `?course=${select.value}`;
  });
  return select;
}

function link(href, name) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = name;
  return anchor;
}

function text(content) {
  const span = document.createElement("span");
  span.textContent = content;
  return span;
}
