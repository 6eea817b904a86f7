import type { TaskContext } from '../../../base/progress.ts';
import { NotPositiveDefinite } from '../../tensor/linear/cholesky.ts';
import { runInterruptibly, type Steps } from '../../tensor/linear/interruptible.ts';
import { biasFor } from '../../sums/group-sums.ts';
import { changesOf, type GroupWeights } from '../../linear/layer-weights.ts';
import type { ConstantChange } from '../../linear/write-weights.ts';
import { eliminateAtoms, type Consumer, type Elimination } from './eliminate-atoms.ts';
import type { SolvableLayer } from '../../linear/solvable-layers.ts';
import type { ConsumingLayer } from './group-consumers.ts';
import { fitKept, swapAtoms } from './swap-atoms.ts';

/** Which atoms of a group stay, for any number of them. */
export interface ObsChoice {
  /** Layers that take the channels. */
  readonly layers: readonly SolvableLayer[];
  /** The later an atom goes, the higher. */
  readonly scores: Float64Array;
  /** This many atoms, ascending: those that go last. */
  readonly last: (count: number) => Uint32Array;
  /** A better set of as many atoms, where swaps find one. */
  readonly improved: (kept: Uint32Array) => Promise<Uint32Array>;
  /** The consuming layers fitted again to these atoms alone; everything else stays zero. */
  readonly fitted: (kept: Uint32Array) => Promise<readonly ConstantChange[]>;
}

/** Swaps are tried where they take a second or two at most: columns³, summed over the layers behind. */
const MOST_SWAPPED = 4e8;

/**
 * Chooses the atoms of one group by what the layers behind it can do without.
 * @param atoms how many there are
 * @returns undefined where there is no layer, or where inputs depend on each other so far that the ridge does not help
 * @throws CANCELLED
 */
export async function chooseByObs(
  consuming: readonly ConsumingLayer[],
  atoms: number,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<ObsChoice | undefined> {
  if (consuming.length === 0) return undefined;
  const consumers = consuming.flatMap(({ problems }) => problems);
  const weights = consuming.flatMap(({ problems, weight }) => problems.map(() => weight));
  const found = await eliminated(consumers, weights, signal);
  if (found === undefined) return undefined;
  const { order, losses } = found;
  const swapped = consumers.reduce((sum, { columns }) => sum + columns ** 3, 0) <= MOST_SWAPPED;
  return {
    layers: consuming.map(({ layer }) => layer),
    scores: scoresOf({ order, losses }, atoms),
    last: (count) => {
      const gone = new Set(order.slice(0, atoms - count));
      return Uint32Array.from([...Array(atoms).keys()].filter((atom) => !gone.has(atom)));
    },
    improved: async (kept) => {
      if (!swapped || kept.length === atoms) return kept;
      const found = await runInterruptibly(swapAtoms(consumers, [...kept], { weights }), signal);
      return Uint32Array.from(found.kept);
    },
    fitted: (kept) => runInterruptibly(fittedLayers(consuming, [...kept]), signal),
  };
}

async function eliminated(
  consumers: readonly Consumer[],
  weights: readonly number[],
  signal: AbortSignal,
): Promise<Elimination | undefined> {
  try {
    return await runInterruptibly(eliminateAtoms(consumers, { least: 1, weights }), signal);
  } catch (error) {
    if (error instanceof NotPositiveDefinite) return undefined;
    throw error;
  }
}

/** What each removal added to the error, never less than the one before; the last atom as much as all others. */
function scoresOf({ order, losses }: Elimination, atoms: number): Float64Array {
  const scores = new Float64Array(atoms).fill(Infinity);
  let most = 0;
  order.forEach((atom, at) => {
    most = Math.max(most, losses[at + 1]! - losses[at]!);
    scores[atom] = most;
  });
  return scores.map((score) => (score === Infinity ? most : score));
}

function* fittedLayers(
  consuming: readonly ConsumingLayer[],
  kept: readonly number[],
): Steps<readonly ConstantChange[]> {
  const changes: ConstantChange[] = [];
  for (const { layer, sums, problems } of consuming) {
    const groups: GroupWeights[] = [];
    for (const [at, problem] of problems.entries()) {
      const weights = yield* fitKept(problem, kept);
      groups.push({ weights, bias: biasFor(sums[at]!, weights, layer.bias !== undefined) });
    }
    changes.push(...changesOf(layer, groups));
  }
  return changes;
}
