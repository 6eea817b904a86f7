import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { CellNumber } from './trial-tables.ts';
import { keptAs } from '../../../state/persist.ts';

/** The heat maps of the task. */
export const MAPS = ['layers', 'channels', 'samples', 'schemes', 'bits'] as const;
export type ShownMap = (typeof MAPS)[number];

export const MAP_TITLES: Readonly<Record<ShownMap, { readonly title: string; readonly help: string }>> = {
  layers: {
    title: 'Layers',
    help: 'What each layer loses: by its weights, its activations, both, and with what it inherits.',
  },
  channels: { title: 'Channels', help: 'The accumulated error of each channel of each layer’s output.' },
  samples: {
    title: 'Samples',
    help: 'The accumulated error of each layer’s output on each input: which one breaks it.',
  },
  schemes: {
    title: 'Schemes',
    help: 'What the outputs lose when one layer alone is quantized, under each scheme. A click gives the layer that precision.',
  },
  bits: {
    title: 'Bits',
    help: 'What the outputs lose when one layer’s weights or activations alone have few bits.',
  },
};

interface ShownStore {
  readonly map: ShownMap;
  setMap(map: ShownMap): void;
  /** Which number of single layers’ trials is shown. */
  readonly number: CellNumber;
  setNumber(number: CellNumber): void;
  /** The run (a sample, mostly) that is looked at; null: none. */
  readonly run: number | null;
  setRun(run: number | null): void;
  /** The channel of the selected layer that is looked at; null: none. */
  readonly channel: number | null;
  setChannel(channel: number | null): void;
}

/** Which heat map the task shows, and what is picked in it beside the layer. */
export const useShown = create<ShownStore>()(
  persist(
    (set) => ({
      map: 'layers',
      setMap: (map) => set({ map }),
      number: 'loss',
      setNumber: (number) => set({ number }),
      run: null,
      setRun: (run) => set({ run }),
      channel: null,
      setChannel: (channel) => set({ channel }),
    }),
    keptAs('quantize-shown', { version: 1, keep: ({ map, number }) => ({ map, number }) }),
  ),
);
