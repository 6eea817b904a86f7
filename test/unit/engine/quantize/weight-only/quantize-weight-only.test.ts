import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intAttribute } from '../../../../../main/engine/graph/attributes.ts';
import type { Model, Tensor } from '../../../../../main/engine/graph/ir.ts';
import { tensorBytes, tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { float16ToFloat32, float32ToFloat16 } from '../../../../../main/engine/tensor/half.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph, type GraphBuilder } from '../../../../support/graph-builder.ts';
import { tempFolder } from '../../../../support/temp-folder.ts';
import { largestDifference, outputsOf } from '../oracle.ts';
import { referenceWeights } from './reference-decoder.ts';
import { quantizeWeights } from './weight-step.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const quantize = (model: Model, settings: Record<string, unknown> = {}): ReturnType<typeof quantizeWeights> =>
  quantizeWeights(model, settings, runner);

const one = (size: number): HostTensors => ({
  x: {
    dtype: 'float32',
    dims: [size, size],
    data: Float32Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0)),
  },
});

/** The weights of the only MatMulNBits of a model, as a decoder of its own reads them; [outputs, inputs]. */
function decoded({ graph: { nodes, initializers } }: Model): number[] {
  const node = nodes.find(({ opType }) => opType === 'MatMulNBits')!;
  const stored = (at: number): Tensor | undefined => initializers.find(({ name }) => name === (node.inputs[at] ?? ''));
  const zeros = stored(3);
  return referenceWeights({
    bits: intAttribute(node, 'bits', 0),
    block: intAttribute(node, 'block_size', 0),
    rows: intAttribute(node, 'N', 0),
    columns: intAttribute(node, 'K', 0),
    codes: tensorBytes(stored(1)!),
    scales: tensorValues(stored(2)!) as Float32Array,
    zeroPoints: zeros === undefined ? undefined : tensorBytes(zeros),
    padded: true,
  });
}

const turned = (values: readonly number[], rows: number, columns: number): number[] =>
  Array.from({ length: values.length }, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!);

