import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from './persist.ts';

interface GroundStore {
  /** Circumstances that numbers without data (latency) are compared under, by key; null: those that most trials share. */
  readonly run: string | null;
  /** The same for numbers that need data (accuracy). */
  readonly data: string | null;
}

/** Which circumstances trials are compared under, in Trade-off and Compare alike. */
export const useGround = create<GroundStore>()(
  persist((): GroundStore => ({ run: null, data: null }), keptAs('ground', { version: 1, keep: (ground) => ground })),
);
