// All requests of the reader's scripts are sent from here.

export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

/**
 * Sends a request. Resolves to { ok, status, body, etag, lang, wait }: `body` is the parsed JSON or
 * null, `lang` the language of its texts, `wait` the seconds after which to send it again if the
 * server says so, otherwise 0, and `status` is 0 if there is no connection.
 */
export async function call(path, { method = "GET", data, headers = {} } = {}) {
  const sent = {
    Accept: "application/json",
    "Accept-Language": document.documentElement.lang || "en",
  };
  if (method !== "GET") sent["X-CSRFToken"] = csrfToken();
  if (data !== undefined) sent["Content-Type"] = "application/json";
  const body = data === undefined ? undefined : JSON.stringify(data);
  try {
    const reply = await fetch(path, {
      method,
      headers: { ...sent, ...headers },
      // Undefined if there is no data to send.
      // oxlint-disable-next-line unicorn/no-invalid-fetch-options
      body,
      credentials: "same-origin",
    });
    const { ok, status, headers: received } = reply;
    const isJson = /^application\/(.+\+)?json/.test(received.get("Content-Type") ?? "");
    return {
      ok,
      status,
      body: isJson ? await reply.json() : null,
      etag: received.get("ETag"),
      lang: received.get("Content-Language"),
      wait: Number(received.get("Retry-After")) || 0,
    };
  } catch {
    return { ok: false, status: 0, body: null, etag: null, lang: null, wait: 0 };
  }
}

/** Whether a call that failed with this status may succeed later. */
export function passes(status) {
  return status === 0 || status === 429 || status >= 500;
}
