import type { LayerFacts } from '../../state/layer-facts.ts';

/** What the layers of a group amount to; null where nothing of it is known. */
export interface GroupTotals {
  readonly layers: number;
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Of the layers whose count is known. */
  readonly macs: number | null;
  readonly bytes: number | null;
  readonly timeMs: number | null;
  /** Of the summed layer times of the model, 0…1. */
  readonly share: number | null;
  /** Zero share of the weights that were pruned or could be, each layer by its parameters, 0…1. */
  readonly sparsity: number | null;
  /** Of the worst layer. */
  readonly sqnrDb: number | null;
  /** Layers of each operator, most frequent first. */
  readonly operators: readonly (readonly [op: string, count: number])[];
}

/** Adds up what is known of layers; errors do not add up: of them the worst stands for the group. */
export function groupTotals(layers: readonly LayerFacts[]): GroupTotals {
  const sumOf = (value: (layer: LayerFacts) => number | null): number | null => {
    const known = layers.map(value).filter((one) => one !== null);
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
  };
  const sparse = layers.filter((layer) => layer.sparsity !== null && layer.parameters > 0);
  const weights = sparse.reduce((sum, layer) => sum + layer.parameters, 0);
  const zeros = sparse.reduce((sum, layer) => sum + layer.parameters * (layer.sparsity ?? 0), 0);
  const errors = layers.map((layer) => layer.sqnrDb).filter((one) => one !== null);
  const counts = new Map<string, number>();
  for (const { op } of layers) counts.set(op, (counts.get(op) ?? 0) + 1);
  return {
    layers: layers.length,
    parameters: sumOf((layer) => layer.parameters) ?? 0,
    parameterBytes: sumOf((layer) => layer.parameterBytes) ?? 0,
    macs: sumOf((layer) => layer.macs),
    bytes: sumOf((layer) => layer.bytes),
    timeMs: sumOf((layer) => layer.timeMs),
    share: sumOf((layer) => layer.share),
    sparsity: weights === 0 ? null : zeros / weights,
    sqnrDb: errors.length === 0 ? null : Math.min(...errors),
    operators: [...counts].sort(([, a], [, b]) => b - a),
  };
}
