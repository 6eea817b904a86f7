/**
 * Predicts the trial that the recipe being edited would give, from the baseline and the trials measured so far. Every
 * number says whether it is known (follows from arithmetic), predicted, or not predictable yet.
 */
import type { ElementStep } from '../../contract/recipe/prune-elements.ts';
import { pruneKind, type PruneStep } from '../../contract/recipe/prune.ts';
import type { QuantizeStep } from '../../contract/recipe/quantize.ts';
import { lastStepOf } from '../../contract/recipe/kinds.ts';
import { EMPTY_RECIPE, type Recipe } from '../../contract/recipe/recipe.ts';
import type { Inspect, Profile } from '../../contract/results.ts';
import type { PrunePlan, QuantizePlan, Trial } from '../../contract/studio.ts';
import { canonicalRecipe } from '../recipe/canonical.ts';
import { accuracyFromDivergence, predictAccuracy } from './accuracy.ts';
import type { AccuracyBase, MeasuredCut, Prediction } from './accuracy.ts';
import { channelCut, type ChannelCut } from './channel-cut.ts';
import { channelLatency, type TimedCut } from './channel-latency.ts';
import { cutModel, cutStrength } from './cut.ts';
import type { Cut } from './cut.ts';
import { int8Bytes, predictInt8Latency, type LayerWeights } from './int8.ts';
import { circumstancesKey, measurementUnder, mostShared } from '../circumstances.ts';
import type { MeasuredPlan } from './measured-plan.ts';
import { chanceOf, goodnessOn, groundOf } from './metric.ts';
import type { Goodness } from './metric.ts';
import type { Range } from './range.ts';

/** What is known when predicting; null: not fetched, or never measured. */
export interface PredictionInputs {
  readonly inspect: Pick<Inspect, 'parameters' | 'macs'>;
  /** Of the opened model. */
  readonly layers: LayerWeights | null;
  readonly modelBytes: number;
  readonly trials: readonly Trial[];
  readonly prunePlan: PrunePlan | null;
  readonly channelPlan: MeasuredPlan | null;
  readonly quantizePlan: QuantizePlan | null;
  readonly baselineProfile: Profile | null;
  /** Whether the chosen data have no labels: then trials are measured against the baseline, which agrees with itself. */
  readonly unlabelled: boolean;
}

/** The trial to be expected. */
export interface PredictedTrial {
  readonly recipe: Recipe;
  /** What becomes of each layer; null without a pruning step, before the plan is there, and where several steps prune. */
  readonly cut: Cut | null;
  /** What a step that prunes whole channels leaves; null as `cut` is. */
  readonly channels: ChannelCut | null;
  readonly goodness: (Prediction & { readonly metric: Goodness['metric'] }) | null;
  readonly latencyMs: Range | null;
  /** File size: pruned zeros are stored like any weight, so only int8 and whole channels change it. */
  readonly bytes: number | null;
  readonly nonZeroParameters: number | null;
  readonly effectiveMacs: number | null;
}

/** The last pruning step of a recipe that is switched on, or null. */
export function pruneStepOf(recipe: Recipe): PruneStep | null {
  return lastStepOf(recipe, 'prune') ?? null;
}

/** The last quantization step of a recipe that is switched on, or null. */
export function quantizeStepOf(recipe: Recipe): QuantizeStep | null {
  return lastStepOf(recipe, 'quantize') ?? null;
}

/** The recipe without its pruning. */
function withoutPruning({ version, steps }: Recipe): Recipe {
  return { version, steps: steps.filter((step) => !('prune' in step)) };
}

/** Trials that are measured and quantized as the draft is (or, like it, not at all). */
function kindred(inputs: PredictionInputs, recipe: Recipe): Trial[] {
  const machine = { vnni: inputs.quantizePlan?.vnni ?? null };
  const wanted = canonicalRecipe(withoutPruning(recipe), machine);
  return inputs.trials.filter(
    (trial) => trial.status === 'done' && canonicalRecipe(withoutPruning(trial.recipe), machine) === wanted,
  );
}

function keepsShapes(recipe: Recipe): boolean {
  const step = pruneStepOf(recipe);
  return step === null || setsWeights(step);
}

/** Whether a step sets weights to zero, which changes no shape and no time. */
function setsWeights(step: PruneStep): step is ElementStep {
  return step.structure !== 'channel' && step.structure !== 'block' && step.structure !== 'rank';
}

