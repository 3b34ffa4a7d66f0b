import { announce } from "../books/announce.js";
import { make, wideOrNarrow, withTexts } from "../books/dom.js";
import { t } from "../books/texts.js";
import { blocksOf, CONTROLS, partOf } from "./passages.js";

// Note mode: arrow keys move between blocks, Enter or a click opens the form, Escape leaves. When
// it is off, there are no additional tab stops on the page, and keys and clicks do nothing special.

let blocks = [];
let at = 0;
let toggle = null;
let help = null;
let write = null;

/** Returns the button for note mode. `then` is called with the part and the block to write on. */
export function modeButton(then) {
  write = then;
  toggle = make(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      "aria-label": t("note_mode"),
      onclick: () => (isOn() ? leave() : enter()),
    },
    ...wideOrNarrow(t("note_mode"), "¶"),
  );
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  return toggle;
}

export function isOn() {
  return toggle.getAttribute("aria-pressed") === "true";
}

function enter() {
  blocks = blocksOf();
  if (!blocks.length) return;
  toggle.setAttribute("aria-pressed", "true");
  document.documentElement.classList.add("bookbinder-note-mode");
  const inView = blocks.findIndex((block) => block.getBoundingClientRect().bottom > 0);
  announce(t("note_mode_on"));
  showHelp();
  move(Math.max(inView, 0));
}

function showHelp() {
  const close = make("button", { type: "button", onclick: leave }, t("note_mode_leave"));
  help = withTexts("div", "bookbinder-mode-help", make("span", {}, t("note_mode_on")), close);
  help.dataset.annotSkip = "";
  document.body.append(help);
}

function leave() {
  toggle.setAttribute("aria-pressed", "false");
  document.documentElement.classList.remove("bookbinder-note-mode");
  unmark();
  help.remove();
  toggle.focus();
  announce(t("note_mode_off"));
}

function unmark() {
  blocks[at]?.classList.remove("bookbinder-block");
}

function move(to) {
  unmark();
  at = Math.min(Math.max(to, 0), blocks.length - 1);
  const block = blocks[at];
  block.classList.add("bookbinder-block");
  if (!block.hasAttribute("tabindex")) block.tabIndex = -1;
  block.focus({ preventScroll: true });
  block.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  const isElsewhere =
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.target.closest("dialog, input, textarea, select");
  if (!isOn() || isElsewhere) return;
  const onBlock = event.target === blocks[at];
  if (event.key === "Escape") leave();
  else if (event.key === "ArrowDown") move(at + 1);
  else if (event.key === "ArrowUp") move(at - 1);
  else if (event.key === "Enter" && onBlock) open(blocks[at]);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const block = isOn() && getSelection().isCollapsed && blockOf(event.target);
  if (!block) return;
  move(blocks.indexOf(block));
  open(block);
}

/** Returns the block that is meant by a click on an element, or undefined. */
function blockOf(element) {
  if (element.closest(`${CONTROLS}, [data-annot-skip]`)) return;
  return blocks.find((block) => block.contains(element));
}

function open(block) {
  const part = partOf(block);
  if (part) write(part, block);
}
