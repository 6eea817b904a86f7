import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { ChannelPruning } from '../../../contract/recipe/prune-channels.ts';
import { widthTotals, type WidthModel } from '../../../judge/predict/widths.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Model } from '../../graph/ir.ts';
import type { Sources } from '../../passes/pass.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { KeptChannels, Lineage } from '../lineage.ts';
import type { PruneOutcome } from '../outcome.ts';
import { checkCut } from './check-cut.ts';
import { chooseWidths, type ChosenWidths } from './choose-widths.ts';
import { closeChannels, type Closure } from '../../channels/closure.ts';
import { cutModel } from './cut.ts';
import { channelGroups, type ChannelGroups } from './groups.ts';
import { maskModel } from './mask.ts';
import { prepareStructure } from './prepare.ts';
import { requireGroups } from './require-groups.ts';
import { removalOf, type Removal } from './removal.ts';
import { scoreAtoms } from './score-atoms.ts';
import { highestScores } from './scores.ts';
import { widthModel } from './width-model.ts';
import type { TimesBook } from './width-times.ts';

export interface PrunedChannels {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  /** With what was decided on this machine. */
  readonly settings: ChannelPruning;
  readonly result: PruneOutcome;
}

/** Where the cut is tried. */
export interface CutSurroundings {
  readonly runner: Runner;
  /** Typical inputs, for scores that take some. */
  readonly calibration: (samples: number) => FeedBatches;
  /** Real inputs to compare the cut model with the masked one on; undefined: made ones. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
  /** Times of widths that are kept; left out: they are learnt anew. */
  readonly times?: TimesBook;
}

/**
 * Takes whole channels out of a model, with everything that shrinks with them, until the target is met. Which go is decided
 * by the score, how many from where by the scope. The cut model is run beside the masked one: equal outputs to rounding, or
 * an error.
 * @throws UNSUPPORTED when there is nothing to prune, when the target cannot be met, or when the cut model differs;
 *   RUNTIME_DIED, CANCELLED
 */
export async function pruneChannels(
  model: Model,
  step: ChannelPruning,
  surroundings: CutSurroundings,
  context: TaskContext,
): Promise<PrunedChannels> {
  const { runner } = surroundings;
  const { signal } = context;
  const prepared = await prepareStructure(model, { runners: lendRunner(runner), signal });
  const closure = closeChannels(prepared.model);
  const found = channelGroups(closure);
  requireGroups(found, closure.model);
  throwIfCancelled(signal, 'Pruning');
  const widths = widthModel(closure, found.groups);
  const scored = await scoreAtoms({ closure, groups: found.groups, widths, step }, surroundings, context);
  const { scores, measured } = scored;
  const removalTo = (counts: ArrayLike<number>): Removal => {
    const kept = found.groups.map((group, at) => [group, highestScores(scores[at]!, counts[at]!)] as const);
    return removalOf(closure, new Map(kept));
  };
  const cutTo = (counts: ArrayLike<number>): Model => cutModel(closure, removalTo(counts));
  const { times } = surroundings;
  const choice = { model: closure.model, widths, scores, measured, cutTo, times };
  const chosen = await chooseWidths(choice, step, runner, context);
  const removal = removalOf(closure, await scored.kept(chosen.counts));
  throwIfCancelled(signal, 'Pruning');
  const cut = cutModel(closure, removal);
  const checked = await checkCut({ masked: maskModel(closure, found.groups, removal), cut }, surroundings, context);
  const notes = [...prepared.notes, ...scored.notes, ...chosen.notes, ...checked];
  return {
    model: cut,
    lineage: { before: prepared.model, kept: keptChannels(closure, removal) },
    sources: prepared.sources,
    settings: settled(step, widths, chosen),
    result: { ...outcomeOf(closure, found, { widths, chosen, removal, keep: keepOf(step) }), notes },
  };
}

function keepOf({ target }: ChannelPruning): number {
  return Object.values(target)[0]!;
}

/** A latency is that of one machine: what was chosen for it is kept, so that the recipe gives the same model elsewhere. */
function settled(step: ChannelPruning, { groups }: WidthModel, { counts }: ChosenWidths): ChannelPruning {
  if (!('latency' in step.target)) return step;
  return { ...step, widths: Object.fromEntries(groups.map(({ name }, at) => [name, counts[at]!])) };
}

function keptChannels({ axes }: Closure, removal: Removal): ReadonlyMap<string, readonly KeptChannels[]> {
  const kept = new Map<string, KeptChannels[]>();
  for (const { value, axis } of axes.axes) {
    const indices = removal.kept(value, axis);
    if (indices !== undefined) kept.set(value, [...(kept.get(value) ?? []), { axis, indices }]);
  }
  return kept;
}

function outcomeOf(
  { axes }: Closure,
  { groups, frozen }: ChannelGroups,
  cut: {
    readonly widths: WidthModel;
    readonly chosen: ChosenWidths;
    readonly removal: Removal;
    readonly keep: number;
  },
): Omit<PruneOutcome, 'notes'> {
  const full = widthTotals(
    cut.widths,
    cut.widths.groups.map(({ atoms }) => atoms),
  );
  const left = widthTotals(cut.widths, cut.chosen.counts);
  const layers = new Map<string, PruneOutcome['layers'][number]>();
  for (const { members } of groups) {
    for (const { layer, op, role, tensor, axis } of members) {
      if (role !== 'produces' || layers.has(layer)) continue;
      const before = axes.size(tensor, axis);
      const after = cut.removal.kept(tensor, axis)?.length ?? before;
      layers.set(layer, { name: layer, op, sparsity: 1 - after / before, channels: { before, after } });
    }
  }
  return {
    sparsity: { requested: 1 - cut.keep, achieved: 1 - cut.chosen.share },
    parameters: { before: full.parameters, after: left.parameters },
    macs: { before: full.macs, after: left.macs },
    layers: [...layers.values()],
    frozen,
  };
}