/** What the pruning of a recipe cuts; null: there is no plan, or several steps prune, of which the later ones see no plan. */
function cutOf(inputs: PredictionInputs, recipe: Recipe): Cut | null {
  if (inputs.prunePlan === null || prunesTwice(recipe)) return null;
  const cutting = pruneStepOf(recipe) ?? NO_CUT;
  if (!setsWeights(cutting)) return null;
  const known = cutsOf(inputs.prunePlan);
  const name = JSON.stringify(cutting);
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const cut = cutModel(inputs.prunePlan, cutting, inputs.inspect);
  if (known.size >= CUTS_KEPT) known.clear();
  known.set(name, cut);
  return cut;
}

function prunesTwice({ steps }: Recipe): boolean {
  return steps.filter((step) => 'prune' in step && step.off !== true).length > 1;
}

/** What the pruning of whole channels leaves; null without such a step, and as `cutOf`. */
function channelsOf({ channelPlan: plan }: PredictionInputs, recipe: Recipe): ChannelCut | null {
  const step = pruneStepOf(recipe);
  if (plan === null || step?.structure !== 'channel' || prunesTwice(recipe)) return null;
  const known = channelCuts.get(plan) ?? new Map<string, ChannelCut | null>();
  channelCuts.set(plan, known);
  const name = JSON.stringify(step);
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const cut = channelCut(plan, step);
  if (known.size >= CUTS_KEPT) known.clear();
  known.set(name, cut);
  return cut;
}

const channelCuts = new WeakMap<MeasuredPlan, Map<string, ChannelCut | null>>();

/** How strong the pruning of a recipe is: of single weights or of whole channels, which share no scale. */
function strengthOf(inputs: PredictionInputs, recipe: Recipe): number | null {
  if (pruneStepOf(recipe)?.structure === 'channel') return channelsOf(inputs, recipe)?.strength ?? null;
  const cut = cutOf(inputs, recipe);
  return cut && cutStrength(cut);
}

const NO_CUT: PruneStep = pruneKind.schema.parse({ sparsity: 0 });

/** A move of the slider needs one new cut; those of the measured trials are as they were. */
const CUTS_KEPT = 400;
const cutsByPlan = new WeakMap<PrunePlan, Map<string, Cut>>();

function cutsOf(plan: PrunePlan): Map<string, Cut> {
  const known = cutsByPlan.get(plan) ?? new Map<string, Cut>();
  cutsByPlan.set(plan, known);
  return known;
}

const UNTOUCHED: Recipe = EMPTY_RECIPE;

/** Where pruning starts from. */
interface Start {
  readonly base: AccuracyBase;
  readonly metric: Goodness['metric'];
}

/** What int8 alone may cost before it was tried here: nothing expected, up to 3 points not excluded. */
const UNTRIED_INT8_LOSS = 0.03;
/** The same with full-range weights on a CPU whose kernels saturate. */
const SATURATING_INT8_LOSS = 0.2;

/** Without labels the untouched model is perfect by definition; the metric is the one that the trials so far have. */
function againstItself(inputs: PredictionInputs): Start {
  const metric = groundOf(inputs.trials)?.metric ?? 'agreement';
  return { metric, base: { accuracy: 1, low: 1, high: 1, chance: 0 } };
}

/** The accuracy that pruning starts from: measured where there is such a trial, else the baseline's with a wider band. */
function goodnessBase(inputs: PredictionInputs, recipe: Recipe): Start | null {
  const ground = groundOf(inputs.trials);
  const baseline = inputs.trials.find((trial) => trial.baseline);
  const own = kindred(inputs, recipe)
    .filter((trial) => pruneStepOf(trial.recipe) === null)
    .map((trial) => ground && goodnessOn(ground, trial))
    .find((goodness) => goodness !== null);
  const goodness = own ?? (ground && baseline ? goodnessOn(ground, baseline) : null);
  const step = quantizeStepOf(recipe);
  // What quantization moves the outputs by is told by nothing before a trial was measured.
  if (goodness === null) return inputs.unlabelled && step === null ? againstItself(inputs) : null;
  const chance = chanceOf(inputs.trials);
  const { metric, value, low, high } = goodness;
  if (own || step === null) return { metric, base: { accuracy: value, low, high, chance } };
  // What fewer bits than 8 cost is told by measurements alone.
  if (step.scheme === 'int4-weight' || step.scheme === 'int2-weight') return null;
  if ('weightBits' in step && step.weightBits < 8) return null;
  const saturates = 'reduceRange' in step && step.reduceRange === false && inputs.quantizePlan?.vnni !== true;
  const loss = saturates ? SATURATING_INT8_LOSS : UNTRIED_INT8_LOSS;
  return { metric, base: { accuracy: value, low: Math.max(0, low - loss), high, chance } };
}

