import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../../main/engine/graph/make.ts';
import { tensorBytes, tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { pruneElements, type PrunedModel } from '../../../../../main/engine/prune/elements/prune-elements.ts';
import type { ElementStep } from '../../../../../main/contract/recipe/prune-elements.ts';
import { pruneStep } from '../../../../support/recipes.ts';
import { graph } from '../../../../support/graph-builder.ts';

/** Prunes a model in which no weight has to be computed. */
function prune(model: Model, given: ElementStep): Promise<PrunedModel> {
  const runners = { use: () => Promise.reject(new Error('no runner was expected')) };
  return pruneElements(model, given, { runners, signal: new AbortController().signal });
}

function weightsOf(model: Model, name: string): number[] {
  const tensor = model.graph.initializers.find((each) => each.name === name);
  return Array.from(tensorValues(tensor!) as Float32Array);
}

/** Two layers [1, 4] each: the first with small weights, the second with large ones. */
function twoLayers(): Model {
  return graph()
    .input('x', 'float32', [1, 4])
    .initializer(
      'small',
      'float32',
      [4, 4],
      Float32Array.from({ length: 16 }, (_, i) => (i + 1) / 100),
    )
    .initializer('large', 'float32', [4, 1], [5, -6, 7, -8])
    .node('MatMul', ['x', 'small'], {}, ['h'], { name: 'first' })
    .node('MatMul', ['h', 'large'], {}, ['y'], { name: 'second' })
    .output('y')
    .build();
}

describe('pruneElements', () => {
  it('zeroes the smallest weights of all layers together', async () => {
    const { model, result } = await prune(twoLayers(), pruneStep());
    expect(weightsOf(model, 'small').filter((value) => value === 0)).toHaveLength(10);
    expect(weightsOf(model, 'large')).toEqual([5, -6, 7, -8]);
    expect(result.sparsity).toEqual({ requested: 0.5, achieved: 0.5 });
    expect(result.layers).toEqual([
      { name: 'first', op: 'MatMul', sparsity: 0.625, channels: null },
      { name: 'second', op: 'MatMul', sparsity: 0, channels: null },
    ]);
    expect(result.parameters).toEqual({ before: 20, after: 10 });
    expect(result.macs).toEqual({ before: 20, after: 10 });
  });

  it('zeroes the same share of each layer in the scope layer', async () => {
    const { model } = await prune(twoLayers(), pruneStep({ scope: 'layer' }));
    expect(weightsOf(model, 'small').filter((value) => value === 0)).toHaveLength(8);
    expect(weightsOf(model, 'large')).toEqual([0, 0, 7, -8]);
  });

  it('reaches the share asked for to one weight, in both scopes', async () => {
    const model = graph()
      .input('x', 'float32', [1, 3, 8, 8])
      .conv({ channels: 5 })
      .conv({ channels: 7 })
      .conv({ channels: 3 })
      .output()
      .build();
    const total = 3 * 5 * 9 + 5 * 7 * 9 + 7 * 3 * 9;
    for (const sparsity of [0, 0.1, 1 / 3, 0.777, 1]) {
      for (const scope of ['global', 'layer'] as const) {
        const { result } = await prune(model, pruneStep({ sparsity, scope }));
        expect(result.sparsity.achieved * total).toBeCloseTo(Math.round(sparsity * total), 6);
      }
    }
  });

  it('draws the same weights for the same seed, others for another, and exactly as many', async () => {
    const model = graph().input('x', 'float32', [1, 3, 8, 8]).conv({ channels: 9 }).output().build();
    const drawn = async (seed: number): Promise<number[]> => {
      const { model: pruned, result } = await prune(model, pruneStep({ score: 'random', sparsity: 1 / 3, seed }));
      expect(result.sparsity.achieved * 243).toBeCloseTo(81, 6);
      return weightsOf(pruned, 'conv0.weight');
    };
    expect(await drawn(0)).toEqual(await drawn(0));
    expect(await drawn(0)).not.toEqual(await drawn(1));
  });

  it('counts zeros that the model already has', async () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .gemm({ inputs: 4, outputs: 1, weight: [0, 0, 3, 4] })
      .output()
      .build();
    const { result, model: pruned } = await prune(model, pruneStep({ sparsity: 0.5 }));
    expect(result.sparsity.achieved).toBe(0.5);
    expect(weightsOf(pruned, 'gemm0.weight')).toEqual([0, 0, 3, 4]);
  });

  it('never touches the arrays of the model that it was given', async () => {
    const model = twoLayers();
    const before = structuredClone(model);
    await prune(model, pruneStep({ sparsity: 1 }));
    expect(model).toEqual(before);
  });

  it('leaves excluded layers, biases and normalisation alone', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2, 4, 4])
      .conv({ name: 'kept', channels: 2 })
      .conv({ name: 'cut', channels: 2 })
      .weights('gamma', [2])
      .node('BatchNormalization', ['conv_1', 'gamma', 'gamma', 'gamma', 'gamma'], {}, ['y'], { name: 'bn' })
      .output('y')
      .build();
    const { model: pruned, result } = await prune(model, pruneStep({ sparsity: 1, exclude: ['kept'] }));
    const changed = pruned.graph.initializers.filter((tensor, at) => tensor !== model.graph.initializers[at]);
    expect(changed.map(({ name }) => name)).toEqual(['cut.weight']);
    expect(result.frozen).toEqual([{ name: 'kept', reason: 'left out by the recipe' }]);
  });

  it('handles a shared weight once, and not at all when one of its layers is excluded', async () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .weights('w', [4, 4])
      .node('MatMul', ['x', 'w'], {}, ['h'], { name: 'first' })
      .node('MatMul', ['h', 'w'], {}, ['y'], { name: 'second' })
      .output('y')
      .build();
    const once = (await prune(model, pruneStep())).result;
    expect(once.layers.map(({ name }) => name)).toEqual(['first']);
    expect(once.frozen).toEqual([
      { name: 'second', reason: "shares its weights with 'first', where they are counted" },
    ]);
    expect(once.macs).toEqual({ before: 32, after: 16 });
    await expect(prune(model, pruneStep({ exclude: ['second'] }))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining("Layer 'first': shares its weights with 'second', which the recipe leaves out"),
    });
  });

  it('prunes weights in Constant nodes, behind Transpose and in subgraphs', async () => {
    const value = makeTensor('', 'float32', [2, 2], Float32Array.of(1, 2, 3, 4));
    const branch = (name: string) =>
      graph(name)
        .node('Constant', [], { value }, [`${name}_w`], { name: 'c' })
        .node('Transpose', [`${name}_w`], {}, [`${name}_t`], { name: 't' })
        .node('MatMul', ['x', `${name}_t`], {}, [`${name}_y`], { name: 'm' })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x', 'float32', [1, 2])
      .input('flag', 'bool', [])
      .node('If', ['flag'], { then_branch: branch('a'), else_branch: branch('b') }, ['y'], { name: 'if' })
      .output('y')
      .build();
    const { result } = await prune(model, pruneStep());
    expect(result.layers[0]).toEqual({ name: 'if/then_branch/m', op: 'MatMul', sparsity: 0.5, channels: null });
    expect(result.parameters.after).toBe(result.parameters.before / 2);
  });

  it('keeps every bit of the float16 and float64 weights that stay', async () => {
    for (const dtype of ['float16', 'float64'] as const) {
      const values = Float64Array.of(1.5, -0.001, 0.25, -65504);
      const model = graph()
        .input('x', dtype, [1, 2])
        .tensor(makeTensor('w', dtype, [2, 2], values))
        .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'm' })
        .output('y', dtype)
        .build();
      const pruned = (await prune(model, pruneStep())).model.graph.initializers[0]!;
      expect(pruned.dtype).toBe(dtype);
      expect(tensorBytes(pruned)).toEqual(
        tensorBytes(makeTensor('w', dtype, [2, 2], Float64Array.of(1.5, 0, 0, -65504))),
      );
    }
  });

  it('refuses a model in which nothing can be pruned, and tells why', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2])
      .initializer('codes', 'int8', [2, 2], Int8Array.of(1, 2, 3, 4))
      .initializer('scale', 'float32', [], [0.5])
      .node('DequantizeLinear', ['codes', 'scale'], {}, ['w'])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'm' })
      .output('y')
      .build();
    await expect(prune(model, pruneStep())).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message:
        "Nothing in this model can be pruned this way. Layer 'm': its weights are integers behind DequantizeLinear",
    });
  });

  it('refuses weights that are not finite, with their layer and place', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2])
      .gemm({ name: 'm', inputs: 2, outputs: 2, weight: [1, 2, NaN, 4] })
      .output()
      .build();
    await expect(prune(model, pruneStep())).rejects.toMatchObject({
      code: 'PRUNE_NOT_FINITE',
      message: expect.stringContaining("Weight 2 of layer 'm' is NaN"),
    });
  });

  it('takes whole blocks of outputs and inputs, those of the smallest mean', async () => {
    // 4 outputs × 4 inputs; the block of outputs 0–3 at input 1 is the smallest, then that at input 3
    const rows = [
      [9, 1, 5, 2],
      [8, 1, 6, 2],
      [7, 1, 5, 2],
      [9, 2, 6, 2],
    ];
    const model = graph()
      .input('x', 'float32', [1, 4])
      .gemm({ name: 'm', inputs: 4, outputs: 4, weight: rows.flat() })
      .output()
      .build();
    const { model: pruned } = await prune(model, pruneStep({ sparsity: 0.5, block: '4x1' }));
    expect(weightsOf(pruned, 'm.weight')).toEqual(rows.flatMap(([a, , c]) => [a, 0, c, 0]));
  });

  it('keeps 2 of 4 inputs of each output, for each place of a kernel', async () => {
    // [1 output, 4 inputs, 1 × 2 places]: inputs 2 and 3 are greatest at the first place, 0 and 1 at the second
    const model = graph()
      .input('x', 'float32', [1, 4, 1, 2])
      .initializer('w', 'float32', [1, 4, 1, 2], [1, 8, -2, 7, 3, -6, 4, 5])
      .node('Conv', ['x', 'w'], {}, ['y'], { name: 'conv' })
      .output('y')
      .build();
    const { model: pruned, result } = await prune(model, pruneStep({ structure: '2:4' }));
    expect(weightsOf(pruned, 'w')).toEqual([0, 8, 0, 7, 3, 0, 4, 0]);
    expect(result.sparsity).toEqual({ requested: 0.5, achieved: 0.5 });
  });

  it('freezes layers whose inputs do not divide into the groups of a pattern', async () => {
    const model = graph()
      .input('x', 'float32', [1, 3, 4, 4])
      .conv({ name: 'stem', channels: 8 })
      .conv({ name: 'next', channels: 4 })
      .output()
      .build();
    const { result } = await prune(model, pruneStep({ structure: '4:8' }));
    expect(result.layers.map(({ name }) => name)).toEqual(['next']);
    expect(result.frozen).toEqual([
      { name: 'stem', reason: 'its 3 input channels for each output do not divide into groups of 8' },
    ]);
  });
});
