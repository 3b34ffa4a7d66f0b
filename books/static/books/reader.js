import { connectNotes } from "../annotations/notes.js";
import { showBar } from "./bar.js";
import { connectQuestions } from "./question.js";
import { loadState } from "./state.js";

const arriving = loadState();
connectQuestions(arriving);
showBar(await arriving);
connectNotes(await arriving);
