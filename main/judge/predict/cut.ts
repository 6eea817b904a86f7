/**
 * What a pruning cut does, told in the frame of the slider's move: how sparse each layer becomes, and what is left of
 * the model. Pure; O(layers · log bins) on the histograms of the plan, whatever the number of weights.
 */
import type { PrunePlan } from '../../contract/studio.ts';
import { magnitudesOf, placeOfBin, type Magnitudes } from './magnitudes.ts';

/** What is to be pruned. */
export interface PruneSettings {
  /** Share of the prunable weights to set to zero, 0…1. */
  readonly sparsity: number;
  /** global: one threshold over all layers; layer: the same sparsity in each. */
  readonly scope: 'global' | 'layer';
  /** Layers left alone. */
  readonly exclude: ReadonlySet<string>;
}

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

function cutLayer(layer: PlanLayer, edges: Float64Array, place: GridPlace, excluded: boolean): LayerCut {
  const magnitudes = magnitudesOf(layer, edges);
  const { cumulative, cumulativeEnergy } = magnitudes;
  const zeros = Math.round(readAt(cumulative, magnitudes, place));
  const energy = cumulativeEnergy[cumulativeEnergy.length - 1]!;
  return {
    name: layer.name,
    op: layer.op,
    weights: layer.weights,
    zeros,
    sparsity: layer.weights > 0 ? zeros / layer.weights : 0,
    energyRemoved: energy > 0 ? readAt(cumulativeEnergy, magnitudes, place) / energy : 0,
    excluded,
    macs: layer.macs,
  };
}

/** The places at which the layers are cut, and the common threshold where there is one. */
function placesFor(plan: PrunePlan, settings: PruneSettings): { places: GridPlace[]; threshold: number | null } {
  const { sparsity, scope, exclude } = settings;
  const edges = plan.edges.length;
  const countOf = (layer: PlanLayer): ((edge: number) => number) => {
    const magnitudes = magnitudesOf(layer, plan.edges);
    return (edge) => atEdge(magnitudes.cumulative, magnitudes, edge);
  };
  const cuts = (layer: PlanLayer): boolean => sparsity > 0 && !exclude.has(layer.name);
  if (scope === 'layer') {
    const places = plan.layers.map((layer) =>
      cuts(layer) ? placeOf(countOf(layer), edges, sparsity * layer.weights) : UNTOUCHED,
    );
    return { places, threshold: null };
  }
  const included = plan.layers.filter(cuts);
  const total = included.reduce((sum, layer) => sum + layer.weights, 0);
  const counts = included.map(countOf);
  const countAt = (edge: number): number => counts.reduce((sum, count) => sum + count(edge), 0);
  const place = total > 0 ? placeOf(countAt, edges, sparsity * total) : UNTOUCHED;
  const below = plan.edges[Math.max(0, place.bin - 1)] ?? 0;
  const threshold = place.bin === 0 ? 0 : below + (plan.edges[place.bin]! - below) * place.fraction;
  return {
    places: plan.layers.map((layer) => (cuts(layer) ? place : UNTOUCHED)),
    threshold: total > 0 ? threshold : null,
  };
}

/**
 * Cuts every layer of the plan by magnitude.
 * @param plan    histograms on one grid of magnitudes
 * @param totals  of the untouched model, so that unprunable parameters count as they are
 * @returns counts rounded to whole weights; within a bin the weights are taken as evenly spread, so that a layer's count
 *   is off by less than the weights in one bin
 */
export function cutModel(plan: PrunePlan, settings: PruneSettings, totals: ModelTotals): Cut {
  const { places, threshold } = placesFor(plan, settings);
  const layers = plan.layers.map((layer, i) =>
    cutLayer(layer, plan.edges, places[i]!, settings.exclude.has(layer.name)),
  );
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
