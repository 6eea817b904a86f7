import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { BlockPruning } from '../../../contract/recipe/prune-blocks.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model } from '../../graph/ir.ts';
import { layerWeights, outputChannels } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { costOfLayers, totalCost } from '../../operators/cost.ts';
import { inferModel } from '../../operators/infer.ts';
import type { Sources } from '../../passes/pass.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { seededRandom } from '../../tensor/random.ts';
import type { Lineage } from '../lineage.ts';
import { prepareStructure } from '../structure/prepare.ts';
import type { FrozenLayer } from '../prunable-weights.ts';
import type { PruneOutcome } from '../outcome.ts';
import { WidthClock } from '../structure/time-widths.ts';
import { onesForSymbols } from '../layer-macs.ts';
import { repairModel } from '../repair/repair-model.ts';
import { OutputLoss } from './output-loss.ts';
import { residualBlocks, withoutBlocks, type ResidualBlock } from './residual-blocks.ts';

export interface PrunedBlocks {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  readonly result: PruneOutcome;
}

export interface BlockSurroundings {
  readonly runner: Runner;
  readonly calibration: (samples: number) => AsyncIterable<HostTensors>;
}

/** What a block's absence costs and saves. */
interface Candidate {
  readonly block: ResidualBlock;
  /** Of the whole model's measure, 0…1. */
  readonly saved: number;
}

type Measure = 'macs' | 'parameters' | 'bytes' | 'latency';

/**
 * Takes whole residual blocks out of a model, one after the other, until the target is met: each time the one whose absence
 * changes the output least for what it saves, beside those that are gone (`output`), the same of the most promising ones
 * once the other layers are fitted again (`repaired`), or any (`random`). The loss is that of the model's output, so it sees
 * what later layers make of it; a repair step brings back more.
 * @throws UNSUPPORTED when there is no block, or when the target cannot be met; DATA_INVALID; RUNTIME_DIED, CANCELLED
 * @see Kim et al. 2024, Shortened LLaMA, for one-shot depth pruning by the loss of the output
 */
export async function pruneBlocks(
  model: Model,
  step: BlockPruning,
  { runner, calibration }: BlockSurroundings,
  context: TaskContext,
): Promise<PrunedBlocks> {
  const { signal } = context;
  const prepared = await prepareStructure(model, { runners: lendRunner(runner), signal });
  const { blocks, frozen } = freeBlocks(prepared.model, step);
  const [[measure, keep]] = Object.entries(step.target) as [[Measure, number]];
  const candidates = await savings(prepared.model, blocks, measure, runner, context);
  const order =
    step.score === 'random'
      ? drawn(step.seed)
      : await byLoss({ model: prepared.model, step, runner, calibration }, context);
  const gone: ResidualBlock[] = [];
  let left = [...candidates];
  const shareKept = async (): Promise<number> =>
    measure === 'latency'
      ? 1 - candidates.reduce((sum, { block, saved }) => sum + (gone.includes(block) ? saved : 0), 0)
      : Promise.resolve(measureOf(withoutBlocks(prepared.model, gone), measure) / measureOf(prepared.model, measure));
  while ((await shareKept()) > keep) {
    throwIfCancelled(signal, 'Pruning blocks');
    context.progress({ stage: 'Choosing blocks', done: gone.length, total: candidates.length });
    if (left.length === 0) {
      throw new StudioError(
        'UNSUPPORTED',
        `Without any of its ${candidates.length} blocks the model keeps ${percent(await shareKept())} of its ${NAMES[measure]}, the target is ${percent(keep)}`,
        { hint: 'Keep more, or prune channels too.' },
      );
    }
    const next = await order(left, gone);
    gone.push(next.block);
    left = left.filter((one) => one !== next);
  }
  const pruned = withoutBlocks(prepared.model, gone);
  const notes = [...prepared.notes, ...(await noteOf(prepared.model, pruned, measure, runner, context))];
  return {
    model: pruned,
    lineage: { before: prepared.model, kept: new Map() },
    sources: prepared.sources,
    result: { ...outcomeOf(prepared.model, pruned, { keep, share: await shareKept() }), frozen, notes },
  };
}

const NAMES: Readonly<Record<Measure, string>> = {
  macs: 'MACs',
  parameters: 'parameters',
  bytes: 'bytes',
  latency: 'latency',
};

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Blocks of which no layer is left out by the recipe. @throws UNSUPPORTED when there are none */
function freeBlocks(
  model: Model,
  { exclude }: BlockPruning,
): { readonly blocks: readonly ResidualBlock[]; readonly frozen: readonly FrozenLayer[] } {
  const excluded = new Set(exclude);
  const all = residualBlocks(model);
  const isFree = ({ name, nodes }: ResidualBlock): boolean => ![name, ...nodes].some((node) => excluded.has(node));
  const blocks = all.filter(isFree);
  if (blocks.length === 0) {
    const why =
      all.length === 0
        ? 'no sum adds a value to what is computed from it'
        : 'the recipe leaves out a layer in each of them';
    throw new StudioError('UNSUPPORTED', `There are no residual blocks to take out: ${why}`, {
      hint: 'Prune channels instead.',
    });
  }
  const frozen = all.filter((block) => !isFree(block)).map(({ name }) => ({ name, reason: 'left out by the recipe' }));
  return { blocks, frozen };
}

