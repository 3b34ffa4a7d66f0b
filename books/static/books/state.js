import { call, csrfToken, passes } from "./api.js";
import { setTexts, t } from "./texts.js";

// A page is identified by its address alone. A preview is of an edition that is not live.
const PAGE = /^\/books\/([^/]+)\/(.+)\.html$/;
const PREVIEW = /^\/preview\/([^/]+)\/(.+)\.html$/;

/**
 * Resolves to the page's state once there is a connection; null if it has none. That of search
 * results or an index is what the bar shows.
 */
export async function loadState() {
  const preview = location.pathname.match(PREVIEW);
  const page = preview ?? location.pathname.match(PAGE);
  if (!page) return null;
  const api = preview ? `/api/previews/${page[1]}` : "/api";
  let path = preview ? `${api}/state/${page[2]}` : `/api/state/${page[1]}/${page[2]}${wish()}`;
  for (let seconds = 2; ; seconds = Math.min(2 * seconds, 60)) {
    const reply = await call(path);
    if (reply.ok) return complete(reply, { api, path });
    if (reply.status === 404 && !preview && path.startsWith("/api/state/")) {
      path = `/api/bar/${page[1]}${wish()}`;
      continue;
    }
    if (!passes(reply.status)) return null;
    await pause(seconds);
  }
}

function wish() {
  const course = new URLSearchParams(location.search).get("course");
  return course ? `?course=${encodeURIComponent(course)}` : "";
}

function complete({ body, lang }, added) {
  setTexts(body.texts, lang);
  const state = { questions: [], notes: [], courses: [], token: csrfToken(), ...body, ...added };
  // In a preview, answers are graded without a course and not stored.
  if (state.is_preview) state.course = { pk: null, name: t("preview") };
  return state;
}

/** Resolves after some seconds, or earlier if the browser goes online. */
export function pause(seconds) {
  return new Promise((done) => {
    const timer = setTimeout(done, 1000 * seconds);
    const now = () => (clearTimeout(timer), done());
    window.addEventListener("online", now, { once: true });
  });
}

/**
 * Resolves to null if requests still act for this state's person, otherwise to a failed reply.
 * (Signing in changes the CSRF cookie, so most checks need no request.)
 */
export async function objection(state) {
  const token = csrfToken();
  if (token === state.token) return null;
  const reply = await call(state.path);
  if (!reply.ok) return reply;
  if (reply.body.user_pk === state.user_pk) {
    state.token = csrfToken();
    return null;
  }
  return { ok: false, status: 401, body: { code: reply.body.user_pk ? "other" : "nobody" } };
}
