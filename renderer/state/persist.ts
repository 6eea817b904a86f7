import type { PersistOptions, PersistStorage, StorageValue } from 'zustand/middleware';

/** Small interface state is kept in localStorage under one prefix. */
const PREFIX = 'lapidary.';

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
        return readKept<P>(globalThis.localStorage?.getItem(name) ?? null);
      } catch {
        return null;
      }
    },
    setItem: (name, value) => {
      try {
        globalThis.localStorage?.setItem(name, JSON.stringify(value));
      } catch {
        // Private windows and full storages refuse: the studio works on, it only forgets its layout.
      }
    },
    removeItem: (name) => {
      try {
        globalThis.localStorage?.removeItem(name);
      } catch {
        // As above.
      }
    },
  };
}

/** A kept text as zustand's envelope; Lapidary 0.1 kept the bare state, which is version 0. Null where it cannot be read. */
export function readKept<P>(text: string | null): StorageValue<P> | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return 'state' in value && 'version' in value ? (value as StorageValue<P>) : { state: value as P, version: 0 };
}
