import { loadState } from "./state.js";
import { connectQuestions } from "./question.js";
import { showBar } from "./bar.js";

const state = await loadState();
connectQuestions(state);
showBar(state);
