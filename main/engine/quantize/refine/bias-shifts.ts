import { collectSums } from '../../sums/collect-sums.ts';
import { SumsGraph, type RowLayout } from '../../sums/sums-graph.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import type { Runner } from '../../runtime/runner.ts';
import { middleCode } from '../schemes.ts';
import { scaleAt, type CodedLayer, type ModelPair } from './coded-layer.ts';
import type { WrittenWeights } from './refined-layer.ts';

/**
 * What has to be added to each layer's outputs so that their means are those of the float model: measured, or (`fast`) from the
 * means of the float model's data and what rounding did to the weights.
 */
export async function biasShifts(
  {
    runner,
    batches,
    context,
  }: {
    readonly runner: Runner;
    readonly batches: () => FeedBatches;
    readonly context: Pick<TaskContext, 'signal'>;
  },
  pair: ModelPair,
  layers: readonly CodedLayer[],
  fast: boolean,
): Promise<readonly { readonly shift: Float64Array; readonly scale: number }[]> {
  const graph = new SumsGraph(pair.model);
  const layerOf = new Map<string, string>();
  const named = layers.map((layer) => {
    const { node, form, written, unit } = layer;
    const rank = written.dims.length;
    const { groups, outputs, channelsLast } = form;
    const layout: RowLayout = { groups: 1, channels: groups * outputs, channelsLast, rank, dtype: 'float32' };
    const target = node.outputs[0] ?? '';
    const rows = graph.rows(target, layout);
    const sums = {
      moved: fast
        ? graph.totals(
            graph.columns(node, node.inputs[unit.dataInputs[0] ?? 0] ?? '', form, {
              rank,
              dtype: 'float32',
              steps: [],
            }),
          )
        : graph.totals(graph.rows(graph.minus(target, pair.valuesOf(layer).output), layout)),
      squares: graph.squares(rows),
      size: graph.size(rows),
    };
    for (const output of Object.values(sums)) layerOf.set(output, unit.layer);
    return sums;
  });
  const run = {
    batches: batches(),
    runner,
    layerOf: (output: string) => layerOf.get(output) ?? output,
    sums: graph.sums,
  };
  const totals = await collectSums(graph.build(), run, context);
  return layers.map((layer, at) => {
    const { form, written } = layer;
    const channels = form.groups * form.outputs;
    const size = totals.get(named[at]!.size)?.[0] ?? 0;
    const count = size / channels;
    const squares = totals.get(named[at]!.squares) ?? new Float64Array();
    const scale = Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / Math.max(1, size));
    const moved = totals.get(named[at]!.moved) ?? new Float64Array(channels);
    const means = moved.map((total) => total / count);
    return { shift: fast ? lostOf(form, written, means) : means, scale };
  });
}

/** Σ (w − rounded w) · mean of its column, for each output. */
function lostOf(form: LinearForm, written: WrittenWeights, means: Float64Array): Float64Array {
  const { groups, outputs, columns, at } = form;
  const middle = middleCode(written.format);
  const values = written.values();
  const lost = new Float64Array(groups * outputs);
  for (let group = 0; group < groups; group++) {
    for (let m = 0; m < outputs; m++) {
      for (let k = 0; k < columns; k++) {
        const place = at(group, m, k);
        const scale = written.scales[scaleAt(written, place)]!;
        const error = values[place]! - (written.codes[place]! - middle) * scale;
        lost[group * outputs + m] = lost[group * outputs + m]! + error * means[group * columns + k]!;
      }
    }
  }
  return lost;
}
