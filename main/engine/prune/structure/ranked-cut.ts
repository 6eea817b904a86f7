import { StudioError } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { ObsPruning } from '../../../contract/recipe/prune-channels.ts';
import { shareAt, type WidthTarget } from '../../../judge/predict/allocate.ts';
import { allocateSavings, widthSavings, type SavingOption } from '../../../judge/predict/allocate-losses.ts';
import { targetOf, widthRules } from '../../../judge/predict/channel-cut.ts';
import { fullTotals, widthTotals, type WidthModel } from '../../../judge/predict/widths.ts';
import { closeChannels } from '../../channels/closure.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { CalibrationSamples } from '../../dataset/finite-samples.ts';
import type { Model } from '../../graph/ir.ts';
import type { Sources } from '../../passes/pass.ts';
import { factorableLayers } from '../rank/factorable-layers.ts';
import { factorize, type LayerFactors } from '../rank/factorize.ts';
import { namedLayers } from '../rank/named-layers.ts';
import { chooseCut, scoreModel, type ChosenCut, type ScoredModel } from './choose-cut.ts';
import type { CutSurroundings } from './cut-surroundings.ts';
import { channelGroups } from './groups.ts';
import { findDirections, rankOptions, type RankOption } from './rank-options.ts';
import { TIMING, WidthClock } from './time-widths.ts';
import { widthModel } from './width-model.ts';
import { knownLatency, type TimesBook } from './width-times.ts';

/** A cut of a model of which some layers are written as two thinner ones. */
export interface RankedCut {
  readonly cut: ChosenCut;
  /** `first`: name of the node before the layer's own. */
  readonly factors: readonly (LayerFactors & { readonly first: string })[];
  /** The layers that new nodes stand for. */
  readonly sources: Sources;
  readonly notes: readonly string[];
}

/** Samples on which outputs of layers are looked at. */
const DIRECTION_SAMPLES = 128;

/**
 * Weighs low rank against channels. Ranks of layers and widths of groups, each with what it alone loses at the model's output
 * and what it alone saves of the target's measure, go into one exact knapsack. Layers for which a rank is chosen are written
 * as two, and the channels of the model that this gives are chosen for the target as those of any model. That cut and the
 * best by channels alone are both repaired and compared with the whole model on samples that the repair has not seen: the
 * better one is taken.
 * @throws as `chooseCut`; RECIPE_INVALID for ranks of layers that cannot have them
 */
export async function chooseRankedCut(
  model: Model,
  step: ObsPruning,
  around: CutSurroundings,
  context: TaskContext,
): Promise<RankedCut> {
  const surroundings = { ...around, times: remembering(around.times) };
  const given = step.ranks ?? {};
  if (Object.keys(given).length > 0) {
    const layers = namedLayers(model, given);
    const directed = await findDirections(model, layers, samplesOf(step, surroundings), context);
    const factors = directed.map((one) => ({ ...one, rank: given[one.layer.node.name]! }));
    return rankedCut(model, factors, step, surroundings, context);
  }
  const models = { model, reference: model };
  if (allGiven(model, step)) return alone(await chooseCut(await scoreModel(models, step, surroundings, context), step, surroundings, context), []); // prettier-ignore
  const scored = await scoreModel(models, step, surroundings, context);
  const channels = await met(chooseCut(scored, step, surroundings, context));
  const factors = await chooseFactors(scored, step, surroundings, context);
  if (factors.length === 0) {
    if (channels instanceof StudioError) throw channels;
    return alone(channels, ['No layer is better off at low rank than with fewer channels, by what each alone loses.']);
  }
  const ranked = await met(rankedCut(model, factors, step, surroundings, context));
  if (ranked instanceof StudioError) {
    if (channels instanceof StudioError) throw channels;
    return alone(channels, ['With layers at low rank the target is not met: channels alone were cut.']);
  }
  if (channels instanceof StudioError) return ranked;
  const [with_, without] = [ranked.cut.chosen.loss ?? Infinity, channels.chosen.loss ?? Infinity];
  const words = `Low rank for ${rankWords(factors)} loses ${told(with_)}, channels alone ${told(without)}`;
  if (with_ < without) return { ...ranked, notes: [...ranked.notes, `${words}.`] };
  return alone(channels, [`${words}: channels alone were cut.`]);
}

/** What was learnt of times, in this cut too. */
function remembering(book: TimesBook | undefined): TimesBook {
  const known = [...(book?.known ?? [])];
  const keep: TimesBook['keep'] = (times) => {
    known.push(times);
    book?.keep(times);
  };
  return { known, keep };
}

function alone(cut: ChosenCut, notes: readonly string[]): RankedCut {
  return { cut, factors: [], sources: new Map(), notes: [...cut.notes, ...notes] };
}

const told = (loss: number): string => (Number.isFinite(loss) ? loss.toPrecision(3) : 'what was not measured');

/** "conv1 (16 of 64)": at most three of them. */
function rankWords(factors: readonly LayerFactors[]): string {
  const words = factors.slice(0, 3).map(({ layer: { node, outputs, columns }, rank }) => `'${node.name}' (${rank} of ${Math.min(outputs, columns)})`); // prettier-ignore
  return `${words.join(', ')}${factors.length > 3 ? ` and ${factors.length - 3} more layers` : ''}`;
}

