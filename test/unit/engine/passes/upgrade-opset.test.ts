import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { layerNames } from '../../../../main/engine/graph/layers.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import {
  BLOCKED_OPSET,
  defaultOpset,
  knowledgeOf,
  upgradeOpset,
  upgradeTo,
} from '../../../../main/engine/passes/upgrade-opset.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { outputsOf, randomFeed } from '../quantize/oracle.ts';
import { expectEqual } from './expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function expectSameMeaning(model: Model, dims: readonly number[]): Promise<Model> {
  const upgraded = upgradeOpset(model, knowledgeOf(model));
  expect(defaultOpset(upgraded)).toBe(13);
  const feeds = randomFeed(dims);
  expect(await outputsOf(runner, upgraded, feeds)).toEqual(await outputsOf(runner, model, feeds));
  return upgraded;
}

describe('upgradeOpset', () => {
  it('turns attributes of Clip, Pad and Slice into inputs', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 4])
      .node('Clip', ['x'], { min: -0.5, max: 0.25 }, ['clipped'])
      .node('Pad', ['clipped'], { mode: 'constant', pads: [0n, 1n, 0n, 0n, 0n, 1n], value: 0.125 }, ['padded'])
      .node('Slice', ['padded'], { starts: [1n, 0n], ends: [3n, -1n], axes: [1n, 2n] }, ['y'])
      .output('y')
      .build({ opset: 9, irVersion: 4 });
    await expectSameMeaning(model, [1, 2, 4]);
  });

  it('keeps the ends of a Slice to the last bit: 2^63 - 1 stays the end', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 4])
      .node('Slice', ['x'], { starts: [1n], ends: [2n ** 63n - 1n], axes: [2n] }, ['s'], { name: 'slice' })
      .node('Slice', ['s'], { starts: [-1n], ends: [-(2n ** 63n) + 1n], axes: [0n] }, ['empty'], { name: 'none' })
      .output('s')
      .output('empty')
      .build({ opset: 9, irVersion: 4 });
    const upgraded = await expectSameMeaning(model, [1, 2, 4]);
    const ends = upgraded.graph.initializers.filter(({ name }) => name.endsWith('/ends')).map(tensorValues);
    expect(ends).toEqual([BigInt64Array.of(2n ** 63n - 1n), BigInt64Array.of(-(2n ** 63n) + 1n)]);
  });

  it('writes ImageScaler, Affine, Crop, ScaledTanh and ParametricSoftplus in operators that are still there', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 4, 5])
      .node('ImageScaler', ['x'], { scale: 0.5, bias: [1, -1] }, ['a'], { name: 'scaler' })
      .node('Crop', ['a'], { border: [1n, 0n, 2n, 1n] }, ['b'], { name: 'crop' })
      .node('Affine', ['b'], { alpha: 2, beta: 0.25 }, ['c'], { name: 'affine' })
      .node('ScaledTanh', ['c'], { alpha: 1.5, beta: 0.5 }, ['d'], { name: 'tanh' })
      .node('ParametricSoftplus', ['d'], { alpha: 2, beta: 0.5 }, ['y'], { name: 'softplus' })
      .output('y')
      .build({ opset: 8, irVersion: 3 });
    const upgraded = upgradeOpset(model, knowledgeOf(model));
    await expectEqual(runner, model, upgraded, randomFeed([1, 2, 4, 5]));
    expect(layerNames(upgraded.graph)).toEqual(
      expect.arrayContaining(['scaler', 'crop', 'affine', 'tanh', 'softplus']),
    );
  });

  it('refuses operators that are gone and that nothing is known about', () => {
    for (const [opType, reason] of [
      ['GRUUnit', /'old'.*gone from opset 10/],
      ['NoSuchThing', /'old'.*nothing is known about the operator NoSuchThing/],
    ] as const) {
      const model = graph().input('x').node(opType, ['x'], {}, ['y'], { name: 'old' }).output('y').build({ opset: 8 });
      expect(() => upgradeOpset(model, knowledgeOf(model))).toThrow(reason);
    }
  });

  it('turns axes and split of Unsqueeze, Squeeze, ReduceSum and Split into inputs', async () => {
    const model = graph()
      .input('x', 'float32', [4, 3])
      .node('Unsqueeze', ['x'], { axes: [0n, 3n] }, ['deep'])
      .node('Split', ['deep'], { axis: 1n, split: [1n, 3n] }, ['a', 'b'])
      .node('ReduceSum', ['b'], { axes: [1n], keepdims: 1n }, ['summed'])
      .node('Add', ['a', 'summed'], {}, ['added'])
      .node('Squeeze', ['added'], { axes: [3n] }, ['y'])
      .output('y')
      .build({ opset: 11, irVersion: 6 });
    await expectSameMeaning(model, [4, 3]);
  });

  it('keeps the flattened sums of a Softmax that is not over the last axis', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 4])
      .node('Softmax', ['x'], {}, ['y'], { name: 'soft' })
      .output('y')
      .build({ opset: 11, irVersion: 6 });
    const upgraded = await expectSameMeaning(model, [2, 3, 4]);
    expect(upgraded.graph.nodes.filter(({ name }) => name === 'soft').map(({ opType }) => opType)).toEqual(['Softmax']);
  });

  it('writes a Softmax over the last axis as one node', async () => {
    const model = graph()
      .input('x', 'float32', [2, 5])
      .node('Softmax', ['x'], { axis: 1n }, ['y'])
      .output('y')
      .build({ opset: 11, irVersion: 6 });
    expect((await expectSameMeaning(model, [2, 5])).graph.nodes).toHaveLength(1);
  });

  it('writes Upsample as Resize and drops what Dropout and BatchNormalization lost', async () => {
    const model = graph()
      .input('x', 'float32', [1, 1, 2, 2])
      .initializer('one', 'float32', [1], [1])
      .initializer('zero', 'float32', [1], [0])
      .node('BatchNormalization', ['x', 'one', 'zero', 'zero', 'one'], { spatial: 1n }, ['normed'])
      .node('Dropout', ['normed'], { ratio: 0.5 }, ['kept'])
      .node('Upsample', ['kept'], { mode: 'nearest', scales: [1, 1, 2, 3] }, ['y'])
      .output('y')
      .build({ opset: 7, irVersion: 3 });
    await expectSameMeaning(model, [1, 1, 2, 2]);
  });

  it('upgrades the nodes of subgraphs', async () => {
    const branch = (name: string, max: number) =>
      graph(name)
        .node('Clip', ['x'], { max }, [`${name}_y`])
        .output(`${name}_y`, 'float32', [2])
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [2])
      .initializer('always', 'bool', [], new Uint8Array([1]))
      .node('If', ['always'], { then_branch: branch('then', 0.1), else_branch: branch('else', 0.2) }, ['y'])
      .output('y', 'float32', [2])
      .build({ opset: 9, irVersion: 4 });
    await expectSameMeaning(model, [2]);
  });

  it('returns newer models as they are', () => {
    const model = graph().input('x').relu().output().build({ opset: 17 });
    expect(upgradeOpset(model, knowledgeOf(model))).toBe(model);
  });

  it('refuses opsets before 7, and layers without a counterpart by name', () => {
    const old = graph().input('x').relu().output().build({ opset: 6, irVersion: 3 });
    expect(() => upgradeOpset(old, knowledgeOf(old))).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    const masked = graph()
      .input('x', 'float32', [2])
      .node('Dropout', ['x'], { ratio: 0.5 }, ['y', 'mask'], { name: 'drop' })
      .node('Identity', ['mask'], {}, ['used'])
      .output('y')
      .build({ opset: 9, irVersion: 4 });
    expect(() => upgradeOpset(masked, knowledgeOf(masked))).toThrow(/'drop'.*mask/);
  });
});

