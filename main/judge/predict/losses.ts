/** What a pruning step takes out of each layer, as far as the plan tells. Pure; O(layers · log bins). */
import { isCalibrated, type CalibratedElementStep, type ElementStep } from '../../contract/recipe/prune-elements.ts';
import type { PrunePlan } from '../../contract/studio.ts';
import { atEdge, countBelow, magnitudeAt, placeOf, UNTOUCHED, type GridPlace, type PlanLayer } from './grid-place.ts';
import { magnitudesOf } from './magnitudes.ts';

/** What a layer loses. */
export type Loss =
  /** All weights below a place. */
  | GridPlace
  /** This share of the weights that are not zero, whichever they are. */
  | { readonly drawn: number }
  /** So many of its weights are zero afterwards, null: it cannot be told; nor can be which. */
  | { readonly zeros: number | null };

export interface Losses {
  /** By the order of the plan's layers. */
  readonly losses: readonly Loss[];
  /** The common threshold where there is one. */
  readonly threshold: number | null;
  /** Zeros of all layers, where they are known better than layer by layer. */
  readonly zeros?: number;
}

/** What each layer of the plan loses by a step. */
export function lossesOf(plan: PrunePlan, step: ElementStep): Losses {
  if (step.structure !== 'element') return { losses: patternLosses(plan, step), threshold: null };
  const included = cutting(plan, step);
  if (isCalibrated(step)) return { losses: calibratedLosses(plan, step.sparsity, included), threshold: null };
  if (step.block !== '1x1') return blockLosses(plan, step, included);
  if (step.score === 'random') return { losses: drawnLosses(plan, step, included), threshold: null };
  if (step.scope === 'global') return globalLosses(plan, step.sparsity, included);
  const losses =
    step.scope === 'lamp' ? lampLosses(plan, step.sparsity, included) : layerLosses(plan, step.sparsity, included);
  return { losses, threshold: null };
}

type WholeStep = Extract<ElementStep, { structure: 'element' }>;
type OwnStep = Exclude<WholeStep, CalibratedElementStep>;

function cutting({ layers }: PrunePlan, { sparsity, exclude }: WholeStep): ReadonlySet<PlanLayer> {
  const left = new Set(exclude);
  return new Set(sparsity === 0 ? [] : layers.filter(({ name }) => !left.has(name)));
}

type Included = ReadonlySet<PlanLayer>;

function globalLosses(plan: PrunePlan, sparsity: number, included: Included): Losses {
  const total = weightsOf(included);
  if (total === 0) return { losses: plan.layers.map(() => UNTOUCHED), threshold: null };
  const counts = [...included].map((layer) => countBelow(layer, plan.edges));
  const countAt = (edge: number): number => counts.reduce((sum, count) => sum + count(edge), 0);
  const place = placeOf(countAt, plan.edges.length, sparsity * total);
  const losses = plan.layers.map((layer) => (included.has(layer) ? place : UNTOUCHED));
  return { losses, threshold: magnitudeAt(place, plan.edges) };
}

function layerLosses(plan: PrunePlan, sparsity: number, included: Included): readonly Loss[] {
  return plan.layers.map((layer) =>
    included.has(layer)
      ? placeOf(countBelow(layer, plan.edges), plan.edges.length, sparsity * layer.weights)
      : UNTOUCHED,
  );
}

/** Halvings of the range of LAMP scores, 0…1 in octaves: far finer than a bin. */
const HALVINGS = 50;
const OCTAVES = 100;

/**
 * At the edge of a bin the LAMP score is the edge's square over the energy above it, which grows with the magnitude. One score
 * is searched at which all layers together lose what was asked for.
 */
function lampLosses(plan: PrunePlan, sparsity: number, included: Included): readonly Loss[] {
  const { edges } = plan;
  const target = sparsity * weightsOf(included);
  const curves = new Map([...included].map((layer) => [layer, lampCurve(layer, edges)]));
  let [low, high] = [-OCTAVES, 0];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    let lost = 0;
    for (const curve of curves.values()) lost += curve(2 ** middle).lost;
    if (lost < target) low = middle;
    else high = middle;
  }
  return plan.layers.map((layer) => curves.get(layer)?.(2 ** high).place ?? UNTOUCHED);
}