function measureOf(model: Model, measure: Exclude<Measure, 'latency'>): number {
  const { macs, parameters, parameterBytes } = totalCost(
    costOfLayers(model, inferModel(model, { dims: onesForSymbols(model) })),
  );
  return { macs, parameters, bytes: parameterBytes }[measure];
}

/** What the model saves without each block alone. */
async function savings(
  model: Model,
  blocks: readonly ResidualBlock[],
  measure: Measure,
  runner: Runner,
  context: TaskContext,
): Promise<readonly Candidate[]> {
  if (measure !== 'latency') {
    const whole = measureOf(model, measure);
    return blocks.map((block) => ({ block, saved: 1 - measureOf(withoutBlocks(model, [block]), measure) / whole }));
  }
  const clock = await WidthClock.start(model, runner, { threads: null, batch: 1 }, context.signal);
  try {
    const found: Candidate[] = [];
    for (const [done, block] of blocks.entries()) {
      context.progress({ stage: 'Timing blocks', done, total: blocks.length });
      const { ratio } = await clock.ratio(withoutBlocks(model, [block]));
      found.push({ block, saved: Math.max(0, 1 - ratio.value) });
    }
    return found;
  } finally {
    await clock.close();
  }
}

type Order = (left: readonly Candidate[], gone: readonly ResidualBlock[]) => Promise<Candidate>;

function drawn(seed: number): Order {
  const random = seededRandom(seed);
  return (left) => Promise.resolve(left[Math.floor(random() * left.length)]!);
}

/** Blocks that are tried with the other layers fitted again, of those that are left. */
const FINALISTS = 3;

/** The least loss for what is saved, beside the blocks that are gone. */
async function byLoss({ model, step, runner, calibration }: LossTask, context: TaskContext): Promise<Order> {
  const loss = await OutputLoss.against(model, calibration(step.samples), runner, context.signal);
  const without = (gone: readonly ResidualBlock[], block: ResidualBlock): Model =>
    withoutBlocks(model, [...gone, block]);
  const asCut: Order = async (left, gone) => {
    const [first] = await priced(left, ({ block }) => loss.of(without(gone, block)));
    return first!;
  };
  if (step.score === 'output') return asCut;
  const settings = { method: 'least-squares', ridge: RIDGE, samples: step.samples, exclude: step.exclude } as const;
  const fitted = async (cut: Model): Promise<Model> => {
    const lineage = { before: model, kept: new Map() };
    return (await repairModel(cut, { settings, lineage, calibration, runner }, context)).model;
  };
  return async (left, gone) => {
    const promising = await priced(left, ({ block }) => loss.of(without(gone, block)));
    const finalists = promising.slice(0, FINALISTS);
    const [first] = await priced(finalists, async ({ block }) => loss.of(await fitted(without(gone, block))));
    return first!;
  };
}

interface LossTask extends BlockSurroundings {
  readonly model: Model;
  readonly step: Exclude<BlockPruning, { readonly score: 'random' }>;
}

/** What a repair step takes where nobody says otherwise. */
const RIDGE = 0.01;

/** The candidates in the order of their loss over what they save. */
async function priced(
  candidates: readonly Candidate[],
  lossOf: (candidate: Candidate) => Promise<number>,
): Promise<readonly Candidate[]> {
  const prices = new Map<Candidate, number>();
  for (const one of candidates) prices.set(one, (await lossOf(one)) / Math.max(one.saved, 1e-9));
  return candidates.toSorted((a, b) => prices.get(a)! - prices.get(b)!);
}

/** What a target of latency came to, measured. */
async function noteOf(
  model: Model,
  pruned: Model,
  measure: Measure,
  runner: Runner,
  { signal }: TaskContext,
): Promise<readonly string[]> {
  if (measure !== 'latency') return [];
  const clock = await WidthClock.start(model, runner, { threads: null, batch: 1 }, signal);
  try {
    const { ratio } = await clock.ratio(pruned);
    return [`Latency here, batch 1: ${percent(ratio.value)} of the whole model's.`];
  } finally {
    await clock.close();
  }
}

function outcomeOf(
  before: Model,
  after: Model,
  { keep, share }: { readonly keep: number; readonly share: number },
): Omit<PruneOutcome, 'frozen' | 'notes'> {
  const costs = [before, after].map((model) =>
    totalCost(costOfLayers(model, inferModel(model, { dims: onesForSymbols(model) }))),
  );
  const left = new Set(after.graph.nodes.map(({ name }) => name));
  const index = indexGraph(before.graph);
  const layers = before.graph.nodes.flatMap((node) => {
    const weights = constantOf(index, node.inputs[layerWeights(node)?.input ?? -1] ?? '')?.dims;
    const channels = weights === undefined ? undefined : outputChannels(node, weights);
    if (left.has(node.name) || weights === undefined || channels === undefined) return [];
    const count = (weights[channels.axis] ?? 1) * channels.groups;
    return [{ name: node.name, op: node.opType, sparsity: 1, channels: { before: count, after: 0 } }];
  });
  return {
    sparsity: { requested: 1 - keep, achieved: 1 - share },
    parameters: { before: costs[0]!.parameters, after: costs[1]!.parameters },
    macs: { before: costs[0]!.macs, after: costs[1]!.macs },
    layers,
  };
}
