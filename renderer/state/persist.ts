/** Keeps small interface state in localStorage, under one prefix; a full or forbidden storage only forgets. */
const PREFIX = 'lapidary.';

/** The kept value, or the fallback where nothing readable of the same kind is kept. */
export function readKept<T extends object>(key: string, fallback: T): T {
  try {
    const text = globalThis.localStorage?.getItem(PREFIX + key);
    if (text === null || text === undefined) return fallback;
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fallback;
    return { ...fallback, ...value };
  } catch {
    return fallback;
  }
}

/** Keeps a value; what cannot be kept is forgotten at the next start. */
export function keep(key: string, value: object): void {
  try {
    globalThis.localStorage?.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Private windows and full storages refuse: the studio works on, it only forgets its layout.
  }
}