describe('quantizeWeightOnly', () => {
  it.each([
    { scheme: 'int8-weight', block: 16 },
    { scheme: 'int8-weight', block: 256, symmetric: true },
    { scheme: 'int4-weight', block: 32 },
    { scheme: 'int4-weight', block: 64, symmetric: true, method: 'hqq' },
    { scheme: 'int4-weight', block: 32, compute: 'float32' },
    { scheme: 'int2-weight', block: 32 },
    { scheme: 'int2-weight', block: 128, symmetric: true },
  ])('writes what the runtime reads as the weights that codes stand for: %o', async (settings) => {
    const columns = 70;
    const model = graph()
      .input('x', 'float32', ['N', columns])
      .weights('w', [columns, 9])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'head' })
      .output()
      .build();
    const { model: made, layers, fusedShare } = await quantize(model, settings);
    const { y } = await outputsOf(runner, made, one(columns));
    // The identity as input leaves the weights; rounded to 8 bits it is exact up to rounding of its scale.
    expect(largestDifference(y!, turned(decoded(made), 9, columns))).toBeLessThan(1e-6);
    expect(layers).toMatchObject([{ name: 'head', quantized: true, fused: true, reason: null }]);
    expect(fusedShare).toBe(1);
  });

  it.each([
    { settings: { scheme: 'int4-weight', block: 256 }, expected: 16 },
    { settings: { scheme: 'int2-weight', block: 128 }, expected: 32 },
  ])('takes no larger blocks than rows need: $settings', async ({ settings, expected }) => {
    const model = graph()
      .input('x', 'float32', ['N', 12])
      .weights('w', [12, 4])
      .node('MatMul', ['x', 'w'])
      .output()
      .build();
    const { model: made } = await quantize(model, settings);
    expect(intAttribute(made.graph.nodes[0]!, 'block_size', 0)).toBe(expected);
  });

  it('says bits, errors and bytes of each layer', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 64])
      .weights('w', [64, 32])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    const { model: made, layers } = await quantize(model, { block: 32 });
    const weights = layers[0]!.weights!;
    // 1024 bytes of codes, 64 scales, 64 zero points of 4 bits
    expect(weights).toMatchObject({ bits: 4, outputSqnrDb: null, bytes: { before: 8192, after: 1024 + 256 + 32 } });
    const read = turned(decoded(made), 32, 64);
    const float = tensorValues(model.graph.initializers[0]!) as Float32Array;
    const signal = float.reduce((sum, weight) => sum + weight ** 2, 0);
    const error = float.reduce((sum, weight, at) => sum + (weight - read[at]!) ** 2, 0);
    expect(weights.sqnrDb).toBeCloseTo(10 * Math.log10(signal / error), 3);
  });

  it.each([0n, 1n])('takes Gemm with its bias and factors, weights turned or not: transB %s', async (transB) => {
    const model = graph()
      .input('x', 'float32', ['N', 48])
      .weights('w', transB === 1n ? [20, 48] : [48, 20])
      .weights('b', [20])
      .node('Gemm', ['x', 'w', 'b'], { transB, alpha: 0.5, beta: 2 }, ['y'], { name: 'fc' })
      .output()
      .build();
    const { model: made } = await quantize(model, { scheme: 'int8-weight', block: 16 });
    expect(made.graph.nodes.map(({ opType }) => opType)).toEqual(['MatMulNBits']);
    const feeds = one(48);
    const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, made, feeds)];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.004);
  });

  it('puts a bias that is no constant for each output behind the product', async () => {
    const model = graph()
      .input('x', 'float32', [48, 48])
      .input('c', 'float32', [48, 20])
      .weights('w', [48, 20])
      .node('Gemm', ['x', 'w', 'c'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    const { model: made, sources } = await quantize(model, { scheme: 'int8-weight' });
    expect(made.graph.nodes.map(({ opType }) => opType)).toEqual(['MatMulNBits', 'Add']);
    expect(sources.get(made.graph.nodes[1]!.name)).toEqual(['fc']);
    const c = {
      dtype: 'float32',
      dims: [48, 20],
      data: Float32Array.from({ length: 960 }, (_, at) => at / 100),
    } as const;
    const feeds = { ...one(48), c };
    const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, made, feeds)];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.01);
  });

  it('reads weights behind a Transpose, and a matrix that two layers share once', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 32])
      .weights('w', [32, 32])
      .node('Transpose', ['w'], { perm: [1n, 0n] }, ['wt'], { name: 't' })
      .node('MatMul', ['x', 'wt'], {}, ['h'], { name: 'one' })
      .node('MatMul', ['h', 'wt'], {}, ['y'], { name: 'two' })
      .output()
      .build();
    const { model: made, layers } = await quantize(model, { scheme: 'int8-weight' });
    expect(made.graph.nodes.map(({ opType }) => opType)).toEqual(['MatMulNBits', 'MatMulNBits']);
    expect(made.graph.initializers).toHaveLength(3);
    expect(layers.find(({ name }) => name === 'two')).toMatchObject({
      quantized: true,
      reason: "shares the codes of 'one'",
    });
    const feeds = one(32);
    const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, made, feeds)];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.05);
  });
});

/** A table of 40 rows, a layer, and a head that reads the same table (or a copy of it). */
function languageModel({ copied }: { readonly copied: boolean }, width = 32): GraphBuilder {
  const random = seededRandom(3);
  const table = Float32Array.from({ length: 40 * width }, () => random() - 0.5);
  const head = Float32Array.from({ length: table.length }, (_, at) => table[(at % 40) * width + Math.floor(at / 40)]!);
  const built = graph().input('ids', 'int64', ['N']).initializer('table', 'float32', [40, width], table);
  const begun = built
    .node('Gather', ['table', 'ids'], {}, ['e'], { name: 'embed' })
    .weights('w', [width, width])
    .node('MatMul', ['e', 'w'], {}, ['h'], { name: 'fc' });
  return copied
    ? begun.initializer('head', 'float32', [width, 40], head).node('MatMul', ['h', 'head'], {}, ['y'], { name: 'head' })
    : begun
        .node('Transpose', ['table'], { perm: [1n, 0n] }, ['turned'], { name: 't' })
        .node('MatMul', ['h', 'turned'], {}, ['y'], { name: 'head' });
}

const ids = { ids: { dtype: 'int64', dims: [3], data: BigInt64Array.of(0n, 17n, 39n) } } as const;

