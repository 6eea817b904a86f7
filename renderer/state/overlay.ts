import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keptAs } from './persist.ts';

/** What the layers of the graph can be coloured by. */
export const OVERLAYS = [
  'none',
  'time',
  'memory',
  'macs',
  'sparsity',
  'kept',
  'sensitivity',
  'error',
  'dtype',
] as const;
export type OverlayMetric = (typeof OVERLAYS)[number];

export const OVERLAY_TITLES: Readonly<Record<OverlayMetric, string>> = {
  none: 'None',
  time: 'Time',
  memory: 'Memory',
  macs: 'MACs',
  sparsity: 'Sparsity',
  kept: 'Kept',
  sensitivity: 'Sensitivity',
  error: 'Error',
  dtype: 'dtype',
};

/** Values by layer name, with what a legend must say about them. */
export interface OverlayData {
  readonly metric: OverlayMetric;
  /** "Time", "SQNR" … */
  readonly title: string;
  /** "ms", "MACs", "%", "dB", ''. */
  readonly unit: string;
  /** Where the numbers come from: "profile of baseline, CPU, 2 threads". */
  readonly source: string;
  /** Drawn with ≈ when true. */
  readonly predicted: boolean;
  /** Numbers for magnitudes, text for categories (dtype); a text among magnitudes is written but not coloured. */
  readonly values: ReadonlyMap<string, number | string>;
  /** True when small values are the bad ones (SQNR): the colour map is turned round. */
  readonly lowIsBad: boolean;
  /** Where low is bad: from this number on all is as good; colours end there. */
  readonly bestAt?: number;
  /** What else is to say of a layer: why its channels are frozen. */
  readonly notes?: ReadonlyMap<string, string>;
  /** Which channels of a layer stay (1) and go (0), in their order. */
  readonly strips?: ReadonlyMap<string, Uint8Array>;
  /** By layer: those that change with it, which light up as one. */
  readonly together?: ReadonlyMap<string, ReadonlySet<string>>;
}

interface OverlayStore {
  readonly metric: OverlayMetric;
  readonly scale: 'linear' | 'log';
  /** Limits of the colour scale set by hand; null: from the data. */
  readonly domain: readonly [number, number] | null;
  /** A prediction that a task shows instead of the measured values of the same metric (the pruning slider's sparsity). */
  readonly live: OverlayData | null;
  setMetric(metric: OverlayMetric): void;
  setScale(scale: 'linear' | 'log'): void;
  setDomain(domain: readonly [number, number] | null): void;
  setLive(live: OverlayData | null): void;
}

/** The overlay of the graph: the point of the whole window. */
export const useOverlay = create<OverlayStore>()(
  persist(
    (set) => ({
      metric: 'none',
      scale: 'linear',
      domain: null,
      live: null,
      setMetric: (metric) => set({ metric, domain: null }),
      setScale: (scale) => set({ scale }),
      setDomain: (domain) => set({ domain }),
      setLive: (live) => set({ live }),
    }),
    keptAs('overlay', { version: 1, keep: ({ metric, scale }) => ({ metric, scale }) }),
  ),
);
