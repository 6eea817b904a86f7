import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs, readKept } from '../../../../renderer/state/persist.ts';

interface State {
  readonly size: number;
  readonly passing: string;
}

const kept = new Map<string, string>();

/** A store whose size is kept; version 2 keeps pixels where version 0 kept rows of 20. */
function makeStore() {
  return create<State>()(
    persist(
      (): State => ({ size: 100, passing: '' }),
      keptAs('case', {
        version: 2,
        keep: ({ size }) => ({ size }),
        migrate: (old, version) => ({ size: version === 0 ? Number(old['rows']) * 20 : Number(old['size']) }),
      }),
    ),
  );
}

beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('kept state', () => {
  it('comes back after a restart, without what is not to be kept', () => {
    makeStore().setState({ size: 7, passing: 'gone' });
    expect(JSON.parse(kept.get('lapidary.case')!)).toEqual({ state: { size: 7 }, version: 2 });
    expect(makeStore().getState()).toEqual({ size: 7, passing: '' });
  });

  it('of version 0.1, which kept the bare state, is carried over', () => {
    kept.set('lapidary.case', JSON.stringify({ rows: 3 }));
    expect(makeStore().getState().size).toBe(60);
  });

  it('that cannot be read or written is forgotten', () => {
    kept.set('lapidary.case', '{');
    expect(makeStore().getState().size).toBe(100);
    vi.stubGlobal('localStorage', {
      getItem: () => {
        throw new Error('denied');
      },
      setItem: () => {
        throw new Error('full');
      },
    });
    const store = makeStore();
    store.setState({ size: 1 });
    expect(store.getState().size).toBe(1);
    expect(readKept('[1]')).toBeNull();
  });
});
