import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import { closeChannels, type Closure } from '../../channels/closure.ts';
import { cutModel } from './cut.ts';
import { channelGroups, type ChannelGroup } from './groups.ts';
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
  readonly score: WeightScore;
  readonly seed: number;
}

export interface GroupSensitivity {
  readonly group: string;
  /** Groups of the model. */
  readonly groups: number;
  readonly measure: 'divergence' | 'error';
  /** For each share: atoms that stay, and the distance of the outputs; null where they held NaN. */
  readonly cells: readonly { readonly kept: number; readonly loss: number | null }[];
}

/**
 * What it costs to cut one group alone, at the model's output. The cut models themselves run, not masked ones: they give the
 * same, with fewer operations and with constant weights that the runtime prepares. A group that keeps all costs nothing.
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
  const { score, seed } = request;
  // Drawn scores follow one another over the groups, as in the cut of all.
  const scores =
    score === 'random'
      ? scoreGroups(closure, groups, { score, seed })[request.group]!
      : scoreGroups(closure, [group], { score, seed })[0]!;
  const distance = await OutputDistance.from(closure.model, on, context);
  // Shares of few atoms come to the same number of them.
  const losses = new Map<number, number>([[group.roots.length, 0]]);
  const cells: { kept: number; loss: number | null }[] = [];
  for (const share of request.shares) {
    throwIfCancelled(context.signal, 'The sensitivity');
    const kept = Math.max(1, Math.round(share * group.roots.length));
    const cut = (): Model => cutModel(closure, removalOf(closure, new Map([[group, highestScores(scores, kept)]])));
    const loss = losses.get(kept) ?? (await distance.of(cut()));
    losses.set(kept, loss);
    cells.push({ kept, loss: Number.isFinite(loss) ? loss : null });
  }
  return { group: group.name, groups: groups.length, measure: distance.measure, cells };
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
