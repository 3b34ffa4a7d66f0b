import { typeset } from "../typesetting.js";

// Shows a reply as students will see it, beside the Markdown that is being written.

const PAUSE = 300; // milliseconds without input before the reply is requested

const waiting = new WeakMap();

document.addEventListener("input", (event) => {
  const area = event.target;
  if (!area.matches?.("textarea.bookbinder-reply")) return;
  clearTimeout(waiting.get(area));
  waiting.set(
    area,
    setTimeout(() => show(area), PAUSE),
  );
});

async function show(area) {
  const text = area.value;
  const form = area.closest("form");
  const data = new FormData();
  data.set("text", text);
  data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  // Relative to /admin/books/question/<pk>/change/
  const address = new URL("../../render/", location.href);
  const reply = await fetch(address, { method: "POST", body: data, credentials: "same-origin" });
  if (!reply.ok || area.value !== text) return;
  // Rendered and sanitised by the server.
  const shown = area.closest("tr").querySelector(".bookbinder-shown");
  shown.innerHTML = await reply.text();
  typeset(shown);
}

typeset(document.body);
