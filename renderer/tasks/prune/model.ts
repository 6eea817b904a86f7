/** The pure view model of the Prune task: rows of the layers table, and accuracy over sparsity. */
import type { PruneStep } from '../../../main/contract/recipe/prune.ts';
import type { Recipe } from '../../../main/contract/recipe/recipe.ts';
import type { PruneResult } from '../../../main/contract/results.ts';
import type { PrunePlan, Trial } from '../../../main/contract/studio.ts';
import type { Cut } from '../../../main/judge/predict/cut.ts';
import { settingsOf } from '../../state/recipe-draft.ts';
import type { DraftStep } from '../../state/recipe-draft.ts';
import { magnitudesOf } from '../../../main/judge/predict/magnitudes.ts';
import { goodnessAmong } from '../../../main/judge/predict/metric.ts';
import { sameRecipe } from '../../../main/judge/recipe/canonical.ts';
import { predictTrial, pruneStepOf } from '../../../main/judge/predict/trial.ts';
import type { PredictionInputs } from '../../../main/judge/predict/trial.ts';
import { percentByKey } from './percent-by-key.ts';

/** One prunable or frozen layer. */
export interface PruneRow {
  readonly name: string;
  readonly op: string;
  readonly weights: number;
  /** Share of zeros after the cut: measured where a trial of this recipe is there, else predicted; null: frozen, or not known. */
  readonly sparsity: number | null;
  readonly predicted: boolean;
  /** Share of Σw² that goes with the cut; null when measured or frozen. */
  readonly energyRemoved: number | null;
  readonly excluded: boolean;
  /** Why it cannot be pruned; null when it can. */
  readonly frozen: string | null;
}

/** Rows of the plan with the cut's prediction, or the measured trial's numbers in its place. */
export function pruneRows(
  plan: PrunePlan,
  cut: Cut | null,
  measured: PruneResult | null,
  excluded: ReadonlySet<string>,
): PruneRow[] {
  const cuts = new Map(cut?.layers.map((layer) => [layer.name, layer]));
  const results = new Map(measured?.layers.map((layer) => [layer.name, layer]));
  const rows = plan.layers.map((layer): PruneRow => {
    const own = cuts.get(layer.name);
    const result = results.get(layer.name);
    return {
      name: layer.name,
      op: layer.op,
      weights: layer.weights,
      sparsity: result?.sparsity ?? (own === undefined ? zeroShare(layer, plan) : own.sparsity),
      predicted: result === undefined && own !== undefined && own.sparsity !== null,
      energyRemoved: own?.energyRemoved ?? null,
      excluded: excluded.has(layer.name),
      frozen: null,
    };
  });
  const frozen = plan.frozen.map((layer): PruneRow => ({
    name: layer.name,
    op: '',
    weights: 0,
    sparsity: null,
    predicted: false,
    energyRemoved: null,
    excluded: false,
    frozen: layer.reason,
  }));
  return [...rows, ...frozen];
}

function zeroShare(layer: PrunePlan['layers'][number], { edges }: PrunePlan): number {
  return layer.weights > 0 ? magnitudesOf(layer, edges).cumulative[0]! / layer.weights : 0;
}

/** What the slider stands at: a step that is switched off cuts nothing. */
export function sparsityShown(entry: DraftStep | undefined): number {
  return entry === undefined || entry.off ? 0 : sparsityIn(settingsOf(entry, 'prune'));
}

/** The share that a step asks for; 0 without one. */
function sparsityIn(step: PruneStep | null): number {
  return step === null || !('sparsity' in step) ? 0 : step.sparsity;
}

/** A point of the curve of accuracy over sparsity. */
export interface CurvePoint {
  readonly sparsity: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Sparsities at which the curve is computed: every 2.5 %, up to the slider's end. */
const CURVE_STEPS = 38;
export const MAX_SPARSITY = 0.95;

/** Where a key moves the slider, per cent; null for other keys. */
export function sparsityByKey(percent: number, key: string, fine: boolean): number | null {
  return percentByKey(percent, { key, fine }, { least: 0, most: MAX_SPARSITY * 100 });
}

/** Predicted accuracy over the whole range of the slider, all other settings as they are; empty when it cannot be told. */
export function accuracyCurve(step: PruneStep, recipe: Recipe, inputs: PredictionInputs): CurvePoint[] {
  const at = lastPrune(recipe);
  const points: CurvePoint[] = [];
  if (!('sparsity' in step)) return points;
  for (let i = 0; i <= CURVE_STEPS; i += 1) {
    const sparsity = (i / CURVE_STEPS) * MAX_SPARSITY;
    const steps = recipe.steps.toSpliced(Math.max(0, at), at < 0 ? 0 : 1, { prune: { ...step, sparsity } });
    const { goodness } = predictTrial({ ...recipe, steps }, inputs);
    if (goodness === null) return [];
    points.push({ sparsity, value: goodness.value, low: goodness.low, high: goodness.high });
  }
  return points;
}

function lastPrune(recipe: Recipe): number {
  return recipe.steps.findLastIndex((step) => 'prune' in step);
}

/** Sparsity that a recipe asks for; 0 without a pruning step; null where its pruning asks for none. */
export function sparsityOf(recipe: Recipe): number | null {
  const step = pruneStepOf(recipe);
  return step !== null && !('sparsity' in step) ? null : sparsityIn(step);
}

/** A measured trial on the curve. */
export interface MeasuredPoint extends CurvePoint {
  readonly trial: Trial;
}

/** Trials that differ from the recipe in their pruning only, with their measured accuracy; the unpruned one stands at 0. */
export function measuredPoints(recipe: Recipe, inputs: PredictionInputs): MeasuredPoint[] {
  const vnni = inputs.quantizePlan?.vnni ?? null;
  const withoutPruning = (of: Recipe): Recipe => ({ version: 2, steps: of.steps.filter((step) => !('prune' in step)) });
  return inputs.trials.flatMap((trial) => {
    const goodness = goodnessAmong(inputs.trials, trial);
    if (goodness === null || !sameRecipe(withoutPruning(trial.recipe), withoutPruning(recipe), { vnni })) return [];
    const { value, low, high } = goodness;
    const sparsity = sparsityOf(trial.recipe);
    return sparsity === null ? [] : [{ trial, sparsity, value, low, high }];
  });
}