/** What a cut is, or that the target cannot be met. */
async function met<Found>(found: Promise<Found>): Promise<Found | StudioError> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof StudioError && error.code === 'UNSUPPORTED') return error;
    throw error;
  }
}

/** Calibration samples without those that are no numbers. */
function samplesOf(
  { samples }: ObsPruning,
  { runner, calibration }: CutSurroundings,
): { readonly runner: CutSurroundings['runner']; readonly batches: FeedBatches } {
  return { runner, batches: new CalibrationSamples(calibration, Math.min(samples, DIRECTION_SAMPLES)).all() };
}

/** Whether the recipe says how wide every group is: it was chosen before, and without ranks. */
function allGiven(model: Model, step: ObsPruning): boolean {
  if (Object.keys(step.widths).length === 0) return false;
  const closure = closeChannels(model);
  const { groups } = widthModel(closure, channelGroups(closure).groups);
  const { widths, frozen } = widthRules(groups, step);
  return groups.every(({ name }) => widths[name] !== undefined || frozen.has(name));
}

/** Which layers are better off at which rank, beside what channels can save. */
async function chooseFactors(
  { closure, widths, scored }: ScoredModel,
  step: ObsPruning,
  surroundings: CutSurroundings & { readonly times: TimesBook },
  context: TaskContext,
): Promise<readonly LayerFactors[]> {
  const { model } = closure;
  const { measured } = scored;
  const { runner } = surroundings;
  const layers = factorableLayers(model, new Set(step.exclude));
  if (measured === undefined || layers.length === 0) return [];
  const { measure, keep } = targetOf(step);
  const directed = await findDirections(model, layers, samplesOf(step, surroundings), context);
  const task = { model, widths, layers: directed, align: step.align, measure };
  const ranks = await rankOptions(task, { runner, distance: measured.distance }, context);
  const weighed = { options: measured.options, ranks };
  if (measure !== 'latency') return weigh(widths, weighed, { measure, keep });
  const latency = knownLatency(surroundings.times.known, widths, widthRules(widths.groups, step), runner);
  return latency === undefined ? [] : weigh(widths, weighed, { measure, keep, latency });
}

/** Widths of groups and ranks of layers in one knapsack. @returns the ranks that it takes */
export function weigh(
  widths: WidthModel,
  {
    options,
    ranks,
  }: {
    readonly options: NonNullable<ScoredModel['scored']['measured']>['options'];
    readonly ranks: readonly (readonly RankOption[])[];
  },
  target: WidthTarget,
): readonly LayerFactors[] {
  const whole: SavingOption = { loss: 0, saved: 0 };
  const all = [...widthSavings(widths, options, target), ...ranks.map((own) => [whole, ...own])];
  const rankAt = (places: readonly number[], at: number): RankOption | undefined =>
    ranks[at]![places[options.length + at]! - 1];
  const layerAt = new Map(widths.layers.map(({ name }, at) => [name, at]));
  const full = fullTotals(widths).layerMacs;
  const shareOf = (places: readonly number[]): number => {
    const counts = options.map((own, at) => own[places[at]!]!.width);
    const { layerMacs } = widthTotals(widths, counts);
    // A layer that has lost channels saves as much less by its rank.
    return ranks.reduce(
      (share, _, at) => {
        const option = rankAt(places, at);
        if (option === undefined) return share;
        const layer = layerAt.get(option.factors.layer.node.name);
        const left = layer === undefined || full[layer] === 0 ? 1 : layerMacs[layer]! / full[layer]!;
        return share - option.saved * left;
      },
      shareAt(widths, target, counts),
    );
  };
  const places = allocateSavings(all, shareOf, target.keep);
  return places === undefined ? [] : ranks.flatMap((_, at) => rankAt(places, at)?.factors ?? []);
}

/** The model with these ranks, cut to the target. */
async function rankedCut(
  model: Model,
  factors: readonly LayerFactors[],
  step: ObsPruning,
  surroundings: CutSurroundings,
  context: TaskContext,
): Promise<RankedCut> {
  const split = factorize(model, factors);
  const { measure } = targetOf(step);
  const scored = await scoreModel({ model: split.model, reference: model }, step, surroundings, context);
  const ofWhole =
    measure === 'latency'
      ? await timeOf(split.model, model, surroundings, context)
      : fullTotals(scored.widths)[measure] / fullTotals(widthsOf(model))[measure];
  const cut = await chooseCut(scored, step, { ...surroundings, ofWhole }, context);
  const firstOf = new Map([...split.sources].map(([first, [layer]]) => [layer!, first]));
  return {
    cut,
    factors: factors.map((one) => ({ ...one, first: firstOf.get(one.layer.node.name)! })),
    sources: split.sources,
    notes: cut.notes,
  };
}

function widthsOf(model: Model): WidthModel {
  const closure = closeChannels(model);
  return widthModel(closure, channelGroups(closure).groups);
}

/** The time of a model over that of the whole one, in turns. */
async function timeOf(
  split: Model,
  whole: Model,
  { runner }: CutSurroundings,
  { signal }: TaskContext,
): Promise<number> {
  const clock = await WidthClock.start(whole, runner, TIMING, signal);
  try {
    return (await clock.ratio(split)).ratio.value;
  } finally {
    await clock.close();
  }
}
