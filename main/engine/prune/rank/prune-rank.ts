import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { RankPruning } from '../../../contract/recipe/prune-rank.ts';
import { allocateExactly, type GroupOption } from '../../../judge/predict/allocate-exactly.ts';
import { allocateSavings } from '../../../judge/predict/allocate-losses.ts';
import type { Model } from '../../graph/ir.ts';
import { costOfLayers, totalCost } from '../../operators/cost.ts';
import { inferModel } from '../../operators/infer.ts';
import type { Sources } from '../../passes/pass.ts';
import { composeSources } from '../../passes/pass.ts';
import type { Runner } from '../../runtime/runner.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { runInterruptibly } from '../../tensor/linear/interruptible.ts';
import { symmetricEigen, type Eigen } from '../../tensor/linear/eigen.ts';
import { layerMacs, onesForSymbols } from '../layer-macs.ts';
import type { Lineage } from '../lineage.ts';
import { ATTEMPTS, latencyNote, NEAR_ENOUGH } from '../structure/choose-widths.ts';
import { prepareStructure } from '../structure/prepare.ts';
import { TIMING, WidthClock } from '../structure/time-widths.ts';
import type { PruneOutcome } from '../outcome.ts';
import { factorableLayers, type FactorableLayer } from './factorable-layers.ts';
import { factorize, type LayerFactors } from './factorize.ts';
import { namedLayers } from './named-layers.ts';
import { outputMoments } from './output-moments.ts';
import { ranksOf, timeRanks } from './time-ranks.ts';

export interface PrunedRank {
  readonly model: Model;
  /** With the ranks, where they were chosen by times on this machine. */
  readonly settings: RankPruning;
  readonly lineage: Lineage;
  readonly sources: Sources;
  readonly result: PruneOutcome;
}

export interface RankSurroundings {
  readonly runner: Runner;
  readonly calibration: (samples: number) => AsyncIterable<HostTensors>;
}

type Measure = 'macs' | 'parameters' | 'bytes';

/** Which layers get a rank. */
interface ChosenRanks {
  readonly factors: readonly LayerFactors[];
  /** Share of the measure that is kept, as it was timed; undefined: it follows from the model. */
  readonly share: number | undefined;
  readonly notes: readonly string[];
}

/** A rank that a layer may have; 0: it stays as it is. */
interface RankOption extends GroupOption {
  readonly rank: number;
}

/**
 * Writes layers as two thinner ones, k × k to few channels and 1 × 1 back, where that saves most for what it loses: each layer's
 * outputs on calibration samples are projected on the directions in which they vary most, and an exact knapsack chooses ranks
 * so that the sum of the shares of the variation that are lost is least within the target. For a latency a few ranks of each layer
 * are timed, and what is chosen is timed again, whole and in turns with the model, and chosen anew with what that taught.
 * @throws UNSUPPORTED when no layer can be split, or when the target cannot be met; DATA_INVALID; RUNTIME_DIED, CANCELLED
 * @see Zhang et al. 2016 for the directions; González-Martínez 2025 (BALF) for the knapsack over energies
 */
export async function pruneRank(
  model: Model,
  step: RankPruning,
  { runner, calibration }: RankSurroundings,
  context: TaskContext,
): Promise<PrunedRank> {
  const { signal } = context;
  const prepared = await prepareStructure(model, { runners: lendRunner(runner), signal });
  const given = step.ranks;
  const isGiven = Object.keys(given).length > 0;
  const layers = isGiven ? namedLayers(prepared.model, given) : factorableLayers(prepared.model, new Set(step.exclude));
  if (layers.length === 0) {
    throw new StudioError(
      'UNSUPPORTED',
      'There is no layer that could be written as two: no convolution of one group, no product with a stored float32 matrix',
      {
        hint: 'Prune the float model before it is quantized, or prune channels.',
      },
    );
  }
  const moments = await outputMoments(prepared.model, layers, calibration(step.samples), runner, context);
  const eigen: Eigen[] = [];
  for (const [at, { outputs }] of layers.entries()) {
    throwIfCancelled(signal, 'Low rank');
    context.progress({ stage: 'Finding directions', done: at, total: layers.length });
    eigen.push(await runInterruptibly(symmetricEigen(moments[at]!, outputs), signal));
  }
  const [[measure, keep]] = Object.entries(step.target) as [[Measure | 'latency', number]];
  const task = { model: prepared.model, layers, eigen, align: step.align, keep };
  const chosen: ChosenRanks = isGiven
    ? {
        factors: layers.map((layer, at) => ({ layer, rank: given[layer.node.name]!, directions: eigen[at]!.vectors })),
        share: measure === 'latency' ? keep : undefined,
        notes: [],
      }
    : measure === 'latency'
      ? await chooseByTime(task, runner, context)
      : chooseByWork(task, measure);
  const { factors } = chosen;
  const whole = totals(prepared.model);
  const split = factorize(prepared.model, factors);
  const left = totals(split.model);
  return {
    model: split.model,
    lineage: { before: prepared.model, kept: new Map() },
    sources: composeSources(prepared.sources, split.sources),
    settings:
      measure === 'latency'
        ? { ...step, ranks: Object.fromEntries(factors.map(({ layer, rank }) => [layer.node.name, rank])) }
        : step,
    result: {
      sparsity: {
        requested: 1 - keep,
        achieved: 1 - (measure === 'latency' ? chosen.share! : left[measure] / whole[measure]),
      },
      parameters: { before: whole.parameters, after: left.parameters },
      macs: { before: whole.macs, after: left.macs },
      layers: factors.map(({ layer: { node, outputs, columns }, rank }) => ({
        name: node.name,
        op: node.opType,
        sparsity: 1 - (rank * (outputs + columns)) / (outputs * columns),
        channels: { before: Math.min(outputs, columns), after: rank },
      })),
      frozen: [],
      notes: [...prepared.notes, ...chosen.notes],
    },
  };
}

