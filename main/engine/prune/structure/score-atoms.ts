import { StudioError } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type {
  ActivationPruning,
  ChannelPruning,
  ObsPruning,
  TaylorPruning,
} from '../../../contract/recipe/prune-channels.ts';
import type { WidthModel } from '../../../judge/predict/widths.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { CalibrationSamples } from '../../dataset/finite-samples.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { MOST_COLUMNS } from '../../linear/solvable-layers.ts';
import { joinableSamples, joinBatches } from '../../sums/join-batches.ts';
import type { Closure } from '../../channels/closure.ts';
import { activationScores } from './activation-scores.ts';
import { consumersOf, consumingSums, problemsOf, type ConsumingLayer } from './group-consumers.ts';
import type { ChannelGroup } from './groups.ts';
import { measureWidths, type MeasuredWidths } from './measured-widths.ts';
import { chooseByObs, type ObsChoice } from './obs-choice.ts';
import type { KeptAtoms } from './removal.ts';
import { highestScores, scoreGroups } from './scores.ts';
import { taylorScores } from './taylor-scores.ts';
import type { SampledRunner } from './whole-loss.ts';

/** What is cut. */
interface ScoredTask<Step extends ChannelPruning = ChannelPruning> {
  readonly closure: Closure;
  readonly groups: readonly ChannelGroup[];
  readonly widths: WidthModel;
  readonly step: Step;
  /** What whole cuts are compared with. */
  readonly reference: Model;
}

export interface ScoreSurroundings {
  readonly runner: Runner;
  readonly calibration: (samples: number) => FeedBatches;
}

/** How much the atoms of each group matter. */
export interface ScoredAtoms {
  readonly scores: readonly Float64Array[];
  /** What widths cost; undefined: not measured. */
  readonly measured: MeasuredWidths | undefined;
  /** Which atoms stay when group g keeps `counts[g]` of them. */
  readonly kept: (counts: ArrayLike<number>) => Promise<KeptAtoms>;
  readonly notes: readonly string[];
}

/**
 * Scores atoms as the step says: by weights alone, or by what the layers behind them can make up for.
 * @throws as `scoreGroups`; DATA_INVALID without usable samples, or where activations are NaN; RUNTIME_…, CANCELLED
 */
export async function scoreAtoms(
  task: ScoredTask,
  surroundings: ScoreSurroundings,
  context: TaskContext,
): Promise<ScoredAtoms> {
  const { closure, groups, step } = task;
  if (step.score === 'obs') return scoreByConsumers({ ...task, step }, surroundings, context);
  if (step.score === 'taylor') return scoreByGradients({ ...task, step }, surroundings, context);
  if (step.score === 'activation') return scoreByVariation({ ...task, step }, surroundings, context);
  const scores = scoreGroups(closure, groups, { score: step.score, seed: 'seed' in step ? step.seed : 0 });
  return { scores, measured: undefined, kept: highest(groups, scores), notes: [] };
}

/** The atoms with the highest scores. */
function highest(groups: readonly ChannelGroup[], scores: readonly Float64Array[]): ScoredAtoms['kept'] {
  return (counts) =>
    Promise.resolve(new Map(groups.map((group, at) => [group, highestScores(scores[at]!, counts[at]!)])));
}

/** By how atoms vary on calibration data. */
async function scoreByVariation(
  task: ScoredTask<ActivationPruning>,
  surroundings: ScoreSurroundings,
  context: TaskContext,
): Promise<ScoredAtoms> {
  const { groups } = task;
  const { consuming, norms, notes } = await readConsumers(task, surroundings, context);
  const scores = groups.map((group, at) =>
    consuming[at]!.length === 0 ? norms[at]! : activationScores(consuming[at]!, group.roots.length),
  );
  return { scores, measured: undefined, kept: highest(groups, scores), notes };
}

/** By what the outputs lose, to first order. */
async function scoreByGradients(
  { closure, groups, step }: ScoredTask<TaylorPruning>,
  { runner, calibration }: ScoreSurroundings,
  context: TaskContext,
): Promise<ScoredAtoms> {
  const samples = new CalibrationSamples(calibration, step.samples);
  await samples.first();
  const batches = new CalibrationBatches(() => samples.all());
  const on = { runner, batches: () => batches.all(), samples: await batches.count() };
  const found = await taylorScores(closure, groups, on, context);
  const norms = scoreGroups(closure, groups, { score: 'l2', seed: 0 });
  const scores = found.scores.map((own, at) => own ?? norms[at]!);
  const blind = groups.filter((_, at) => found.scores[at] === undefined).map(({ name }) => `'${name}'`);
  const notes = [...samples.notes(), ...unreached(blind, found.blocked)];
  return { scores, measured: undefined, kept: highest(groups, scores), notes };
}

