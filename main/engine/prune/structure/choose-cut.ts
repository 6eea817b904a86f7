import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { ChannelPruning } from '../../../contract/recipe/prune-channels.ts';
import type { WidthModel } from '../../../judge/predict/widths.ts';
import { closeChannels, type Closure } from '../../channels/closure.ts';
import type { Model } from '../../graph/ir.ts';
import { chooseWidths, type ChosenWidths } from './choose-widths.ts';
import { cutModel } from './cut.ts';
import { channelGroups, type ChannelGroups } from './groups.ts';
import type { CutSurroundings } from './cut-surroundings.ts';
import { removalOf, type Removal } from './removal.ts';
import { requireGroups } from './require-groups.ts';
import { scoreAtoms, type ScoredAtoms } from './score-atoms.ts';
import { highestScores } from './scores.ts';
import { widthModel } from './width-model.ts';

/** A model whose groups are known, with how much their atoms matter. */
export interface ScoredModel {
  readonly closure: Closure;
  readonly found: ChannelGroups;
  readonly widths: WidthModel;
  readonly scored: ScoredAtoms;
}

/** A cut that is decided, and not yet made. */
export interface ChosenCut extends Omit<ScoredModel, 'scored'> {
  readonly chosen: ChosenWidths;
  readonly removal: Removal;
  readonly notes: readonly string[];
}

/**
 * Finds what can be cut, and scores it.
 * @param models.reference what cuts are compared with: the model itself, or the one that it was made of
 * @throws UNSUPPORTED when there is nothing to cut; as `scoreAtoms`
 */
export async function scoreModel(
  { model, reference }: { readonly model: Model; readonly reference: Model },
  step: ChannelPruning,
  surroundings: CutSurroundings,
  context: TaskContext,
): Promise<ScoredModel> {
  const closure = closeChannels(model);
  const found = channelGroups(closure);
  requireGroups(found, closure.model);
  throwIfCancelled(context.signal, 'Pruning');
  const widths = widthModel(closure, found.groups);
  const task = { closure, groups: found.groups, widths, step, reference };
  return { closure, found, widths, scored: await scoreAtoms(task, surroundings, context) };
}

/**
 * Decides how many atoms each group keeps, and which.
 * @param ofWhole the target's measure of this model over that of the one which the target is about
 * @throws as `chooseWidths`
 */
export async function chooseCut(
  { closure, found, widths, scored }: ScoredModel,
  step: ChannelPruning,
  { runner, times, ofWhole = 1 }: Pick<CutSurroundings, 'runner' | 'times'> & { readonly ofWhole?: number },
  context: TaskContext,
): Promise<ChosenCut> {
  const { groups } = found;
  const { scores, measured } = scored;
  const cutTo = (counts: ArrayLike<number>): Model => {
    const kept = groups.map((group, at) => [group, highestScores(scores[at]!, counts[at]!)] as const);
    return cutModel(closure, removalOf(closure, new Map(kept)));
  };
  const choice = { model: closure.model, widths, scores, measured, cutTo, times, ofWhole };
  const chosen = await chooseWidths(choice, step, runner, context);
  const removal = removalOf(closure, await scored.kept(chosen.counts));
  return { closure, found, widths, chosen, removal, notes: [...scored.notes, ...chosen.notes] };
}
