/**
 * What a pruning cut does, told in the frame of the slider's move: how sparse each layer becomes, and what is left of
 * the model. Pure; O(layers · log bins) on the histograms of the plan, whatever the number of weights.
 */
import type { PruneStep } from '../../contract/recipe/prune.ts';
import type { PrunePlan } from '../../contract/studio.ts';
import { magnitudesOf, placeOfBin, type Magnitudes } from './magnitudes.ts';

/** One layer after the cut. */
export interface LayerCut {
  readonly name: string;
  readonly op: string;
  readonly weights: number;
  /** Weights at zero after the cut, those that were zero before included. */
  readonly zeros: number;
  /** zeros / weights, 0…1. */
  readonly sparsity: number;
  /** Share of the layer's Σw² that the cut removes, 0…1. */
  readonly energyRemoved: number;
  readonly excluded: boolean;
  readonly macs: number | null;
}

/** The whole cut. */
export interface Cut {
  readonly layers: readonly LayerCut[];
  /** Zeros over all prunable weights, excluded layers counted as they are. */
  readonly sparsity: number;
  /** Magnitude up to which weights are removed; null when each layer has its own, or nothing is removed. */
  readonly threshold: number | null;
  /** Non-zero parameters of the whole model. */
  readonly nonZeroParameters: number;
  /** Multiply–accumulates counting only non-zero weights. */
  readonly effectiveMacs: number;
}

/** Parameters and MACs of the untouched model, parts that cannot be pruned included. */
export interface ModelTotals {
  readonly parameters: number;
  readonly macs: number;
}

type PlanLayer = PrunePlan['layers'][number];

/**
 * A place on the plan's grid of magnitudes: a share (0…1) of the way from `edges[bin − 1]` to `edges[bin]`; bin 0 is
 * the edge 0 itself.
 */
interface GridPlace {
  readonly bin: number;
  readonly fraction: number;
}

/**
 * The place at which `target` weights lie below, by binary search in a cumulative count.
 * @param countAt non-decreasing cumulative count at edge `i`
 */
function placeOf(countAt: (edge: number) => number, edgeCount: number, target: number): GridPlace {
  if (countAt(0) >= target) return { bin: 0, fraction: 1 };
  let low = 0;
  let high = edgeCount - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (countAt(middle) >= target) high = middle;
    else low = middle;
  }
  const below = countAt(low);
  const inBin = countAt(high) - below;
  return { bin: high, fraction: inBin > 0 ? Math.min(1, (target - below) / inBin) : 1 };
}

/** A cumulative column of a layer at an edge of the grid. */
function atEdge(column: Uint32Array | Float64Array, magnitudes: Magnitudes, edge: number): number {
  return column[placeOfBin(magnitudes, edge)]!;
}

/** The same between two edges, linear within the bin. */
function readAt(column: Uint32Array | Float64Array, magnitudes: Magnitudes, place: GridPlace): number {
  const at = atEdge(column, magnitudes, place.bin);
  if (place.bin === 0) return at;
  const below = atEdge(column, magnitudes, place.bin - 1);
  return below + (at - below) * place.fraction;
}

const UNTOUCHED: GridPlace = { bin: 0, fraction: 1 };

/** What a layer loses: all weights below a place, or a share of those that are not zero, whichever they are. */
type Loss = GridPlace | { readonly drawn: number };

function cutLayer(layer: PlanLayer, edges: Float64Array, loss: Loss, excluded: boolean): LayerCut {
  const magnitudes = magnitudesOf(layer, edges);
  const { cumulative, cumulativeEnergy } = magnitudes;
  const energy = cumulativeEnergy[cumulativeEnergy.length - 1]!;
  const before = cumulative[0]!;
  const drawn = 'drawn' in loss;
  const zeros = Math.round(
    drawn ? before + loss.drawn * (layer.weights - before) : readAt(cumulative, magnitudes, loss),
  );
  const removed = drawn ? loss.drawn : energy > 0 ? readAt(cumulativeEnergy, magnitudes, loss) / energy : 0;
  return {
    name: layer.name,
    op: layer.op,
    weights: layer.weights,
    zeros,
    sparsity: layer.weights > 0 ? zeros / layer.weights : 0,
    energyRemoved: energy > 0 ? removed : 0,
    excluded,
    macs: layer.macs,
  };
}

interface Losses {
  readonly losses: readonly Loss[];
  /** The common threshold where there is one. */
  readonly threshold: number | null;
}