/** Where a LAMP score lies in a layer, and how many weights below it. */
function lampCurve(layer: PlanLayer, edges: Float64Array): (score: number) => { place: GridPlace; lost: number } {
  const magnitudes = magnitudesOf(layer, edges);
  const { cumulative, cumulativeEnergy } = magnitudes;
  const all = cumulativeEnergy.at(-1)!;
  const scoreAt = (edge: number): number => {
    const rest = all - atEdge(cumulativeEnergy, magnitudes, edge);
    const square = edges[edge]! ** 2;
    // The weight at the edge itself counts among those not below it.
    return square === 0 ? 0 : square / (square + Math.max(0, rest));
  };
  return (score) => {
    const place = placeOf(scoreAt, edges.length, score);
    const below = place.bin === 0 ? 0 : atEdge(cumulative, magnitudes, place.bin - 1);
    return { place, lost: below + (atEdge(cumulative, magnitudes, place.bin) - below) * place.fraction };
  };
}

/** What each layer is expected to lose when weights are drawn: those at zero count first, the others alike. */
function drawnLosses(plan: PrunePlan, { sparsity, scope }: OwnStep, included: Included): readonly Loss[] {
  const drawnOf = (layers: readonly PlanLayer[]): number => {
    const weights = weightsOf(layers);
    const zeros = layers.reduce((sum, layer) => sum + zerosOf(layer, plan.edges), 0);
    return weights > zeros ? Math.max(0, sparsity * weights - zeros) / (weights - zeros) : 0;
  };
  const everywhere = drawnOf([...included]);
  return plan.layers.map((layer) =>
    included.has(layer) ? { drawn: scope === 'layer' ? drawnOf([layer]) : everywhere } : UNTOUCHED,
  );
}

/** The plan knows no blocks: only how many go, and where as many go of each layer, there. */
function blockLosses(plan: PrunePlan, { sparsity, scope, score }: OwnStep, included: Included): Losses {
  const taken = new Set([...included].filter(({ inputs }) => inputs !== null));
  const dense = [...taken].every((layer) => zerosOf(layer, plan.edges) === 0);
  const losses = plan.layers.map((layer): Loss => {
    if (!taken.has(layer)) return UNTOUCHED;
    if (zerosOf(layer, plan.edges) > 0) return { zeros: null };
    if (score === 'random') return { drawn: sparsity };
    return { zeros: scope === 'layer' ? sparsity * layer.weights : null };
  });
  const left = plan.layers.filter((layer) => !taken.has(layer));
  const zeros = left.reduce((sum, layer) => sum + zerosOf(layer, plan.edges), 0) + sparsity * weightsOf(taken);
  return { losses, threshold: null, ...(dense ? { zeros } : {}) };
}

/** The same share of every layer whose inputs can be read; which weights, the data tell. */
function calibratedLosses(plan: PrunePlan, sparsity: number, included: Included): readonly Loss[] {
  return plan.layers.map((layer) => {
    if (!included.has(layer) || !layer.readable) return UNTOUCHED;
    return { zeros: zerosOf(layer, plan.edges) > 0 ? null : sparsity * layer.weights };
  });
}

/** How many weights a pattern takes is known; which, only its groups tell, and those the plan does not hold. */
function patternLosses(plan: PrunePlan, step: Exclude<ElementStep, WholeStep>): readonly Loss[] {
  const [kept, of] = step.structure.split(':').map(Number) as [number, number];
  const excluded = new Set(step.exclude);
  const share = 1 - kept / of;
  return plan.layers.map((layer) => {
    const { inputs, weights, name, readable } = layer;
    if (excluded.has(name) || inputs === null || inputs % of !== 0) return UNTOUCHED;
    if (isCalibrated(step) && !readable) return UNTOUCHED;
    if (zerosOf(layer, plan.edges) > 0) return { zeros: null };
    return step.score === 'random' ? { drawn: share } : { zeros: share * weights };
  });
}

function zerosOf(layer: PlanLayer, edges: Float64Array): number {
  return magnitudesOf(layer, edges).cumulative[0]!;
}

function weightsOf(layers: Iterable<PlanLayer>): number {
  let sum = 0;
  for (const { weights } of layers) sum += weights;
  return sum;
}
