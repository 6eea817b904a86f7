import type { Steps } from '../tensor/linear/interruptible.ts';
import { ChannelMaxima } from './channel-maxima.ts';
import type { ScaledLayer, ScaleGroup } from './scale-groups.ts';

/** What the channels of a model are divided by, by set; sets that are not there stay. */
export type Factors = ReadonlyMap<number, number>;

/** The factors of a set may move between these; both 1: it stays. */
export interface FactorRange {
  readonly least: number;
  readonly most: number;
}

/** Rounds after which the factors are taken as they are; a chain of 50 layers takes some 40. */
const MOST_ROUNDS = 200;
/** Largest change of any factor in a round that counts as none. */
const SETTLED = 1e-3;
/** Beyond these, float32 itself would lose what is small. */
export const WIDEST: FactorRange = { least: 2 ** -16, most: 2 ** 16 };

/**
 * Evens out the ranges of weights between layers: each channel between two layers is divided by s = √(r₁/r₂), where r₁ is the
 * largest magnitude among the weights that give it and r₂ among those that take it, until nothing changes: then r₁ = r₂ for each
 * channel, and the product of their shares of the layers' ranges is as large as it can be. Where several layers give or take
 * a channel, each counts by the share of its own range.
 * @param rangeOf what limits the factor of a set
 * @see Nagel et al. 2019 (data-free quantization), 4.1
 */
export function* crossLayerFactors(
  groups: readonly ScaleGroup[],
  rangeOf: (root: number) => FactorRange,
): Steps<Factors> {
  const factors = new Map<number, number>();
  const maxima = new Map<ScaledLayer, ChannelMaxima>();
  for (const layer of groups.flatMap(({ from, to }) => [...from, ...to])) {
    if (!maxima.has(layer)) maxima.set(layer, new ChannelMaxima(layer.layer));
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let change = 0;
    for (const group of groups) {
      yield;
      const given = shares(
        group.from,
        ({ outputs }) => outputs,
        (layer) => maxima.get(layer)!.rows(),
      );
      const taken = shares(
        group.to,
        ({ inputs }) => inputs,
        (layer) => maxima.get(layer)!.columns(),
      );
      const steps = new Map<number, number>();
      for (const root of group.roots) {
        const [a, b] = [given.get(root) ?? 0, taken.get(root) ?? 0];
        if (!(a > 0 && b > 0)) continue;
        const { least, most } = rangeOf(root);
        const before = factors.get(root) ?? 1;
        const after = Math.min(most, Math.max(least, before * Math.sqrt(a / b)));
        factors.set(root, after);
        steps.set(root, after / before);
        change = Math.max(change, Math.abs(Math.log(after / before)));
      }
      for (const layer of group.from) {
        layer.outputs.forEach((root, row) => maxima.get(layer)!.multiplyRow(row, 1 / (steps.get(root) ?? 1)));
      }
      for (const layer of group.to) {
        layer.inputs.forEach((root, column) => maxima.get(layer)!.multiplyColumn(column, steps.get(root) ?? 1));
      }
    }
    if (change < SETTLED) break;
  }
  return factors;
}

/** The largest share of a layer's range that each set has. */
function shares(
  layers: readonly ScaledLayer[],
  rootsOf: (layer: ScaledLayer) => Int32Array,
  rangesOf: (layer: ScaledLayer) => Float64Array,
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const layer of layers) {
    const ranges = rangesOf(layer);
    const whole = ranges.reduce((most, range) => Math.max(most, range), 0);
    if (whole === 0) continue;
    rootsOf(layer).forEach((root, at) => {
      if (root >= 0) found.set(root, Math.max(found.get(root) ?? 0, ranges[at]! / whole));
    });
  }
  return found;
}