describe('lookup tables', () => {
  it.each([true, false])('are stored once with the head that holds the same: copied %s', async (copied) => {
    const model = languageModel({ copied }).output().build();
    const { model: made, layers, notes } = await quantize(model, { scheme: 'int8-weight' });
    const ops = made.graph.nodes.map(({ opType }) => opType);
    expect(ops.filter((op) => op === 'GatherBlockQuantized' || op === 'MatMulNBits')).toHaveLength(3);
    // codes, scales, zero points of two matrices, and three shapes for the table
    expect(made.graph.initializers).toHaveLength(9);
    expect(layers.find(({ name }) => name === 'head')!.reason).toBe("shares the codes of 'embed'");
    expect(notes.some((note) => note.includes('stored once'))).toBe(copied);
    const [before, after] = [await outputsOf(runner, model, ids), await outputsOf(runner, made, ids)];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.02);
  });

  it.each(['int8-weight', 'int4-weight', 'int2-weight'])('give what a decoder of its own reads: %s', async (scheme) => {
    const model = graph()
      .input('ids', 'int64', ['N'])
      .weights('table', [40, 44])
      .node('Gather', ['table', 'ids'], {}, ['y'], { name: 'embed' })
      .output()
      .build();
    const { model: made } = await quantize(model, { scheme, block: 32 });
    const [codes, scales, zeros] = made.graph.initializers as [Tensor, Tensor, Tensor];
    const bits = Number(/\d/.exec(scheme)![0]);
    const rows = referenceWeights({
      bits,
      block: 32,
      rows: 40,
      columns: 44,
      codes: tensorBytes(codes),
      scales: tensorValues(scales) as Float32Array,
      zeroPoints: tensorBytes(zeros),
      padded: false,
    });
    const { y } = await outputsOf(runner, made, ids);
    expect(
      largestDifference(
        y!,
        [0, 17, 39].flatMap((row) => rows.slice(row * 44, (row + 1) * 44)),
      ),
    ).toBe(0);
  });

  it('stay where they are left out, and with them a head that shares them', async () => {
    const model = languageModel({ copied: false }).output().build();
    const { layers } = await quantize(model, { embeddings: false });
    expect(layers.filter(({ quantized }) => quantized).map(({ name }) => name)).toEqual(['fc']);
    expect(layers.find(({ name }) => name === 'head')!.reason).toBe(
      "shares its weights with 'embed', which keeps them in float",
    );
  });
});

describe('in standard operators', () => {
  const product = (opset: number): Model =>
    graph()
      .input('x', 'float32', ['N', 64])
      .weights('w', [64, 12])
      .node('MatMul', ['x', 'w'], {}, ['h'], { name: 'one' })
      .weights('v', [10, 12])
      .weights('b', [10])
      .node('Gemm', ['h', 'v', 'b'], { transB: 1n, alpha: 0.25 }, ['y'], { name: 'two' })
      .output()
      .build({ opset });

  it.each([
    { scheme: 'int8-weight', opset: 13, allowed: 0.02 },
    { scheme: 'int8-weight', symmetric: true, opset: 17, allowed: 0.02 },
    { scheme: 'int8-weight', block: 32, opset: 21, allowed: 0.02 },
    { scheme: 'int4-weight', block: 16, opset: 21, allowed: 0.3 },
    { scheme: 'int4-weight', block: 32, symmetric: true, opset: 21, allowed: 0.3 },
  ])('the runtime computes what it did before, nearly: %o', async ({ opset, allowed, ...settings }) => {
    const model = product(opset);
    const { model: made, fusedShare, layers } = await quantize(model, { format: 'qdq', ...settings });
    expect(fusedShare).toBeNull();
    expect(layers[0]).toMatchObject({ quantized: true, fused: null });
    expect(made.graph.nodes.map(({ opType }) => opType).toSorted()).toEqual([
      'DequantizeLinear',
      'DequantizeLinear',
      'Gemm',
      'MatMul',
    ]);
    expect(new Set(made.graph.nodes.map(({ domain }) => domain))).toEqual(new Set(['']));
    const feeds = one(64);
    const [before, after] = [await outputsOf(runner, model, feeds), await outputsOf(runner, made, feeds)];
    const difference = largestDifference(before['y']!, after['y']!);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(allowed);
  });

  it('raises the opset where blocks need a newer one, and says so', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 64])
      .node('ReduceMean', ['x'], { axes: [1n], keepdims: 1n }, ['m'], { name: 'mean' })
      .node('Sub', ['x', 'm'], {}, ['c'], { name: 'centre' })
      .weights('w', [64, 12])
      .node('MatMul', ['c', 'w'], {}, ['y'], { name: 'fc' })
      .output()
      .build({ opset: 13, irVersion: 7 });
    const { model: made, notes } = await quantize(model, { format: 'qdq', block: 16 });
    expect(made.opsetImports[0]!.version).toBe(21);
    expect(made.irVersion).toBe(10);
    expect(notes[0]).toContain('Rewritten in opset 21');
    const [before, after] = [await outputsOf(runner, model, one(64)), await outputsOf(runner, made, one(64))];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.05);
  });
});

