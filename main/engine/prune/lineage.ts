import type { Model } from '../graph/ir.ts';

/** The channels of a value that pruning left along one of its axes. */
export interface KeptChannels {
  readonly axis: number;
  /** Places in the value before pruning, in their order now. */
  readonly indices: Uint32Array;
}

/**
 * Where a pruned model comes from. Pruning keeps the names of values, so a value is looked up by its name in both models;
 * where channels of it were cut, `kept` says which of the original ones are left.
 */
export interface Lineage {
  /** The model as it was just before the first pruning. */
  readonly before: Model;
  /** By the name of a value in the pruned model, at most one entry for each axis; values that are not named are whole. */
  readonly kept: ReadonlyMap<string, readonly KeptChannels[]>;
}

/**
 * The lineage after two prunings: indices of the later one count channels that the earlier one left.
 * @param earlier undefined: nothing was pruned before
 */
export function composeLineage(earlier: Lineage | undefined, later: Lineage): Lineage {
  if (earlier === undefined) return later;
  const kept = new Map(earlier.kept);
  for (const [value, cuts] of later.kept) kept.set(value, composeCuts(earlier.kept.get(value) ?? [], cuts));
  return { before: earlier.before, kept };
}

function composeCuts(first: readonly KeptChannels[], second: readonly KeptChannels[]): readonly KeptChannels[] {
  const untouched = first.filter(({ axis }) => !second.some((cut) => cut.axis === axis));
  const composed = second.map(({ axis, indices }) => {
    const left = first.find((cut) => cut.axis === axis)?.indices;
    return { axis, indices: left === undefined ? indices : indices.map((at) => left[at]!) };
  });
  return [...untouched, ...composed];
}
