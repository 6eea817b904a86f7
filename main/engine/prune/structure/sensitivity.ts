import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { batchSize, type FeedBatches } from '../../dataset/feed-batches.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import { closeChannels, type Closure } from '../../channels/closure.ts';
import { cutModel } from './cut.ts';
import { channelGroups, type ChannelGroup } from './groups.ts';
import { writeConstants } from '../../linear/write-weights.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { joinFor } from '../../sums/join-batches.ts';
import type { CalibrationRunner } from '../repair/layer-sums.ts';
import { consumersOf, consumingSums, problemsOf } from './group-consumers.ts';
import { chooseByObs, type ObsChoice } from './obs-choice.ts';
import { OutputDistance } from './option-losses.ts';
import { prepareStructure } from './prepare.ts';
import { removalOf } from './removal.ts';
import { highestScores, scoreGroups, type WeightScore } from './scores.ts';

/** One group that is cut alone. */
export interface SensitivityRequest {
  /** Place of the group in the model. */
  readonly group: number;
  /** Shares of its atoms that stay, 0…1 each. */
  readonly shares: readonly number[];
  /** obs: by what the layers behind the group can make up for, which are then fitted again on the samples. */
  readonly score: WeightScore | 'obs';
  readonly seed: number;
}

export interface GroupSensitivity {
  readonly group: string;
  /** Groups of the model. */
  readonly groups: number;
  readonly measure: 'divergence' | 'error';
  /** For each share: atoms that stay, and the distance of the outputs; null where they held NaN. */
  readonly cells: readonly { readonly kept: number; readonly loss: number | null }[];
  /** By `obs`: the score of each atom. undefined: by weights, which anybody can look at. */
  readonly scores: Float64Array | undefined;
}

/**
 * What it costs to cut one group alone, at the model's output. By scores of weights the cut models themselves run, not masked
 * ones: they give the same, with fewer operations and with constant weights that the runtime prepares. By `obs` the layers
 * behind the group are fitted again for each width, and what goes has weights of zero; where none of them can be solved, L2
 * tells, as in the cut of all. A group that keeps all costs nothing.
 * @returns undefined where the model has no such group
 * @throws as `scoreGroups`; RUNTIME_…, CANCELLED
 * @see Li et al. 2017, section 3.2, for sensitivity of single layers
 */
export async function groupSensitivity(
  model: Model,
  request: SensitivityRequest,
  on: { readonly runner: Runner; readonly batches: () => FeedBatches },
  context: TaskContext,
): Promise<GroupSensitivity | undefined> {
  const { closure, groups } = await opened(model, on.runner, context.signal);
  const group = groups[request.group];
  if (group === undefined) return undefined;
  const batches = new CalibrationBatches(() => joinFor(closure.model, on.batches));
  const sampled = { runner: on.runner, batches: () => batches.all() };
  const distance = await OutputDistance.from(closure.model, sampled, context);
  const { modelAt, scores } = await cuts({ closure, groups, group }, request, sampled, context);
  // Shares of few atoms come to the same number of them.
  const losses = new Map<number, number>([[group.roots.length, 0]]);
  const cells: { kept: number; loss: number | null }[] = [];
  for (const share of request.shares) {
    throwIfCancelled(context.signal, 'The sensitivity');
    const kept = Math.max(1, Math.round(share * group.roots.length));
    const loss = losses.get(kept) ?? (await distance.of(await modelAt(kept)));
    losses.set(kept, loss);
    cells.push({ kept, loss: Number.isFinite(loss) ? loss : null });
  }
  return { group: group.name, groups: groups.length, measure: distance.measure, cells, scores };
}

/** The model with one group cut to a number of atoms. */
interface Cuts {
  readonly modelAt: (kept: number) => Promise<Model>;
  readonly scores: Float64Array | undefined;
}

async function cuts(
  { closure, groups, group }: Opened & { readonly group: ChannelGroup },
  { score, seed, group: at }: SensitivityRequest,
  on: CalibrationRunner,
  context: TaskContext,
): Promise<Cuts> {
  if (score === 'obs') {
    const choice = await obsChoice(closure, group, on, context);
    if (choice !== undefined) {
      const modelAt = async (kept: number): Promise<Model> =>
        writeConstants(closure.model, await choice.fitted(choice.last(kept)));
      return { modelAt, scores: choice.scores };
    }
  }
  const byWeights = score === 'obs' ? 'l2' : score;
  // Drawn scores follow one another over the groups, as in the cut of all.
  const scores =
    byWeights === 'random'
      ? scoreGroups(closure, groups, { score: byWeights, seed })[at]!
      : scoreGroups(closure, [group], { score: byWeights, seed })[0]!;
  const modelAt = async (kept: number): Promise<Model> =>
    cutModel(closure, removalOf(closure, new Map([[group, highestScores(scores, kept)]])));
  return { modelAt, scores: score === 'obs' ? scores : undefined };
}

/** undefined: no layer behind the group can be solved. */
async function obsChoice(
  closure: Closure,
  group: ChannelGroup,
  { runner, batches }: CalibrationRunner,
  context: TaskContext,
): Promise<ObsChoice | undefined> {
  const layers = consumersOf(closure, [group]).get(group)!;
  if (layers.length === 0) return undefined;
  let samples = 0;
  for await (const feeds of batches()) samples += batchSize(feeds);
  const sums = await consumingSums(closure.model, layers, { runner, batches, samples }, context);
  const consuming = layers.flatMap((layer) => problemsOf(closure, group, { layer, sums: sums.get(layer)! }) ?? []);
  return chooseByObs(consuming, group.roots.length, context);
}

interface Opened {
  readonly closure: Closure;
  readonly groups: readonly ChannelGroup[];
}

const known = new WeakMap<Model, Opened>();

/** What goes with what; remembered, since every group asks again. */
async function opened(model: Model, runner: Runner, signal: AbortSignal): Promise<Opened> {
  const remembered = known.get(model);
  if (remembered !== undefined) return remembered;
  const prepared = await prepareStructure(model, { runners: lendRunner(runner), signal });
  const closure = closeChannels(prepared.model);
  const made = { closure, groups: channelGroups(closure).groups };
  known.set(model, made);
  return made;
}
