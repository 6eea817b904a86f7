import type { LayerFacts } from '../../state/layer-facts.ts';

/** Sums of the layers that are listed, for the head of the table. */
export function totals(layers: readonly Pick<LayerFacts, 'macs' | 'timeMs'>[]): {
  readonly macs: number;
  /** null: none was timed. */
  readonly timeMs: number | null;
} {
  const timed = layers.filter((layer) => layer.timeMs !== null);
  return {
    macs: layers.reduce((sum, layer) => sum + (layer.macs ?? 0), 0),
    timeMs: timed.length === 0 ? null : timed.reduce((sum, layer) => sum + (layer.timeMs ?? 0), 0),
  };
}
