// What is kept on this device. Where the browser refuses (its settings, no room), for this page's life.

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
  tried(() => localStorage.setItem(PREFIX + key, text) ?? true, false) || memory.set(key, text);
}

export function kept(key) {
  const text = memory.get(key) ?? tried(() => localStorage.getItem(PREFIX + key), null);
  return text ? tried(() => JSON.parse(text), null) : null;
}

export function forget(key) {
  memory.delete(key);
  tried(() => localStorage.removeItem(PREFIX + key));
}

/** All that is kept under keys which begin with `start`. */
export function allKept(start) {
  const stored = tried(() => Object.keys(localStorage), []).filter((key) => key.startsWith(PREFIX));
  const keys = new Set([...stored.map((key) => key.slice(PREFIX.length)), ...memory.keys()]);
  return [...keys].filter((key) => key.startsWith(start)).map(kept).filter(Boolean);
}
