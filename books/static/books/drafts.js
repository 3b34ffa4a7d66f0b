import { forget, keep, kept } from "./store.js";

// What was written and not sent, by person and question: never another person's.

const keyOf = (state, label, path) => `draft:${state.user_pk}:${path}:${label}`;

/** The draft as { answer, why }; null where there is none. */
export function draftOf(state, label, path = location.pathname) {
  return state.user_pk ? kept(keyOf(state, label, path)) : null;
}

/** Keeps what is written now; `why` tells what came of it, if it has been sent and not taken. */
export function keepDraft(state, label, answer, { path = location.pathname, why } = {}) {
  if (!state.user_pk) return;
  if (answer === null) forget(keyOf(state, label, path));
  else keep(keyOf(state, label, path), { answer, why });
}

/** Forgets a draft that has been sent, unless more was written since. */
export function draftWasSent(state, label, answer) {
  const draft = draftOf(state, label);
  if (draft && JSON.stringify(draft.answer) === JSON.stringify(answer)) keepDraft(state, label, null);
}
