import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { costOfLayers, totalCost } from '../../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../../main/engine/operators/infer.ts';
import { composeLineage } from '../../../../../main/engine/prune/lineage.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { pruneChannels, type PrunedChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import { randomBatches } from '../../quantize/oracle.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { channelStep } from '../../../../support/recipes.ts';
import { resnet18 } from '../../../../support/resnet18.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

function prune(model: Model, settings: Readonly<Record<string, unknown>>): Promise<PrunedChannels> {
  const calibration = (): FeedBatches => randomBatches([16, 3, 8, 8], 4);
  const surroundings = { runner, calibration, sampleFeeds: () => Promise.resolve(undefined) };
  return pruneChannels(model, channelStep(settings), surroundings, quietContext());
}

const ANY = { align: 1, minimum: 1 } as const;

/** Two units: the first with weights [1, 1] in and 3 out, the second with [2, 2] in and 0.1 out. */
function twoUnits(): Model {
  return graph()
    .input('x', 'float32', [1, 2])
    .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [1, 1, 2, 2] })
    .gemm({ inputs: 2, outputs: 1, name: 'b', bias: false, weight: [3, 0.1] })
    .output()
    .build();
}

const weightsOf = (model: Model, name: string): number[] =>
  Array.from(tensorValues(model.graph.initializers.find((tensor) => tensor.name === name)!) as Float32Array);

/**
 * Torch-Pruning counts beside convolutions and matrices two for each element that is normalised, one for each that is
 * rectified or pooled, and the bias of the last layer; and no running statistics among the parameters.
 */
function asTorchPruningCounts(model: Model): { macs: number; parameters: number } {
  const inference = inferModel(model, { dims: { batch: 1 } });
  const { macs, parameters } = totalCost(costOfLayers(model, inference));
  const elements = (value: string): number =>
    inference.values.get(value)!.shape!.reduce<number>((product, size) => product * Number(size), 1);
  const each: Readonly<Record<string, number>> = { BatchNormalization: 2, Relu: 1, MaxPool: 1, GlobalAveragePool: 1 };
  const others = model.graph.nodes.reduce(
    (sum, { opType, inputs }) => sum + (each[opType] ?? 0) * elements(inputs[0]!) + (opType === 'Gemm' ? 1000 : 0),
    0,
  );
  const statistics = model.graph.initializers
    .filter(({ name }) => /\.(?:mean|var)$/.test(name))
    .reduce((sum, { dims }) => sum + dims[0]!, 0);
  return { macs: macs + others, parameters: parameters - statistics };
}

