// What is kept on this device; where the browser refuses, for this page's life.

const PREFIX = "bookbinder:";
const memory = new Map();

function tried(work, otherwise) {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

export function keep(key, value) {
  const text = JSON.stringify(value);
  memory.delete(key);
  const isKept = tried(() => localStorage.setItem(PREFIX + key, text) ?? true, false);
  if (!isKept) memory.set(key, text);
}

export function kept(key) {
  const text = memory.get(key) ?? tried(() => localStorage.getItem(PREFIX + key), null);
  return text ? tried(() => JSON.parse(text), null) : null;
}

export function forget(key) {
  memory.delete(key);
  tried(() => localStorage.removeItem(PREFIX + key));
}

export function allKept(start) {
  const stored = tried(() => Object.keys(localStorage), []).filter((key) => key.startsWith(PREFIX));
  const keys = new Set([...stored.map((key) => key.slice(PREFIX.length)), ...memory.keys()]);
  return [...keys]
    .filter((key) => key.startsWith(start))
    .map(kept)
    .filter(Boolean);
}

// Drafts are kept by person and question: never shown to another person.
const keyOf = (state, label, path) => `draft:${state.user_pk}:${path}:${label}`;

export function draftOf(state, label, path = location.pathname) {
  return state.user_pk ? kept(keyOf(state, label, path)) : null;
}

/** `why` tells why it was not taken, if it has been sent. */
export function keepDraft(state, label, answer, { path = location.pathname, why } = {}) {
  if (!state.user_pk) return;
  if (answer === null) forget(keyOf(state, label, path));
  else keep(keyOf(state, label, path), { answer, why });
}

/** Forgets what was sent, unless more was written since. */
export function draftWasSent(state, label, answer) {
  const draft = draftOf(state, label);
  if (draft && JSON.stringify(draft.answer) === JSON.stringify(answer))
    keepDraft(state, label, null);
}
