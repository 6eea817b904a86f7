import { StudioError } from '../../../base/errors.ts';
import { byLevel } from '../../sums/levels.ts';
import type { WrittenPlan } from '../settle-plan.ts';
import { softBlock } from './block-graph.ts';
import { sampleBlock, type SampledValue } from './block-samples.ts';
import { blockModel, cutBlocks, stepsIn, type RefinedBlock } from './blocks.ts';
import { pairOf, type CodedLayer } from './coded-layer.ts';
import { learnBlock, type BlockOutcome } from './learn-block.ts';
import type { RefineTask } from './refine-task.ts';

/** What is learnt at once: a block, or layers of which none depends on another. */
export interface Round {
  readonly layers: readonly CodedLayer[];
  readonly block?: RefinedBlock;
}

export function layerRounds(layers: readonly CodedLayer[], levelOf: (layer: CodedLayer) => number): readonly Round[] {
  return byLevel(layers, levelOf).map((round) => ({ layers: round }));
}

/** Blocks, and layers that belong to none by themselves, in the order of the graph. */
export function blockRounds(
  { float, quantized }: Pick<RefineTask, 'float' | 'quantized'>,
  layers: readonly CodedLayer[],
  levelOf: (layer: CodedLayer) => number,
): readonly Round[] {
  const { blocks, alone } = cutBlocks(float, quantized.model, layers);
  const first = (round: Round): number => Math.min(...round.layers.map(levelOf));
  const rounds = [...blocks.map((block): Round => ({ layers: block.layers, block })), ...layerRounds(alone, levelOf)];
  return rounds.toSorted((a, b) => first(a) - first(b));
}

/**
 * Learns a block on what the quantized model gives it by now.
 * @returns with errors as shares of what the float model has at the end, factors by root tensor; undefined where no gradient passes a layer of
 *   the block, or the error is no number on the way
 */
export async function refineBlock(
  { float, runner, batches, context }: RefineTask,
  now: WrittenPlan,
  block: RefinedBlock,
  progress: (share: number) => void,
): Promise<BlockOutcome | undefined> {
  const { signal } = context;
  const samples = await sampleBlock(pairOf(float, now), block, { runner, batches: batches() }, signal);
  const layers = block.layers.map((layer) => ({ ...layer, written: now.weights.get(layer.unit.layer)! }));
  const model = blockModel(now.model, block)!;
  const known = new Map([...now.steps].map(([root, step]) => [step, root]));
  // The step of what comes in belongs to the block before.
  const free = stepsIn(model, block).filter((step) => known.has(step));
  const soft = softBlock(model, { layers, end: block.end, free });
  const outcome = await learnBlock(soft, samples, runner, { signal, progress }).catch((reason: unknown) => {
    if (reason instanceof StudioError && UNTRAINED.has(reason.code)) return undefined;
    throw reason;
  });
  if (outcome === undefined) return undefined;
  const power = meanSquare(samples.target);
  const shareOf = (squares: number): number => (power > 0 ? squares / power : 0);
  const error = { before: shareOf(outcome.error.before), after: shareOf(outcome.error.after) };
  const { learnt } = outcome;
  if (learnt === undefined) return { learnt, error };
  const factors = new Map([...learnt.factors].map(([step, factor]) => [known.get(step)!, factor]));
  return { learnt: { ...learnt, factors }, error };
}

/** Such a block is learnt layer by layer instead. */
const UNTRAINED: ReadonlySet<string> = new Set(['TRAIN_NO_GRADIENT', 'TRAIN_NOT_FINITE']);

function meanSquare({ samples }: SampledValue): number {
  let [sum, count] = [0, 0];
  for (const sample of samples) {
    for (const value of sample) sum += value * value;
    count += sample.length;
  }
  return count === 0 ? 0 : sum / count;
}