describe('weights in external data', () => {
  it('are read when their turn comes, and give the same codes', async () => {
    using folder = tempFolder();
    const model = graph()
      .input('x', 'float32', ['N', 64])
      .weights('w', [64, 12])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    const [weight] = model.graph.initializers as [Tensor];
    const path = folder.file('weights.data');
    writeFileSync(path, tensorBytes(weight));
    const storage = {
      kind: 'external',
      directory: dirname(path),
      location: 'weights.data',
      offset: 0,
      length: undefined,
      extra: [],
    } as const;
    const outside: Model = { ...model, graph: { ...model.graph, initializers: [{ ...weight, storage }] } };
    const [inside, read] = [await quantize(model), await quantize(outside)];
    expect(read.model.graph.initializers.map(tensorBytes)).toEqual(inside.model.graph.initializers.map(tensorBytes));
    expect(read.layers).toEqual(inside.layers);
  });
});

describe('other element types', () => {
  it('codes float16 weights with float16 scales', async () => {
    const values = Float32Array.from({ length: 64 * 12 }, (_, at) => Math.sin(at));
    const model = graph()
      .input('x', 'float16', ['N', 64])
      .initializer('w', 'float16', [64, 12], values)
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'fc' })
      .output('y', 'float16')
      .build();
    const { model: made } = await quantize(model, { scheme: 'int8-weight' });
    expect(made.graph.initializers[1]!.dtype).toBe('float16');
    const x = { dtype: 'float16', dims: [64, 64], data: float32ToFloat16(one(64)['x']!.data as Float32Array) } as const;
    const run = async (which: Model): Promise<Float32Array> =>
      float16ToFloat32(new Uint16Array((await outputsOf(runner, which, { x }))['y']!));
    const difference = largestDifference(await run(model), await run(made));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.01);
  });

  it('takes scales as the layer takes weights that are stored in float16 and converted', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 64])
      .initializer(
        'w',
        'float16',
        [64, 12],
        Float32Array.from({ length: 64 * 12 }, (_, at) => Math.sin(at)),
      )
      .node('Cast', ['w'], { to: 1n }, ['wf'], { name: 'cast' })
      .node('MatMul', ['x', 'wf'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    const { model: made } = await quantize(model, { scheme: 'int8-weight' });
    expect(made.graph.initializers.map(({ dtype }) => dtype)).toEqual(['uint8', 'float32', 'uint8']);
    const [before, after] = [await outputsOf(runner, model, one(64)), await outputsOf(runner, made, one(64))];
    expect(largestDifference(before['y']!, after['y']!)).toBeLessThan(0.01);
  });
});

describe('what stays', () => {
  it('is said with its reason', async () => {
    const model = graph()
      .input('x', 'float32', [1, 4, 8, 8])
      .conv({ name: 'conv', channels: 4 })
      .weights('w', [8, 8])
      .node('MatMul', ['conv_out', 'w'], {}, ['y'], { name: 'fc' })
      .output();
    const built = model.build();
    const conv = built.graph.nodes[0]!;
    const renamed = {
      ...built,
      graph: { ...built.graph, nodes: [{ ...conv, outputs: ['conv_out'] }, ...built.graph.nodes.slice(1)] },
    };
    const { layers } = await quantize(renamed, { exclude: ['fc'] });
    expect(layers.map(({ name, reason }) => [name, reason])).toEqual([
      ['conv', 'kernels of Conv take no weights in blocks'],
      ['fc', 'left out by the recipe'],
    ]);
  });

  it('is the whole model where nothing can be coded', async () => {
    const model = graph().input('x', 'float32', [1, 4]).relu().output().build();
    const { model: made, notes } = await quantize(model);
    expect(made).toBe(model);
    expect(notes[0]).toContain('No layer of this model');
  });

  it('refuses weights that are not finite, naming the layer', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('w', 'float32', [2, 1], [1, NaN])
      .node('MatMul', ['x', 'w'], {}, ['y'], { name: 'fc' })
      .output()
      .build();
    await expect(quantize(model)).rejects.toMatchObject({ code: 'QUANTIZE_NOT_FINITE' });
  });
});
