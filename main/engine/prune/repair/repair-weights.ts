import { NotPositiveDefinite } from '../../tensor/linear/cholesky.ts';
import { runInterruptibly } from '../../tensor/linear/interruptible.ts';
import { Frontier } from '../../sums/frontier.ts';
import { collectGrams } from './layer-sums.ts';
import { changesOf, readWeights, supportOf, type GroupWeights } from '../../linear/layer-weights.ts';
import { squaredError, type GroupSums } from '../../sums/group-sums.ts';
import { solveRidge } from './least-squares.ts';
import { byLevel } from '../../sums/levels.ts';
import type { SolvableLayer } from '../../linear/solvable-layers.ts';
import { relativeError, reportLayers, targetsOf, type RepairedLayer, type RepairTask } from './task.ts';
import { thinningOf } from '../../sums/thinning.ts';
import { writeConstants, type ConstantChange } from '../../linear/write-weights.ts';

/** Positions for each weight of an output on which it is solved, where nobody says otherwise. */
const ROWS_PER_COLUMN = 300;

/** What a method changed, and what it did to each layer. */
export interface Repair {
  readonly changes: readonly ConstantChange[];
  readonly layers: readonly RepairedLayer[];
}

/**
 * Solves the weights of every layer again, in the order of the graph: each sees what the repaired layers before it give,
 * and aims at what the float model gave. A layer whose error would not fall keeps its weights.
 * @param ridge see `RidgeOptions`
 * @param rowsPerColumn positions for each weight of an output
 * @throws as `collectSums`
 * @see Meng et al. 2024 (OSSCAR); Frantar & Alistarh 2022 (OBC), for the sequence
 */
export async function repairWeights(task: RepairTask, ridge: number, rowsPerColumn = ROWS_PER_COLUMN): Promise<Repair> {
  const { pair, context, on } = task;
  const { targetOf, levelOf } = targetsOf(task);
  const stepsOf = thinningOf(pair.pruned, { samples: task.samples, rowsPerColumn });
  const changes: ConstantChange[] = [];
  const repaired: RepairedLayer[] = [];
  const frontier = new Frontier(on.runner);
  try {
    for (const round of byLevel(task.layers, levelOf)) {
      reportLayers(task, repaired.length);
      const now = { ...pair, pruned: writeConstants(pair.pruned, changes) };
      const wanted = round.map((layer) => ({ layer, target: targetOf(layer), steps: stepsOf(layer) }));
      const going = { frontier, layers: task.layers, level: levelOf(round[0]!) };
      const sums = await collectGrams(now, wanted, on, context, going);
      for (const [at, layer] of round.entries()) {
        const solved = await solveLayer(layer, sums[at]!, { ridge, signal: context.signal });
        changes.push(...solved.changes);
        repaired.push(solved.report);
      }
    }
  } finally {
    await frontier.release();
  }
  reportLayers(task, repaired.length);
  return { changes, layers: repaired };
}

async function solveLayer(
  layer: SolvableLayer,
  groups: readonly GroupSums[],
  { ridge, signal }: { readonly ridge: number; readonly signal: AbortSignal },
): Promise<{ readonly changes: readonly ConstantChange[]; readonly report: RepairedLayer }> {
  const centred = layer.bias !== undefined;
  const before = readWeights(layer);
  const after: GroupWeights[] = [];
  let note: string | null = null;
  for (const [at, sums] of groups.entries()) {
    const old = before[at]!;
    const options = { ridge, support: supportOf(old), centred };
    try {
      const solved = await runInterruptibly(solveRidge(sums, options), signal);
      after.push(solved ?? old);
      if (solved === undefined) note = 'its input is constant on the calibration samples';
      else if (solved.ridge > ridge) note = `its inputs are dependent: solved with a ridge of ${solved.ridge}`;
    } catch (error) {
      if (!(error instanceof NotPositiveDefinite)) throw error;
      after.push(old);
      note = `its inputs are dependent, also with a stronger ridge (pivot ${error.pivot})`;
    }
  }
  const total = (weights: readonly GroupWeights[]): number =>
    groups.reduce((sum, group, at) => sum + squaredError(group, weights[at]!), 0);
  const reference = groups.reduce((sum, { targetSquares }) => sum + targetSquares.reduce((a, b) => a + b, 0), 0);
  const [was, is] = [total(before), total(after)];
  const better = is < was;
  return {
    changes: better ? changesOf(layer, after) : [],
    report: {
      name: layer.name,
      op: layer.op,
      error: relativeError(reference, { before: was, after: better ? is : was }),
      note: better ? note : (note ?? 'no other weights fit better'),
    },
  };
}