/** Measured cuts among some trials, on the ground that most share: numbers of other data do not compare. */
function cutsAmong(inputs: PredictionInputs, trials: readonly Trial[], metric: Goodness['metric']): MeasuredCut[] {
  const ground = groundOf(inputs.trials);
  if (ground?.metric !== metric) return [];
  return trials.flatMap((trial) => {
    const goodness = goodnessOn(ground, trial);
    const strength = pruneStepOf(trial.recipe) && strengthOf(inputs, trial.recipe);
    if (strength === null || goodness === null) return [];
    return [{ strength, accuracy: goodness.value, low: goodness.low, high: goodness.high }];
  });
}

/**
 * The cuts that the prediction passes through: those quantized as the draft is; and, where int8 was not tried at that
 * strength, the float ones, with what is above chance scaled to where int8 starts from.
 */
function measuredCuts(inputs: PredictionInputs, recipe: Recipe, start: Start): MeasuredCut[] {
  const comparable = (trials: readonly Trial[]): Trial[] =>
    trials.filter((trial) => sameCurve(pruneStepOf(trial.recipe), pruneStepOf(recipe)));
  const own = cutsAmong(inputs, comparable(kindred(inputs, recipe)), start.metric);
  const float = goodnessBase(inputs, UNTOUCHED);
  if (quantizeStepOf(recipe) === null || float === null) return own;
  const { chance } = start.base;
  const scale = (start.base.accuracy - chance) / Math.max(1e-9, float.base.accuracy - chance);
  const scaled = (accuracy: number): number => chance + (accuracy - chance) * scale;
  const others = cutsAmong(inputs, comparable(kindred(inputs, UNTOUCHED)), start.metric)
    .filter((cut) => !own.some((mine) => Math.abs(mine.strength - cut.strength) < 1e-6))
    .map((cut) => ({
      strength: cut.strength,
      accuracy: scaled(cut.accuracy),
      low: scaled(cut.low),
      high: scaled(cut.high),
    }));
  return [...own, ...others];
}

/** Latency: zeros bring no speed (channels do), so a kindred trial's measurement holds; int8 never tried is predicted from a profile. */
function predictLatency(inputs: PredictionInputs, recipe: Recipe): Range | null {
  if (cutsOnly(recipe)) return predictCutLatency(inputs, recipe);
  if (!keepsShapes(recipe)) return null;
  const key = mostShared(inputs.trials, 'latency')?.key;
  for (const { measurements, recipe: tried } of key === undefined ? [] : kindred(inputs, recipe)) {
    if (!keepsShapes(tried)) continue;
    const measured = measurementUnder(measurements, 'latency', key!);
    if (measured === undefined) continue;
    const { value, low, high } = measured;
    return { value, low: low ?? value, high: high ?? value };
  }
  const step = quantizeStepOf(recipe);
  const profile = inputs.baselineProfile;
  if (step?.scheme !== 'int8-static' || profile === null || inputs.quantizePlan === null) return null;
  return predictInt8Latency({
    layers: profile.layers,
    latencyMs: profile.latency.p50Ms,
    plan: inputs.quantizePlan,
    exclude: new Set(step.exclude),
  });
}

/** Whether a recipe cuts channels once and does nothing else that changes the time. */
function cutsOnly(recipe: Recipe): boolean {
  const steps = recipe.steps.filter((step) => step.off !== true && !('repair' in step) && !('distill' in step));
  return steps.length === 1 && pruneStepOf(recipe)?.structure === 'channel';
}

/** From times of widths on this machine, corrected by the cuts that were timed since; null: no widths were timed. */
function predictCutLatency(inputs: PredictionInputs, recipe: Recipe): Range | null {
  const latency = inputs.channelPlan?.latency;
  const cut = channelsOf(inputs, recipe);
  if (latency === undefined || cut === null) return null;
  const key = mostShared(inputs.trials, 'latency')?.key;
  const baseline = inputs.trials.find((trial) => trial.baseline);
  const whole = key === undefined || baseline === undefined ? undefined : measurementUnder(baseline.measurements, 'latency', key); // prettier-ignore
  return channelLatency(latency, cut.kept, {
    wholeMs: whole?.value ?? latency.fullMs,
    timed: key === undefined || baseline === undefined ? [] : timedCuts(inputs, baseline.id, key),
  });
}