function unreached(
  blind: readonly string[],
  blocked: readonly { readonly layer: string; readonly reason: string }[],
): readonly string[] {
  if (blind.length === 0) return [];
  const why = blocked.length === 0 ? '' : ` (${blocked[0]!.layer}: ${blocked[0]!.reason})`;
  return [`No gradient reaches ${shortened(blind)}${why}: which of its channels go is told by their norm.`];
}

const shortened = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;

/** The layers behind each group, with what they saw of it on calibration data. */
async function readConsumers(
  { closure, groups, step }: ScoredTask<ActivationPruning | ObsPruning>,
  surroundings: ScoreSurroundings,
  context: TaskContext,
): Promise<{
  readonly consuming: readonly (readonly ConsumingLayer[])[];
  readonly norms: readonly Float64Array[];
  readonly on: SampledRunner;
  readonly notes: readonly string[];
}> {
  const samples = new CalibrationSamples(surroundings.calibration, step.samples);
  const joinable = joinableSamples(closure.model, await samples.first());
  const batches = new CalibrationBatches(() => samples.all());
  const on = { runner: surroundings.runner, batches: () => batches.all(), samples: await batches.count(), joinable };
  const layers = consumersOf(closure, groups);
  const joined = { ...on, batches: () => joinBatches(on.batches(), joinable) };
  const sums = await consumingSums(closure.model, [...new Set([...layers.values()].flat())], joined, context);
  const consuming = groups.map((group) =>
    layers.get(group)!.flatMap((layer) => problemsOf(closure, group, { layer, sums: sums.get(layer)! }) ?? []),
  );
  if (sums.size > 0 && consuming.every((own) => own.length === 0)) {
    throw new StudioError(
      'DATA_INVALID',
      'The calibration data tell nothing of channels: no layer sees values that vary',
      {
        hint: 'Choose typical data of the model, or a score that looks at the weights alone.',
      },
    );
  }
  const norms = scoreGroups(closure, groups, { score: 'l2', seed: 0 });
  return { consuming, norms, on, notes: [...samples.notes(), ...notesOf(groups, consuming)] };
}

/**
 * Optimal brain surgery: in each group those atoms go that the layers behind it can make up for best, on calibration data.
 * For scope `optimal` the losses of some widths are measured at the model's output.
 */
async function scoreByConsumers(
  task: ScoredTask<ObsPruning>,
  surroundings: ScoreSurroundings,
  context: TaskContext,
): Promise<ScoredAtoms> {
  const { groups, step } = task;
  const { consuming, norms, on, notes } = await readConsumers(task, surroundings, context);
  const choices: (ObsChoice | undefined)[] = [];
  for (const [at, group] of groups.entries()) {
    context.progress({ stage: 'Choosing channels', done: at, total: groups.length });
    choices.push(await chooseByObs(consuming[at]!, group.roots.length, context));
  }
  if (step.scope === 'optimal' && choices.every((choice) => choice === undefined)) throw nothingSolved(groups);
  const singular = groups.filter((_, at) => consuming[at]!.length > 0 && choices[at] === undefined);
  const unsolved = blindWords(singular.map(({ name }) => `'${name}'`));
  // Allocations that are compared have most widths in common.
  const known = new Map<string, Promise<Uint32Array>>();
  const keptOf = async (at: number, count: number): Promise<Uint32Array> => {
    const choice = choices[at];
    if (choice === undefined) return highestScores(norms[at]!, count);
    const key = `${at} ${count}`;
    const best = known.get(key) ?? choice.improved(choice.last(count));
    known.set(key, best);
    return best;
  };
  const kept = async (counts: ArrayLike<number>): Promise<KeptAtoms> => {
    const stays = new Map<ChannelGroup, Uint32Array>();
    for (const [at, group] of groups.entries()) stays.set(group, await keptOf(at, counts[at]!));
    return stays;
  };
  return {
    scores: choices.map((choice, at) => choice?.scores ?? norms[at]!),
    measured: step.scope === 'optimal' ? await measureWidths({ ...task, kept }, choices, on, context) : undefined,
    kept,
    notes: [...notes, ...unsolved],
  };
}

function nothingSolved(groups: readonly ChannelGroup[]): StudioError {
  return new StudioError(
    'UNSUPPORTED',
    `No layer behind ${shortened(groups.map(({ name }) => `'${name}'`))} can be solved, so what widths cost cannot be told`,
    {
      hint: `Choose a score that looks at the weights alone, or another scope: uniform, global. Layers that sum over more than ${MOST_COLUMNS} inputs are not solved.`,
    },
  );
}

function notesOf(groups: readonly ChannelGroup[], consuming: readonly (readonly unknown[])[]): readonly string[] {
  const blind = groups.filter((_, at) => consuming[at]!.length === 0).map(({ name }) => `'${name}'`);
  return blindWords(blind);
}

function blindWords(blind: readonly string[]): readonly string[] {
  if (blind.length === 0) return [];
  return [`No layer behind ${shortened(blind)} can be solved: which of its channels go is told by their norm.`];
}
