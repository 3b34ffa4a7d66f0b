import { connectNotes } from "../annotations/notes.js";
import { showBar } from "../books/bar.js";
import { followFormerLabels } from "../books/former_labels.js";
import { connectQuestions } from "../books/question.js";
import { loadState } from "../books/state.js";
import { typesetWithoutMathJax } from "../books/typesetting.js";

// All modules that those import, so that the browser requests all of them at once.
import "../annotations/beside.js";
import "../annotations/colours.js";
import "../annotations/note_form.js";
import "../annotations/highlight.js";
import "../annotations/mode.js";
import "../annotations/panel.js";
import "../annotations/passages.js";
import "../annotations/selecting.js";
import "../annotations/page_notes.js";
import "../annotations/text.js";
import "../books/announce.js";
import "../books/api.js";
import "../books/dom.js";
import "../books/outbox.js";
import "../books/progress.js";
import "../books/result.js";
import "../books/device.js";
import "../books/texts.js";
import "../books/typesetting.js";
import "../books/widgets/choice.js";
import "../books/widgets/index.js";
import "../books/widgets/text.js";

const arriving = loadState();
connectQuestions(arriving);
typesetWithoutMathJax();
const state = await arriving;
showBar(state);
connectNotes(state);
followFormerLabels(state?.questions ?? []);
