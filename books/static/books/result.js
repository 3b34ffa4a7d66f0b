import { call } from "./api.js";
import { make, wideOrNarrow, withTexts } from "./dom.js";
import { typeset } from "./typesetting.js";
import { moment, t } from "./texts.js";
import { widgetOf } from "./widgets/index.js";

/**
 * Shows points and feedback below a question. `isFresh`: they reply to an answer just given. If
 * another attempt counts, or somebody has set the points, `score` differs from them.
 */
export function showResult(form, result, { isFresh }) {
  const { points, points_possible: n, feedback, score = points, reasons = [] } = result;
  const parts = [pointsLine(points, n)];
  const why = reasons.length ? [sentence(reasons.join("; "))] : [];
  if (score !== points && score !== null) why.unshift(t("counting", { points: score, n }));
  if (why.length) parts.push(note(why.join(" · ")));
  if (feedback) {
    const reply = feedbackOf(feedback);
    parts.push(isFresh ? reply : folded(t("feedback"), () => reply));
    if (isFresh) typeset(reply);
  }
  say(form, parts, { isFresh });
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Puts parts into a question's live region. They are announced only if `isFresh`. */
export function say(form, parts, { isFresh = true } = {}) {
  const result = form.querySelector(".bookbinder-result");
  // Otherwise screen readers would read out all earlier results when the page opens.
  if (isFresh) result.removeAttribute("aria-live");
  else result.setAttribute("aria-live", "off");
  result.replaceChildren(...parts);
}

export function note(...children) {
  return withTexts("p", "bookbinder-note", ...children);
}

const VERDICTS = { all: "correct", some: "partly_correct", none: "incorrect" };

/** Says whether an answer is correct, with its points unless they are left out. */
export function pointsLine(points, possible, { isShort = false } = {}) {
  const kind = earned(points, possible);
  const line = withTexts("p", "bookbinder-points");
  line.dataset.earned = kind;
  if (kind === "later") {
    line.append(t("received"));
    return line;
  }
  // If a question is worth nothing, its points do not tell what is correct.
  if (possible > 0) line.append(make("strong", {}, t(VERDICTS[kind])), " ");
  if (!isShort) line.append(...pointsOf(points, possible));
  return line;
}

function pointsOf(points, n) {
  return wideOrNarrow(t("of_points", { points, n }), t("points_short", { points, all: n }));
}

function earned(points, possible) {
  if (points === null) return "later";
  if (points >= possible) return "all";
  return points > 0 ? "some" : "none";
}

function feedbackOf(html) {
  const feedback = make("div", { className: "bookbinder-feedback" });
  // It was rendered by the author's build or sanitised by the server.
  feedback.innerHTML = html;
  return feedback;
}

/** Creates a collapsed element. `content` is called to fill it when it is first opened. */
function folded(title, content) {
  const details = make("details", {}, withTexts("summary", "", title));
  const open = async () => {
    const part = await content();
    details.append(part);
    typeset(part);
  };
  details.addEventListener("toggle", open, { once: true });
  return details;
}

/** Shows the attempts made and left below a question, and other notes. */
export function showAttempts(form, question, state, ...notes) {
  const parts = [];
  const { attempts, attempts_left: left } = question;
  if (attempts > 1)
    parts.push(
      folded(t("attempts", { count: attempts }), () => attemptsList(form, question, state)),
    );
  if (left !== null && left !== undefined)
    parts.push(note(left ? t("left", { n: left }) : t("none_left")));
  let line = form.querySelector(".bookbinder-attempts");
  // A page that was built with an older extension does not have it.
  if (!line)
    form.append((line = make("div", { className: "bookbinder-attempts", "data-annot-skip": "" })));
  line.replaceChildren(...parts, ...notes);
}

async function attemptsList(form, question, state) {
  const query = state.course.pk ? `?course=${state.course.pk}` : "";
  const reply = await call(`${state.api}/questions/${question.pk}/attempts${query}`);
  if (!reply.ok) return note(t("try_again"));
  const list = make("ol", { reversed: true });
  for (const { answer, points, feedback, at, notes, comment } of reply.body) {
    const time = make("time", { dateTime: at }, moment(at));
    const given = make("blockquote", {}, widgetOf(form).words(form, answer));
    list.append(make("li", {}, time, given, pointsLine(points, question.points_possible)));
    const said = [...notes, comment].filter(Boolean);
    if (said.length) list.lastChild.append(note(sentence(said.join(": "))));
    if (feedback) list.lastChild.append(feedbackOf(feedback));
  }
  return list;
}
