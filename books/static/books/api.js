// The one place that calls fetch.

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

/** Resolves to { ok, status, body }; status 0 where there was no connection. */
export async function call(path, { method = "GET", data } = {}) {
  const headers = { Accept: "application/json" };
  if (data !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["X-CSRFToken"] = csrfToken();
  }
  try {
    const body = data === undefined ? undefined : JSON.stringify(data);
    const response = await fetch(path, { method, headers, body, credentials: "same-origin" });
    const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
    return { ok: response.ok, status: response.status, body: isJson ? await response.json() : null };
  } catch {
    return { ok: false, status: 0, body: null };
  }
}