/** What each layer loses when the smallest weights go. */
function smallestLost(
  plan: PrunePlan,
  { sparsity, scope, exclude }: Pick<PruneStep, 'sparsity' | 'scope' | 'exclude'>,
): Losses {
  const edges = plan.edges.length;
  const countOf = (layer: PlanLayer): ((edge: number) => number) => {
    const magnitudes = magnitudesOf(layer, plan.edges);
    return (edge) => atEdge(magnitudes.cumulative, magnitudes, edge);
  };
  const cuts = cutting(sparsity, exclude);
  if (scope === 'layer') {
    const losses = plan.layers.map((layer) =>
      cuts(layer) ? placeOf(countOf(layer), edges, sparsity * layer.weights) : UNTOUCHED,
    );
    return { losses, threshold: null };
  }
  const included = plan.layers.filter(cuts);
  const total = included.reduce((sum, layer) => sum + layer.weights, 0);
  const counts = included.map(countOf);
  const countAt = (edge: number): number => counts.reduce((sum, count) => sum + count(edge), 0);
  const place = total > 0 ? placeOf(countAt, edges, sparsity * total) : UNTOUCHED;
  const below = plan.edges[Math.max(0, place.bin - 1)] ?? 0;
  const threshold = place.bin === 0 ? 0 : below + (plan.edges[place.bin]! - below) * place.fraction;
  return {
    losses: plan.layers.map((layer) => (cuts(layer) ? place : UNTOUCHED)),
    threshold: total > 0 ? threshold : null,
  };
}

/** What each layer is expected to lose when weights are drawn: those at zero count first, the others alike. */
function drawnLost(
  plan: PrunePlan,
  { sparsity, scope, exclude }: Pick<PruneStep, 'sparsity' | 'scope' | 'exclude'>,
): Losses {
  const cuts = cutting(sparsity, exclude);
  const drawnOf = (layers: readonly PlanLayer[]): number => {
    const weights = layers.reduce((sum, layer) => sum + layer.weights, 0);
    const zeros = layers.reduce((sum, layer) => sum + magnitudesOf(layer, plan.edges).cumulative[0]!, 0);
    return weights > zeros ? Math.max(0, sparsity * weights - zeros) / (weights - zeros) : 0;
  };
  const everywhere = drawnOf(plan.layers.filter(cuts));
  const losses = plan.layers.map((layer) =>
    cuts(layer) ? { drawn: scope === 'layer' ? drawnOf([layer]) : everywhere } : UNTOUCHED,
  );
  return { losses, threshold: null };
}

function cutting(sparsity: number, exclude: readonly string[]): (layer: PlanLayer) => boolean {
  const left = new Set(exclude);
  return ({ name }) => sparsity > 0 && !left.has(name);
}

/**
 * Cuts every layer of the plan.
 * @param plan    histograms on one grid of magnitudes
 * @param totals  of the untouched model, so that unprunable parameters count as they are
 * @returns counts rounded to whole weights; within a bin the weights are taken as evenly spread, so that a layer's count
 *   is off by less than the weights in one bin
 */
export function cutModel(plan: PrunePlan, step: PruneStep, totals: ModelTotals): Cut {
  const { losses, threshold } = step.score === 'random' ? drawnLost(plan, step) : smallestLost(plan, step);
  const excluded = new Set(step.exclude);
  const layers = plan.layers.map((layer, i) => cutLayer(layer, plan.edges, losses[i]!, excluded.has(layer.name)));
  let weights = 0;
  let zeros = 0;
  let savedMacs = 0;
  for (const layer of layers) {
    weights += layer.weights;
    zeros += layer.zeros;
    savedMacs += (layer.macs ?? 0) * layer.sparsity;
  }
  return {
    layers,
    sparsity: weights > 0 ? zeros / weights : 0,
    threshold,
    nonZeroParameters: Math.max(0, totals.parameters - zeros),
    effectiveMacs: Math.max(0, totals.macs - savedMacs),
  };
}

/**
 * How much of the signal a cut takes away: the mean over the pruned model's layers of the removed share of Σw². With
 * weights and inputs uncorrelated, that share is the noise-to-signal ratio which pruning adds at a layer's output.
 * @returns 0 (nothing) … 1 (every weight)
 */
export function cutStrength(cut: Cut): number {
  const layers = cut.layers.filter((layer) => layer.weights > 0);
  if (layers.length === 0) return 0;
  return layers.reduce((sum, layer) => sum + layer.energyRemoved, 0) / layers.length;
}