describe('pruneChannels', () => {
  it('keeps the unit with the larger norm over all that it gives and takes', async () => {
    // L2: √(1 + 1 + 9) = 3.3 against √(4 + 4 + 0.01) = 2.8; L1: 5 against 4.1.
    for (const score of ['l2', 'l1']) {
      const { model, result } = await prune(twoUnits(), { ...ANY, score });
      expect(weightsOf(model, 'a.weight')).toEqual([1, 1]);
      expect(weightsOf(model, 'b.weight')).toEqual([3]);
      expect(result.layers).toEqual([{ name: 'a', op: 'Gemm', sparsity: 0.5, channels: { before: 2, after: 1 } }]);
      expect(result.macs).toEqual({ before: 6, after: 3 });
    }
  });

  it('lets go first what lies nearest to the others, by fpgm', async () => {
    const model = graph()
      .input('x', 'float32', [1, 1])
      .gemm({ inputs: 1, outputs: 3, name: 'a', bias: false, weight: [5, 0, 1] })
      .gemm({ inputs: 3, outputs: 1, name: 'b', bias: false, weight: [1, 1, 1] })
      .output()
      .build();
    // Distances to the others: 5 + 4, 5 + 1, 4 + 1.
    const pruned = await prune(model, { ...ANY, score: 'fpgm', target: { macs: 0.7 } });
    expect(weightsOf(pruned.model, 'a.weight')).toEqual([5, 0]);
  });

  it('names the values that it cut, so that later steps find the channels again', async () => {
    const { lineage, model } = await prune(twoUnits(), { ...ANY });
    expect(lineage.kept.get('a.weight')).toEqual([{ axis: 0, indices: Uint32Array.of(0) }]);
    expect(lineage.kept.get('gemm_0')).toEqual([{ axis: 1, indices: Uint32Array.of(0) }]);
    const again = composeLineage(lineage, {
      before: model,
      kept: new Map([['gemm_0', [{ axis: 1, indices: Uint32Array.of(0) }]]]),
    });
    expect(again.kept.get('gemm_0')).toEqual([{ axis: 1, indices: Uint32Array.of(0) }]);
  });

  it('keeps widths that are given, and the layers that are left out', async () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .gemm({ inputs: 4, outputs: 8, name: 'a' })
      .gemm({ inputs: 8, outputs: 8, name: 'b' })
      .gemm({ inputs: 8, outputs: 8, name: 'c' })
      .gemm({ inputs: 8, outputs: 2, name: 'd' })
      .output()
      .build();
    const { result } = await prune(model, { ...ANY, target: { macs: 0.5 }, widths: { a: 3 }, exclude: ['b'] });
    const after = Object.fromEntries(result.layers.map(({ name, channels }) => [name, channels!.after]));
    expect(after['a']).toBe(3);
    expect(after['b']).toBe(8);
    expect(after['c']).toBeLessThan(8);
  });

  it('is exact for ResNet-18 at half of its channels, rounded to 8', { timeout: 120_000 }, async () => {
    const model = resnet18();
    const { model: cut, result } = await prune(model, { target: { macs: 483_149_824 / 1_814_073_344 } });
    for (const { channels } of result.layers) expect(channels!.after).toBe(channels!.before / 2);
    expect(result.macs).toEqual({ before: 1_814_073_344, after: 483_149_824 });
    expect(asTorchPruningCounts(model)).toEqual({ macs: 1_822_177_768, parameters: 11_689_512 });
    expect(asTorchPruningCounts(cut)).toEqual({ macs: 487_202_536, parameters: 3_055_880 });
  });

  it('says that there is nothing to cut, and why', async () => {
    const model = graph().input('x', 'float32', [1, 4]).gemm({ inputs: 4, outputs: 2, name: 'only' }).output().build();
    await expect(prune(model, ANY)).rejects.toThrow(
      /no channels that could be cut: 'only' stays since .* is an output/,
    );
  });

  it('says of a quantized model that it should be pruned before', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2])
      .initializer('w', 'int8', [2, 2], Int8Array.of(1, 2, 3, 4))
      .initializer('scale', 'float32', [], [0.5])
      .node('DequantizeLinear', ['w', 'scale'], {}, ['weights'])
      .node('MatMul', ['x', 'weights'], {}, ['y'])
      .relu({ from: 'y' })
      .output()
      .build();
    await expect(prune(model, ANY)).rejects.toMatchObject({
      message: expect.stringContaining('the model is quantized'),
      hint: 'Prune the float model, and quantize what comes out.',
    });
  });

  it('says how far it gets where the target cannot be met', async () => {
    await expect(prune(twoUnits(), { ...ANY, minimum: 2 })).rejects.toThrow(
      /narrowest widths keep 100.0 % of the MACs, the target is 50.0 %/,
    );
  });

  it('refuses groups that the recipe names and the model does not have', async () => {
    await expect(prune(twoUnits(), { ...ANY, widths: { z: 1 } })).rejects.toThrow(/no group of channels 'z'/);
  });

  it('refuses weights that are not finite', async () => {
    const model = graph()
      .input('x', 'float32', [1, 1])
      .gemm({ inputs: 1, outputs: 2, name: 'a', bias: false, weight: [Number.NaN, 0] })
      .gemm({ inputs: 2, outputs: 1, name: 'b', bias: false, weight: [1, 1] })
      .output()
      .build();
    await expect(prune(model, ANY)).rejects.toThrow(/group 'a' are NaN or infinite/);
  });
});
