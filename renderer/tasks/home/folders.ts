import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from '../../state/persist.ts';
import type { PathKind } from '../../state/pick-path.ts';

interface Folders {
  readonly folders: Partial<Record<PathKind, string>>;
  keep(kind: PathKind, path: string): void;
}

/** Where the file browser was last, for each kind of file. */
export const useFolders = create<Folders>()(
  persist(
    (set, get) => ({
      folders: {},
      keep: (kind, path) => set({ folders: { ...get().folders, [kind]: path } }),
    }),
    keptAs('folders', { version: 1, keep: ({ folders }) => ({ folders }) }),
  ),
);
