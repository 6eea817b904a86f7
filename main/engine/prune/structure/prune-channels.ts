import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { ChannelPruning } from '../../../contract/recipe/prune-channels.ts';
import { fullTotals, widthTotals } from '../../../judge/predict/widths.ts';
import type { Model } from '../../graph/ir.ts';
import { costOfLayers, totalCost } from '../../operators/cost.ts';
import { inferModel } from '../../operators/infer.ts';
import { composeSources, type Sources } from '../../passes/pass.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import { onesForSymbols } from '../layer-macs.ts';
import type { Lineage } from '../lineage.ts';
import type { PruneOutcome } from '../outcome.ts';
import { checkCut } from './check-cut.ts';
import { chooseCut, scoreModel } from './choose-cut.ts';
import { cutModel } from './cut.ts';
import type { CutSurroundings } from './cut-surroundings.ts';
import { maskModel } from './mask.ts';
import { prepareStructure } from './prepare.ts';
import { chooseRankedCut, type RankedCut } from './ranked-cut.ts';
import { keptChannels } from './removal.ts';

export interface PrunedChannels {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  /** With what was decided on this machine. */
  readonly settings: ChannelPruning;
  readonly result: PruneOutcome;
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
  const taken = await takenCut(prepared.model, step, surroundings, context);
  const { closure, found, removal } = taken.cut;
  throwIfCancelled(signal, 'Pruning');
  const cut = cutModel(closure, removal);
  const masked = maskModel(closure, found.groups, removal);
  const checked = await checkCut({ masked, cut }, surroundings, context);
  const notes = [...prepared.notes, ...taken.notes, ...checked];
  return {
    model: cut,
    lineage: { before: prepared.model, kept: keptChannels(closure, removal) },
    sources: composeSources(prepared.sources, taken.sources),
    settings: settled(step, taken),
    result: { ...outcomeOf(prepared.model, taken, keepOf(step)), notes },
  };
}

/** By channels alone, or with layers of low rank where that is asked for and loses less. */
async function takenCut(
  model: Model,
  step: ChannelPruning,
  surroundings: CutSurroundings,
  context: TaskContext,
): Promise<RankedCut> {
  if (step.score === 'obs' && step.lowRank === true) return chooseRankedCut(model, step, surroundings, context);
  const scored = await scoreModel({ model, reference: model }, step, surroundings, context);
  const cut = await chooseCut(scored, step, surroundings, context);
  return { cut, factors: [], sources: new Map(), notes: cut.notes };
}

function keepOf({ target }: ChannelPruning): number {
  return Object.values(target)[0]!;
}

/** A latency is that of one machine: what was chosen for it is kept, so that the recipe gives the same model elsewhere. */
function settled(step: ChannelPruning, { cut: { widths, chosen }, factors }: RankedCut): ChannelPruning {
  if (!('latency' in step.target)) return step;
  const kept = { widths: Object.fromEntries(widths.groups.map(({ name }, at) => [name, chosen.counts[at]!])) };
  if (step.score !== 'obs' || step.lowRank !== true) return { ...step, ...kept };
  return { ...step, ...kept, ranks: Object.fromEntries(factors.map(({ layer, rank }) => [layer.node.name, rank])) };
}

function outcomeOf(
  whole: Model,
  { cut: { closure, found, widths, chosen, removal }, factors }: RankedCut,
  keep: number,
): Omit<PruneOutcome, 'notes'> {
  const full = factors.length === 0 ? fullTotals(widths) : totalsOf(whole);
  const left = widthTotals(widths, chosen.counts);
  const ranks = new Map(factors.map((one) => [one.layer.node.name, one]));
  const first = new Set(factors.map((one) => one.first));
  const layers = new Map<string, PruneOutcome['layers'][number]>();
  for (const { members } of found.groups) {
    for (const { layer, op, role, tensor, axis } of members) {
      if (role !== 'produces' || layers.has(layer) || first.has(layer)) continue;
      const before = closure.axes.size(tensor, axis);
      const after = removal.kept(tensor, axis)?.length ?? before;
      layers.set(layer, { name: layer, op, sparsity: 1 - after / before, channels: { before, after } });
    }
  }
  for (const [name, { layer, rank }] of ranks) {
    const { outputs, columns, node } = layer;
    const sparsity = Math.max(layers.get(name)?.sparsity ?? 0, 1 - (rank * (outputs + columns)) / (outputs * columns));
    const channels = layers.get(name)?.channels ?? { before: outputs, after: outputs };
    layers.set(name, { name, op: node.opType, sparsity, channels });
  }
  return {
    sparsity: { requested: 1 - keep, achieved: 1 - chosen.share },
    parameters: { before: full.parameters, after: left.parameters },
    macs: { before: full.macs, after: left.macs },
    layers: [...layers.values()],
    frozen: found.frozen,
  };
}

function totalsOf(model: Model): { readonly parameters: number; readonly macs: number } {
  return totalCost(costOfLayers(model, inferModel(model, { dims: onesForSymbols(model) })));
}
