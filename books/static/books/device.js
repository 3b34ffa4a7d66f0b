// What is kept on this device or, if the browser does not allow that, until the page is closed.

const PREFIX = "bookbinder:";
const memory = new Map();

function tried(work, otherwise) {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

/** Keeps a value that JSON can express. */
export function keep(key, value) {
  const text = JSON.stringify(value);
  memory.delete(key);
  const isKept = tried(() => localStorage.setItem(PREFIX + key, text) ?? true, false);
  if (!isKept) memory.set(key, text);
}

/** Returns the value that is kept at a key, or null. */
export function kept(key) {
  const text = memory.get(key) ?? tried(() => localStorage.getItem(PREFIX + key), null);
  return text ? tried(() => JSON.parse(text), null) : null;
}

export function forget(key) {
  memory.delete(key);
  tried(() => localStorage.removeItem(PREFIX + key));
}

/** Returns all values that are kept at keys beginning with `start`. */
export function allKept(start) {
  const stored = tried(() => Object.keys(localStorage), []).filter((key) => key.startsWith(PREFIX));
  const keys = new Set([...stored.map((key) => key.slice(PREFIX.length)), ...memory.keys()]);
  return [...keys]
    .filter((key) => key.startsWith(start))
    .map(kept)
    .filter(Boolean);
}

// The key contains the person, so that a draft is never shown to somebody else.
const keyOf = (state, label, path) => `draft:${state.user_pk}:${path}:${label}`;

/** Returns the draft of an answer, { answer, why }, or null. */
export function draftOf(state, label, path = location.pathname) {
  return state.user_pk ? kept(keyOf(state, label, path)) : null;
}

/** Keeps a draft; null removes it. `why` says why an answer already sent was refused. */
export function keepDraft(state, label, answer, { path = location.pathname, why } = {}) {
  if (!state.user_pk) return;
  if (answer === null) forget(keyOf(state, label, path));
  else keep(keyOf(state, label, path), { answer, why });
}

/** Removes the draft of an answer that was sent, unless the draft has changed since. */
export function draftWasSent(state, label, answer) {
  const draft = draftOf(state, label);
  if (draft && JSON.stringify(draft.answer) === JSON.stringify(answer))
    keepDraft(state, label, null);
}
