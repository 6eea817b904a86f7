/**
 * What a pruning cut does, told in the frame of the slider's move: how sparse each layer becomes, and what is left of
 * the model. Pure; O(layers · log bins) on the histograms of the plan, whatever the number of weights. What the plan cannot
 * tell is null.
 */
import type { ElementStep } from '../../contract/recipe/prune-elements.ts';
import type { PrunePlan } from '../../contract/studio.ts';
import { readAt, type PlanLayer } from './grid-place.ts';
import { lossesOf, type Loss } from './losses.ts';
import { magnitudesOf } from './magnitudes.ts';

/** One layer after the cut. */
export interface LayerCut {
  readonly name: string;
  readonly op: string;
  readonly weights: number;
  /** Weights at zero after the cut, those that were zero before included. */
  readonly zeros: number | null;
  /** zeros / weights, 0…1. */
  readonly sparsity: number | null;
  /** Share of the layer's Σw² that the cut removes, 0…1. */
  readonly energyRemoved: number | null;
  readonly excluded: boolean;
  readonly macs: number | null;
}

/** The whole cut. */
export interface Cut {
  readonly layers: readonly LayerCut[];
  /** Zeros over all prunable weights, excluded layers counted as they are. */
  readonly sparsity: number | null;
  /** Magnitude up to which weights are removed; null when each layer has its own, or nothing is removed. */
  readonly threshold: number | null;
  /** Non-zero parameters of the whole model. */
  readonly nonZeroParameters: number | null;
  /** Multiply–accumulates counting only non-zero weights. */
  readonly effectiveMacs: number | null;
}

/** Parameters and MACs of the untouched model, parts that cannot be pruned included. */
export interface ModelTotals {
  readonly parameters: number;
  readonly macs: number;
}

function cutLayer(layer: PlanLayer, edges: Float64Array, loss: Loss, excluded: boolean): LayerCut {
  const { name, op, weights, macs } = layer;
  const { zeros, energyRemoved } = removedBy(loss, layer, edges);
  const sparsity = zeros === null ? null : weights > 0 ? zeros / weights : 0;
  return { name, op, weights, zeros, sparsity, energyRemoved, excluded, macs };
}

function removedBy(loss: Loss, layer: PlanLayer, edges: Float64Array): Pick<LayerCut, 'zeros' | 'energyRemoved'> {
  const magnitudes = magnitudesOf(layer, edges);
  const { cumulative, cumulativeEnergy } = magnitudes;
  const energy = cumulativeEnergy.at(-1)!;
  if ('zeros' in loss) return { zeros: loss.zeros === null ? null : Math.round(loss.zeros), energyRemoved: null };
  if ('drawn' in loss) {
    const before = cumulative[0]!;
    const zeros = Math.round(before + loss.drawn * (layer.weights - before));
    return { zeros, energyRemoved: energy > 0 ? loss.drawn : 0 };
  }
  return {
    zeros: Math.round(readAt(cumulative, magnitudes, loss)),
    energyRemoved: energy > 0 ? readAt(cumulativeEnergy, magnitudes, loss) / energy : 0,
  };
}

/**
 * Cuts every layer of the plan.
 * @param plan    histograms on one grid of magnitudes
 * @param totals  of the untouched model, so that unprunable parameters count as they are
 * @returns counts rounded to whole weights; within a bin the weights are taken as evenly spread, so that a layer's count
 *   is off by less than the weights in one bin
 */
export function cutModel(plan: PrunePlan, step: ElementStep, totals: ModelTotals): Cut {
  const { losses, threshold, zeros: known } = lossesOf(plan, step);
  const excluded = new Set(step.exclude);
  const layers = plan.layers.map((layer, i) => cutLayer(layer, plan.edges, losses[i]!, excluded.has(layer.name)));
  const weights = layers.reduce((sum, layer) => sum + layer.weights, 0);
  const zeros = known ?? sumKnown(layers.map((layer) => layer.zeros));
  const savedMacs = sumKnown(layers.map(({ macs, sparsity }) => (macs === null ? 0 : sparsity && macs * sparsity)));
  return {
    layers,
    sparsity: zeros === null ? null : weights > 0 ? zeros / weights : 0,
    threshold,
    nonZeroParameters: zeros === null ? null : Math.max(0, Math.round(totals.parameters - zeros)),
    effectiveMacs: savedMacs === null ? null : Math.max(0, totals.macs - savedMacs),
  };
}

/** The sum, or null when a part of it is. */
function sumKnown(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

/**
 * How much of the signal a cut takes away: the mean over the pruned model's layers of the removed share of Σw². With
 * weights and inputs uncorrelated, that share is the noise-to-signal ratio which pruning adds at a layer's output.
 * @returns 0 (nothing) … 1 (every weight); null where what a layer loses cannot be told
 */
export function cutStrength(cut: Cut): number | null {
  const layers = cut.layers.filter((layer) => layer.weights > 0);
  if (layers.length === 0) return 0;
  const removed = sumKnown(layers.map(({ energyRemoved }) => energyRemoved));
  return removed === null ? null : removed / layers.length;
}
