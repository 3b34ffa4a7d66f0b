import { call } from "./api.js";

// A page knows itself by its address alone: /books/<project>/<docname>.html
const PLACE = /^\/books\/([^/]+)\/(.+)\.html$/;

/** The page's state, or null where it has none (an index, the search page, no connection). */
export async function loadState() {
  const place = location.pathname.match(PLACE);
  if (!place) return null;
  const course = new URLSearchParams(location.search).get("course");
  const query = course ? `?course=${encodeURIComponent(course)}` : "";
  const reply = await call(`/api/state/${place[1]}/${place[2]}${query}`);
  return reply.ok ? reply.body : null;
}
