import { announce } from "../books/announce.js";
import { addToBar } from "../books/bar.js";
import { make, wideOrNarrow } from "../books/dom.js";
import { t } from "../books/texts.js";
import { isWriting, write } from "./note_form.js";
import { modeButton } from "./mode.js";
import { closePanel, isOpen, makePanel, openNamed, openPanel } from "./panel.js";
import { show } from "./passages.js";
import { connectSelecting } from "./selecting.js";
import { add, annotation, hasMore, loadMore, problem, roots, start } from "./page_notes.js";

/** Sets up notes and highlights on the page, for readers with an account. */
export function connectNotes(state) {
  if (!state?.user_pk || !state.page) return;
  start(state);
  makePanel();
  const open = (notes, from) => openPanel({ notes, from });
  const list = make("button", { type: "button", "aria-controls": "bookbinder-notes" });
  list.addEventListener("click", () => (isOpen() ? closePanel() : openPanel({ from: list })));
  const update = () => {
    show(open);
    const n = hasMore() ? `${roots().length}+` : roots().length;
    list.setAttribute("aria-label", t("n_notes", { n }));
    list.replaceChildren(...wideOrNarrow(t("n_notes", { n }), `✎ ${n}`));
  };
  document.addEventListener("bookbinder:notes", update);
  addToBar(list);
  addToBar(modeButton(writeOnBlock));
  connectSelecting({ write: (target) => write({ target }), highlight, open });
  update();
  loadMore();
  openNamed();
  window.addEventListener("hashchange", openNamed);
}

async function writeOnBlock(part, block) {
  await write(part);
  // Unless the browser has given the focus back, or the reader has gone on, to another form say.
  const isNowhere = document.activeElement === document.body;
  if (isNowhere && !isWriting()) block.focus({ preventScroll: true });
}

async function highlight(target) {
  const reply = await add(annotation({ motivation: "highlighting", target, audience: "private" }));
  announce(reply.ok ? t("highlighted") : problem(reply));
  if (!reply.ok) alert(problem(reply));
}
