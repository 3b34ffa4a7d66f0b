import { loadState } from "./state.js";
import { connectQuestions } from "./question.js";
import { showBar } from "./bar.js";

const arriving = loadState();
connectQuestions(arriving);
showBar(await arriving);