/** Cuts that were timed beside the baseline, as far as it is known how wide they are. */
function timedCuts(inputs: PredictionInputs, baselineId: string, key: string): TimedCut[] {
  return inputs.trials.flatMap((trial) => {
    if (trial.status !== 'done' || !cutsOnly(trial.recipe)) return [];
    const pair = trial.pairs.find(
      (own) => own.metric === 'latency' && own.referenceId === baselineId && circumstancesKey(own) === key,
    );
    const cut = pair && channelsOf(inputs, trial.recipe);
    return pair === undefined || !cut || cut.guess !== null ? [] : [{ kept: cut.kept, ratio: pair.value }];
  });
}

/** Whether two prunings lie on one curve: single weights, or channels that go in the same order. */
function sameCurve(a: PruneStep | null, b: PruneStep | null): boolean {
  if (a?.structure !== 'channel' && b?.structure !== 'channel') return true;
  return a?.structure === 'channel' && b?.structure === 'channel' && a.score === b.score;
}

function predictGoodness(inputs: PredictionInputs, recipe: Recipe): PredictedTrial['goodness'] {
  const strength = strengthOf(inputs, recipe);
  const start = goodnessBase(inputs, recipe);
  if (start === null || strength === null) return null;
  const measured = measuredCuts(inputs, recipe, start);
  // Between the model and the strongest cut that was tried, measured cuts tell; beyond, what groups lost alone.
  const reach = Math.max(0, ...measured.map((cut) => cut.strength));
  const beyond = pruneStepOf(recipe)?.structure === 'channel' && strength > reach * (1 + 1e-9);
  if (beyond) {
    const divergence = repairsAsMeasured(recipe) ? (channelsOf(inputs, recipe)?.divergence ?? null) : null;
    const guess = divergence === null ? null : accuracyFromDivergence(divergence, start.base);
    return guess && { ...guess, metric: start.metric };
  }
  return { ...predictAccuracy(strength, start.base, measured), metric: start.metric };
}

/** Whether what is left is fitted again exactly where the groups were: by `obs` they are, by scores of weights they are not. */
function repairsAsMeasured(recipe: Recipe): boolean {
  const step = pruneStepOf(recipe);
  const repairs = lastStepOf(recipe, 'repair')?.method === 'least-squares';
  return quantizeStepOf(recipe) === null && step?.structure === 'channel' && repairs === (step.score === 'obs');
}

/** null: what the layers hold, which of them int8 changes, or what stays of them is not known yet. */
function predictBytes(inputs: PredictionInputs, recipe: Recipe, channels: ChannelCut | null): number | null {
  const quantize = quantizeStepOf(recipe);
  if (pruneStepOf(recipe)?.structure === 'channel') {
    if (channels === null || quantize !== null) return null;
    return inputs.modelBytes - (channels.full.bytes - channels.totals.bytes);
  }
  if (!keepsShapes(recipe)) return null;
  if (quantize === null) return inputs.modelBytes;
  const { layers, quantizePlan } = inputs;
  if (layers === null || quantizePlan === null || quantize.scheme !== 'int8-static') return null;
  return int8Bytes(layers, quantizePlan, new Set(quantize.exclude)) ?? inputs.modelBytes;
}

/** The trial that a recipe is expected to give. O(trials · layers · log bins). */
export function predictTrial(recipe: Recipe, inputs: PredictionInputs): PredictedTrial {
  const cut = cutOf(inputs, recipe);
  const channels = channelsOf(inputs, recipe);
  return {
    recipe,
    cut: pruneStepOf(recipe) === null ? null : cut,
    channels,
    goodness: predictGoodness(inputs, recipe),
    latencyMs: predictLatency(inputs, recipe),
    bytes: predictBytes(inputs, recipe, channels),
    nonZeroParameters: channels?.totals.parameters ?? cut?.nonZeroParameters ?? null,
    effectiveMacs: channels?.totals.macs ?? cut?.effectiveMacs ?? null,
  };
}
