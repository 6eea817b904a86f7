import { StudioError, throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { RankPruning } from '../../../contract/recipe/prune-rank.ts';
import { allocateExactly, type GroupOption } from '../../../judge/predict/allocate-exactly.ts';
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
import { prepareStructure } from '../structure/prepare.ts';
import type { PruneOutcome } from '../outcome.ts';
import { factorableLayers, type FactorableLayer } from './factorable-layers.ts';
import { factorize } from './factorize.ts';
import { outputMoments } from './output-moments.ts';

export interface PrunedRank {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  readonly result: PruneOutcome;
}

export interface RankSurroundings {
  readonly runner: Runner;
  readonly calibration: (samples: number) => AsyncIterable<HostTensors>;
}

type Measure = 'macs' | 'parameters' | 'bytes';

/** A rank that a layer may have; 0: it stays as it is. */
interface RankOption extends GroupOption {
  readonly rank: number;
}

/**
 * Writes layers as two thinner ones, k × k to few channels and 1 × 1 back, where that saves most for what it loses: each layer's
 * outputs on calibration samples are projected on the directions in which they vary most, and an exact knapsack chooses ranks
 * so that the sum of the shares of the variation that are lost is least within the target.
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
  const layers = factorableLayers(prepared.model, new Set(step.exclude));
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
  const [[measure, keep]] = Object.entries(step.target) as [[Measure, number]];
  const whole = totals(prepared.model);
  const options = optionsOf(prepared.model, layers, eigen, { measure, align: step.align });
  const fixed = whole[measure] - options.reduce((sum, own) => sum + own[0]!.cost, 0);
  const found = allocateExactly(options, keep * whole[measure] - fixed);
  if (found === undefined) throw unmet(options, { fixed, whole: whole[measure], measure, keep });
  const factors = layers.flatMap((layer, at) => {
    const { rank } = options[at]![found.chosen[at]!]!;
    return rank === 0 ? [] : [{ layer, rank, directions: eigen[at]!.vectors }];
  });
  const split = factorize(prepared.model, factors);
  const left = totals(split.model);
  return {
    model: split.model,
    lineage: { before: prepared.model, kept: new Map() },
    sources: composeSources(prepared.sources, split.sources),
    result: {
      sparsity: { requested: 1 - keep, achieved: 1 - left[measure] / whole[measure] },
      parameters: { before: whole.parameters, after: left.parameters },
      macs: { before: whole.macs, after: left.macs },
      layers: factors.map(({ layer: { node, outputs, columns }, rank }) => ({
        name: node.name,
        op: node.opType,
        sparsity: 1 - (rank * (outputs + columns)) / (outputs * columns),
        channels: { before: Math.min(outputs, columns), after: rank },
      })),
      frozen: [],
      notes: prepared.notes,
    },
  };
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
    const { values } = eigen[at]!;
    const all = values.reduce((sum, value) => sum + Math.max(0, value), 0);
    const options: RankOption[] = [{ rank: 0, loss: 0, cost: each * weights }];
    let kept = 0;
    for (let rank = 1; rank < Math.min(outputs, columns); rank++) {
      kept += Math.max(0, values[rank - 1]!);
      const cost = each * rank * (outputs + columns);
      if (rank % align !== 0 || cost >= each * weights) continue;
      options.push({ rank, loss: all === 0 ? 0 : Math.max(0, 1 - kept / all), cost });
    }
    return options;
  });
}

function totals(model: Model): Readonly<Record<Measure, number>> {
  const cost = totalCost(costOfLayers(model, inferModel(model, { dims: onesForSymbols(model) })));
  return { macs: cost.macs, parameters: cost.parameters, bytes: cost.parameterBytes };
}

function unmet(
  options: readonly (readonly RankOption[])[],
  of: { readonly fixed: number; readonly whole: number; readonly measure: Measure; readonly keep: number },
): StudioError {
  const least = options.reduce((sum, own) => sum + Math.min(...own.map(({ cost }) => cost)), of.fixed) / of.whole;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return new StudioError(
    'UNSUPPORTED',
    `The lowest ranks keep ${percent(least)} of the ${of.measure}, the target is ${percent(of.keep)}`,
    { hint: 'Keep more, allow a finer alignment, or prune channels too.' },
  );
}
