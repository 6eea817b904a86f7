import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from './persist.ts';

interface Last {
  /** The model that was open, null when it was closed; absent: nothing was ever kept here. */
  readonly modelId?: string | null;
}

/** What was open in this browser before a reload. */
export const useLast = create<Last>()(persist((): Last => ({}), keptAs('last', { version: 1, keep: (last) => last })));
