import { connectNotes } from "../annotations/notes.js";
import { showBar } from "./bar.js";
import { connectQuestions } from "./question.js";
import { loadState } from "./state.js";

// All modules that those import, so that the browser requests all of them at once.
import "../annotations/colours.js";
import "../annotations/note_form.js";
import "../annotations/highlight.js";
import "../annotations/mode.js";
import "../annotations/panel.js";
import "../annotations/passages.js";
import "../annotations/selecting.js";
import "../annotations/page_notes.js";
import "../annotations/text.js";
import "./announce.js";
import "./api.js";
import "./dom.js";
import "./outbox.js";
import "./progress.js";
import "./result.js";
import "./device.js";
import "./texts.js";
import "./widgets/choice.js";
import "./widgets/index.js";
import "./widgets/text.js";

const arriving = loadState();
connectQuestions(arriving);
showBar(await arriving);
connectNotes(await arriving);