/** What ranks are chosen among. */
interface RankTask {
  readonly model: Model;
  readonly layers: readonly FactorableLayer[];
  readonly eigen: readonly Eigen[];
  readonly align: number;
  readonly keep: number;
}

function chooseByWork({ model, layers, eigen, align, keep }: RankTask, measure: Measure): ChosenRanks {
  const whole = totals(model)[measure];
  const options = optionsOf(model, layers, eigen, { measure, align });
  const fixed = whole - options.reduce((sum, own) => sum + own[0]!.cost, 0);
  const found = allocateExactly(options, keep * whole - fixed);
  if (found === undefined) {
    const least = options.reduce((sum, own) => sum + Math.min(...own.map(({ cost }) => cost)), fixed) / whole;
    throw unmet(least, measure, keep);
  }
  const factors = layers.flatMap((layer, at) => {
    const { rank } = options[at]![found.chosen[at]!]!;
    return rank === 0 ? [] : [{ layer, rank, directions: eigen[at]!.vectors }];
  });
  return { factors, share: undefined, notes: [] };
}

async function chooseByTime(
  { model, layers, eigen, align, keep }: RankTask,
  runner: Runner,
  context: TaskContext,
): Promise<ChosenRanks> {
  const tried = layers.map((layer, at) =>
    ranksOf(layer, align).map((rank) => ({ layer, rank, directions: eigen[at]!.vectors })),
  );
  const saved = await timeRanks(model, tried, runner, context);
  const options = tried.map((own, at) => [
    { loss: 0, saved: 0, factors: undefined },
    ...own.flatMap((factors, place) => {
      const share = saved[at]![place]!;
      return share > 0 ? [{ loss: lostAt(eigen[at]!, factors.rank), saved: share, factors }] : [];
    }),
  ]);
  const shareOf = (places: readonly number[]): number =>
    options.reduce((share, own, at) => share - own[places[at]!]!.saved, 1);
  const clock = await WidthClock.start(model, runner, TIMING, context.signal);
  try {
    let goal = keep;
    let best: (ChosenRanks & { readonly share: number }) | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      context.progress({ stage: 'Timing choices', done: attempt, total: ATTEMPTS });
      const places = allocateSavings(options, shareOf, goal);
      if (places === undefined) break;
      const factors = options.flatMap((own, at) => own[places[at]!]!.factors ?? []);
      const { fullMs, ratio } = await clock.ratio(factorize(model, factors).model);
      const found = { factors, share: ratio.value, notes: [latencyNote(fullMs, ratio, keep)] };
      if (best === undefined || Math.abs(found.share - keep) < Math.abs(best.share - keep)) best = found;
      if (Math.abs(ratio.value / keep - 1) <= NEAR_ENOUGH) break;
      goal *= keep / ratio.value;
    }
    if (best !== undefined) return best;
    const least = options.reduce((share, own) => share - Math.max(...own.map((one) => one.saved)), 1);
    throw unmet(least, 'latency', keep);
  } finally {
    await clock.close();
  }
}

/** Share of what a layer's outputs vary that the first directions leave out. */
function lostAt({ values }: Eigen, rank: number): number {
  const sum = (some: Float64Array): number => some.reduce((total, value) => total + Math.max(0, value), 0);
  const all = sum(values);
  return all === 0 ? 0 : sum(values.subarray(rank)) / all;
}

/** For each layer first what it is, then every rank at which two layers cost less. */
function optionsOf(
  model: Model,
  layers: readonly FactorableLayer[],
  eigen: readonly Eigen[],
  { measure, align }: { readonly measure: Measure; readonly align: number },
): readonly (readonly RankOption[])[] {
  const macs = layerMacs({ model, layerOf: (node, layer) => ({ name: layer, op: node.opType }) });
  return layers.map(({ node, outputs, columns }, at) => {
    const weights = outputs * columns;
    const each = measure === 'macs' ? (macs.get(node.name) ?? 0) / weights : measure === 'bytes' ? 4 : 1;
    const options: RankOption[] = [{ rank: 0, loss: 0, cost: each * weights }];
    for (let rank = align; rank < Math.min(outputs, columns); rank += align) {
      const cost = each * rank * (outputs + columns);
      if (cost < each * weights) options.push({ rank, loss: lostAt(eigen[at]!, rank), cost });
    }
    return options;
  });
}

function totals(model: Model): Readonly<Record<Measure, number>> {
  const cost = totalCost(costOfLayers(model, inferModel(model, { dims: onesForSymbols(model) })));
  return { macs: cost.macs, parameters: cost.parameters, bytes: cost.parameterBytes };
}

function unmet(least: number, measure: Measure | 'latency', keep: number): StudioError {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return new StudioError(
    'UNSUPPORTED',
    `The lowest ranks keep ${percent(least)} of the ${measure}, the target is ${percent(keep)}`,
    { hint: 'Keep more, allow a finer alignment, or prune channels too.' },
  );
}
