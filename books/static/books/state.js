import { call } from "./api.js";

// A page knows itself by its address alone: /books/<project>/<docname>.html, or
// /preview/<token>/<docname>.html of an edition that is not live.
const PLACE = /^\/books\/([^/]+)\/(.+)\.html$/;
const PREVIEW = /^\/preview\/([^/]+)\/(.+)\.html$/;

/** The page's state, or null where it has none (an index, the search page, no connection). */
export async function loadState() {
  const preview = location.pathname.match(PREVIEW);
  if (preview) return loadPreview(preview[1], preview[2]);
  const place = location.pathname.match(PLACE);
  if (!place) return null;
  const course = new URLSearchParams(location.search).get("course");
  const query = course ? `?course=${encodeURIComponent(course)}` : "";
  const reply = await call(`/api/state/${place[1]}/${place[2]}${query}`);
  return reply.ok ? { ...reply.body, api: "/api" } : null;
}

/** Of a preview: its answers are judged and forgotten, in no course. */
async function loadPreview(token, docname) {
  const api = `/api/previews/${token}`;
  const reply = await call(`${api}/state/${docname}`);
  if (!reply.ok) return null;
  return { ...reply.body, api, course: { pk: null, name: "Preview: not live, nothing is kept" }, courses: [], notes: [] };
}
