import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import { fullTotals, type WidthMeasure, type WidthModel } from '../../../judge/predict/widths.ts';
import type { Model } from '../../graph/ir.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { symmetricEigen } from '../../tensor/linear/eigen.ts';
import { runInterruptibly } from '../../tensor/linear/interruptible.ts';
import type { FactorableLayer } from '../rank/factorable-layers.ts';
import { factorize, type LayerFactors } from '../rank/factorize.ts';
import { outputMoments } from '../rank/output-moments.ts';
import { ranksOf, timeRanks } from '../rank/time-ranks.ts';
import type { OutputDistance } from './option-losses.ts';

/** A layer that may be written as two, with the directions in which its outputs vary most. */
export interface DirectedLayer {
  readonly layer: FactorableLayer;
  /** [outputs, outputs], the most important first. */
  readonly directions: Float64Array;
}

/** A rank that a layer may have, and what that is worth when the layer alone has it. */
export interface RankOption {
  readonly factors: LayerFactors;
  /** At the model's output. */
  readonly loss: number;
  /** Of the whole model's measure. */
  readonly saved: number;
}

/**
 * The directions in which layers' outputs vary most, on calibration samples.
 * @throws DATA_INVALID without samples, or where a layer gives no numbers; RUNTIME_…, CANCELLED
 */
export async function findDirections(
  model: Model,
  layers: readonly FactorableLayer[],
  { runner, batches }: { readonly runner: Runner; readonly batches: AsyncIterable<HostTensors> },
  context: TaskContext,
): Promise<readonly DirectedLayer[]> {
  if (layers.length === 0) return [];
  const moments = await outputMoments(model, layers, batches, runner, context);
  const directed: DirectedLayer[] = [];
  for (const [at, layer] of layers.entries()) {
    throwIfCancelled(context.signal, 'Low rank');
    context.progress({ stage: 'Finding directions', done: at, total: layers.length });
    const { vectors } = await runInterruptibly(symmetricEigen(moments[at]!, layer.outputs), context.signal);
    directed.push({ layer, directions: vectors });
  }
  return directed;
}

/**
 * What ranks of each layer cost, measured as widths of groups are: by the same distance at the model's output, on the same
 * samples, and by the same measure.
 * @param of.model whose layers they are
 * @returns of each layer those that save anything
 * @throws RUNTIME_…, CANCELLED
 */
export async function rankOptions(
  {
    model,
    widths,
    layers,
    align,
    measure,
  }: {
    readonly model: Model;
    readonly widths: WidthModel;
    readonly layers: readonly DirectedLayer[];
    readonly align: number;
    readonly measure: WidthMeasure | 'latency';
  },
  { runner, distance }: { readonly runner: Runner; readonly distance: OutputDistance },
  context: TaskContext,
): Promise<readonly (readonly RankOption[])[]> {
  const tried = layers.map(({ layer, directions }) =>
    ranksOf(layer, align).map((rank) => ({ layer, rank, directions })),
  );
  const saved =
    measure === 'latency' ? await timeRanks(model, tried, runner, context) : workSaved(widths, tried, measure);
  const total = tried.reduce((sum, own) => sum + own.length, 0);
  let done = 0;
  const options: RankOption[][] = [];
  for (const [at, own] of tried.entries()) {
    const behind = await distance.behind(model, new Set([layers[at]!.layer.node]));
    const measured: RankOption[] = [];
    try {
      for (const [place, factors] of own.entries()) {
        context.progress({ stage: 'Measuring ranks', done: done++, total });
        if (saved[at]![place]! <= 0) continue;
        const loss = await behind.of(factorize(model, [factors]).model);
        if (Number.isFinite(loss)) measured.push({ factors, loss: Math.max(0, loss), saved: saved[at]![place]! });
      }
    } finally {
      await behind.close();
    }
    options.push(measured);
  }
  return options;
}

/** Of two layers of outputs × rank and rank × columns in place of one. */
function workSaved(
  widths: WidthModel,
  tried: readonly (readonly LayerFactors[])[],
  measure: WidthMeasure,
): readonly (readonly number[])[] {
  const full = fullTotals(widths);
  const macs = new Map(widths.layers.map((layer) => [layer.name, layer.macs]));
  return tried.map((own) =>
    own.map(({ layer: { node, outputs, columns }, rank }) => {
      const weights = outputs * columns;
      const all = { macs: macs.get(node.name) ?? 0, parameters: weights, bytes: 4 * weights }[measure];
      return (all * (1 - (rank * (outputs + columns)) / weights)) / full[measure];
    }),
  );
}
