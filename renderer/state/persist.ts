import type { PersistOptions, PersistStorage, StorageValue } from 'zustand/middleware';

/** Small interface state is kept in localStorage under one prefix, and by the workspace: see `keepSettings`. */
export const PREFIX = 'lapidary.';

interface KeptState<S, P> {
  /** Grows when what is kept changes its shape. */
  readonly version: number;
  /** The part of the state that is kept. */
  readonly keep: (state: S) => P;
  /** What is kept, from what an older version kept; version 0 is Lapidary 0.1. Absent: the shapes are the same. */
  readonly migrate?: (old: Record<string, unknown>, version: number) => P;
}

/** Options of zustand's `persist` for a store of the window: versioned, and a full or forbidden storage only forgets. */
export function keptAs<S, P>(key: string, { version, keep, migrate }: KeptState<S, P>): PersistOptions<S, P> {
  return {
    name: PREFIX + key,
    version,
    partialize: keep,
    migrate: (old, from) => (migrate === undefined ? (old as P) : migrate(old as Record<string, unknown>, from)),
    storage: safeStorage<P>(),
  };
}

function safeStorage<P>(): PersistStorage<P> {
  return {
    getItem: (name) => {
      try {
        return readKept<P>(readText(name));
      } catch {
        return null;
      }
    },
    setItem: (name, value) => keep(name, JSON.stringify(value)),
    removeItem: (name) => keep(name, null),
  };
}

let tell: (name: string, text: string | null) => void = () => undefined;

/** Who else is told of everything that is kept from now on; null: it is kept no more. */
export function tellKept(listener: (name: string, text: string | null) => void): void {
  tell = listener;
}

function keep(name: string, text: string | null): void {
  if (readText(name) === text) return;
  writeText(name, text);
  tell(name, text);
}

/** What this browser keeps under a name; null: nothing. */
export function readText(name: string): string | null {
  try {
    return globalThis.localStorage?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

/** Keeps a text in this browser. @param text null: nothing more */
export function writeText(name: string, text: string | null): void {
  try {
    if (text === null) globalThis.localStorage?.removeItem(name);
    else globalThis.localStorage?.setItem(name, text);
  } catch {
    // Private windows and full storages refuse: the studio works on, it only forgets its layout.
  }
}

/** Everything that this browser keeps of the studio. */
export function keptNames(): readonly string[] {
  try {
    return Object.keys(globalThis.localStorage ?? {}).filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** A kept text as zustand's envelope; Lapidary 0.1 kept the bare state, which is version 0. Null where it cannot be read. */
export function readKept<P>(text: string | null): StorageValue<P> | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return 'state' in value && 'version' in value ? (value as StorageValue<P>) : { state: value as P, version: 0 };
}