describe('upgradeTo opset 21', () => {
  const upgraded = (model: Model): Model => {
    const result = upgradeTo(model, knowledgeOf(model), { to: BLOCKED_OPSET, sources: new Map() });
    expect(defaultOpset(result)).toBe(21);
    return result;
  };

  it('turns the axis of DFT into an input', async () => {
    const signal = (attributes: Readonly<Record<string, bigint>>) =>
      graph()
        .input('x', 'float32', [3, 4, 5, 1])
        .node('DFT', ['x'], attributes, ['y'])
        .output('y')
        .build({ opset: 17 });
    for (const model of [signal({}), signal({ axis: 2n }), signal({ axis: 0n, onesided: 1n })]) {
      await expectEqual(runner, model, upgraded(model), randomFeed([3, 4, 5, 1]));
    }
  });

  it('names the modes of GridSample anew', async () => {
    const grid = [-0.9, 0.3, 0.2, -0.7, 1.2, 0.4];
    for (const mode of ['bilinear', 'bicubic', 'nearest', undefined]) {
      const model = graph()
        .input('x', 'float32', [1, 2, 4, 5])
        .initializer('grid', 'float32', [1, 1, 3, 2], grid)
        .node('GridSample', ['x', 'grid'], mode === undefined ? {} : { mode }, ['y'])
        .output('y')
        .build({ opset: 16 });
      await expectEqual(runner, model, upgraded(model), randomFeed([1, 2, 4, 5]));
    }
  });

  it('leaves the samples of RoiAlign where they were', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 6, 6])
      .initializer('rois', 'float32', [1, 4], [0.5, 1, 4.5, 5])
      .initializer('of', 'int64', [1], [0n])
      .node('RoiAlign', ['x', 'rois', 'of'], { output_height: 2n, output_width: 3n, sampling_ratio: 2n }, ['y'])
      .output('y')
      .build({ opset: 13 });
    await expectEqual(runner, model, upgraded(model), randomFeed([1, 2, 6, 6]));
  });
});
