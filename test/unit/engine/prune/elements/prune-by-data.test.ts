/** Scores from data: what the model before a layer gives decides about its weights. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { pruneElements, type PrunedModel } from '../../../../../main/engine/prune/elements/prune-elements.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { pruneStep } from '../../../../support/recipes.ts';
import { passContext } from '../../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** One sample a batch. */
async function* samplesOf(rows: readonly (readonly number[])[], dims: readonly number[]): FeedBatches {
  for (const row of rows) yield { x: { dtype: 'float32', dims: [1, ...dims], data: Float32Array.from(row) } };
}

interface Data {
  readonly rows: readonly (readonly number[])[];
  readonly dims: readonly number[];
}

function prune(model: Model, settings: Record<string, unknown>, { rows, dims }: Data): Promise<PrunedModel> {
  const calibration = (count: number): FeedBatches => samplesOf(rows.slice(0, count), dims);
  const source = { calibration, runner, context: quietContext() };
  return pruneElements(model, pruneStep(settings) as Parameters<typeof pruneElements>[1], passContext(runner), source);
}

const valuesOf = (model: Model, name: string): number[] =>
  Array.from(tensorValues(model.graph.initializers.find((tensor) => tensor.name === name)!), Number);

function noise(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random() - 0.5);
}

describe('Wanda', () => {
  it('weighs each weight with the size of its input, output by output', async () => {
    // ‖x‖ = 5, 1, 0: scores 1·5, 3·1, 9·0 and 0.1·5, 0.2·1, 4·0
    const model = graph()
      .input('x', 'float32', ['N', 3])
      .gemm({ name: 'fc', inputs: 3, outputs: 2, weight: [1, 3, 9, -0.1, 0.2, 4] })
      .output()
      .build();
    const data = {
      rows: [
        [3, 0, 0],
        [4, 1, 0],
      ],
      dims: [3],
    };
    const { model: pruned, result } = await prune(model, { score: 'wanda', sparsity: 1 / 3 }, data);
    expect(valuesOf(pruned, 'fc.weight')).toEqual([1, 3, 0, Math.fround(-0.1), Math.fround(0.2), 0]);
    expect(result.sparsity.achieved).toBeCloseTo(1 / 3, 12);
  });

  it('sums over every position that a tap of a kernel sees, edges included', async () => {
    // x = [1, 10] in a row, kernel 1 × 2 without padding sees (1, 10); with a pad before, (0, 1) and (1, 10)
    const conv = (pads: readonly bigint[]): Model =>
      graph()
        .input('x', 'float32', ['N', 1, 1, 2])
        .initializer('w', 'float32', [1, 1, 1, 2], [5, 1])
        .node('Conv', ['x', 'w'], { pads }, ['y'], { name: 'conv' })
        .output('y')
        .build();
    const data = { rows: [[1, 10]], dims: [1, 1, 2] };
    const cutOf = async (pads: readonly bigint[]): Promise<number[]> =>
      valuesOf((await prune(conv(pads), { score: 'wanda' }, data)).model, 'w');
    // 5·1 against 1·10
    expect(await cutOf([0n, 0n, 0n, 0n])).toEqual([0, 1]);
    // with a pad behind, the first tap sees (1, 10) and the second (10, 0)
    expect(await cutOf([0n, 0n, 0n, 1n])).toEqual([5, 0]);
  });

  it('judges a layer by what the pruned layers before it give', async () => {
    // The first layer loses its weight from input 1, so the second sees nothing from its input 1.
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('a', 'float32', [2, 2], [2, 0.1, 0.1, 1])
      .initializer('b', 'float32', [2, 1], [1, 1.5])
      .node('MatMul', ['x', 'a'], {}, ['h'], { name: 'first' })
      .node('MatMul', ['h', 'b'], {}, ['y'], { name: 'second' })
      .output('y')
      .build();
    const { model: pruned } = await prune(model, { score: 'wanda' }, { rows: [[1, 1]], dims: [2] });
    expect(valuesOf(pruned, 'a')).toEqual([2, 0, 0, 1]);
    // inputs 2 and 1 now: 1·2 against 1.5·1
    expect(valuesOf(pruned, 'b')).toEqual([1, 0]);
  });

  it('keeps patterns, blocks and groups', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 8, 4, 4])
      .conv({ name: 'grouped', channels: 8, group: 2, weight: noise(1, 8 * 4 * 9) })
      .output()
      .build();
    const data = { rows: [noise(2, 128), noise(3, 128)], dims: [8, 4, 4] };
    const patterned = await prune(model, { structure: '2:4', score: 'wanda' }, data);
    expect(patterned.result.sparsity.achieved).toBe(0.5);
    const blocks = await prune(model, { score: 'wanda', block: '4x1', sparsity: 0.25 }, data);
    expect(blocks.result.sparsity.achieved).toBe(0.25);
    const zeros = valuesOf(blocks.model, 'grouped.weight').map((weight) => weight === 0);
    for (let at = 0; at < 36; at++) expect(new Set([0, 1, 2, 3].map((row) => zeros[row * 36 + at])).size).toBe(1);
  });
});

describe('SparseGPT', () => {
  const model = (): Model =>
    graph()
      .input('x', 'float32', ['N', 4, 6, 6])
      .conv({ name: 'a', channels: 8, weight: noise(5, 8 * 4 * 9) })
      .relu()
      .conv({ name: 'b', channels: 4, weight: noise(6, 4 * 8 * 9) })
      .output()
      .build();
  // Neighbours are alike, as in images.
  const rows = Array.from({ length: 24 }, (_, at) => {
    const own = noise(100 + at, 144);
    return own.map((_value, i) => own.slice(Math.max(0, i - 6), i + 1).reduce((sum, each) => sum + each, 0));
  });
  const data = { rows, dims: [4, 6, 6] };

  async function outputsOf(of: Model): Promise<number[]> {
    const { encodeModelBytes } = await import('../../../../../main/engine/onnx/encode-model.ts');
    const session = await runner.load({ bytes: [encodeModelBytes(of)] }, { provider: 'cpu', threads: 1 });
    const outputs: number[] = [];
    for await (const feeds of samplesOf(rows, data.dims)) {
      for (const { data: values } of Object.values(await session.run(feeds)))
        outputs.push(...Array.from(values as Float32Array));
    }
    await session.close();
    return outputs;
  }

  const distance = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);

  it('is nearer to the model before than magnitudes at the same share', async () => {
    const before = await outputsOf(model());
    const by = async (settings: Record<string, unknown>): Promise<number> => {
      const { model: pruned, result } = await prune(model(), settings, data);
      expect(result.sparsity.achieved).toBeCloseTo(0.5, 9);
      expect(result.macs.after).toBeLessThan(0.6 * result.macs.before);
      return distance(await outputsOf(pruned), before);
    };
    const magnitude = await by({ sparsity: 0.5, scope: 'layer' });
    expect(await by({ sparsity: 0.5, score: 'sparsegpt' })).toBeLessThan(0.6 * magnitude);
  });

  it('takes exactly the share that was asked for, also from many small groups', async () => {
    const depthwise = graph()
      .input('x', 'float32', ['N', 4, 6, 6])
      .conv({ name: 'a', channels: 4, group: 4, weight: noise(9, 36) })
      .output()
      .build();
    const { result } = await prune(depthwise, { score: 'sparsegpt' }, data);
    expect(result.sparsity.achieved).toBe(0.5);
  });

  it('gives the same weights each time, and leaves the given model as it was', async () => {
    const given = model();
    const kept = structuredClone(given);
    const [one, two] = [
      await prune(given, { score: 'sparsegpt' }, data),
      await prune(given, { score: 'sparsegpt' }, data),
    ];
    expect(valuesOf(one.model, 'b.weight')).toEqual(valuesOf(two.model, 'b.weight'));
    expect(given).toEqual(kept);
  });

  it('prunes float16 weights behind a conversion and a transposition', async () => {
    const stored = makeTensor('w', 'float16', [2, 4], Float32Array.of(1, 0.25, -2, 0.5, -0.25, 3, 0.5, 1));
    const moved = graph()
      .input('x', 'float32', ['N', 4])
      .tensor(stored)
      .node('Cast', ['w'], { to: 1n }, ['real'])
      .node('Transpose', ['real'], { perm: [1n, 0n] }, ['t'])
      .node('MatMul', ['x', 't'], {}, ['y'], { name: 'm' })
      .output('y')
      .build();
    // Inputs that have nothing to do with each other: nothing is moved.
    const unit = [0, 1, 2, 3].map((one) => [0, 1, 2, 3].map((at) => Number(at === one)));
    const { model: pruned } = await prune(moved, { structure: '2:4', score: 'sparsegpt' }, { rows: unit, dims: [4] });
    expect(valuesOf(pruned, 'w')).toEqual([1, 0, -2, 0, 0, 3, 0, 1]);
  });
});

describe('bad data', () => {
  const model = (): Model =>
    graph()
      .input('x', 'float32', ['N', 2])
      .gemm({ name: 'fc', inputs: 2, outputs: 2, weight: [1, 2, 3, 4] })
      .output()
      .build();

  it('are refused: none, all of them NaN, and of another size', async () => {
    await expect(prune(model(), { score: 'wanda' }, { rows: [], dims: [2] })).rejects.toMatchObject({
      code: 'DATA_INVALID',
    });
    await expect(prune(model(), { score: 'wanda' }, { rows: [[NaN, 1]], dims: [2] })).rejects.toMatchObject({
      code: 'DATA_INVALID',
    });
    await expect(prune(model(), { score: 'wanda' }, { rows: [[1, 2, 3]], dims: [3] })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
  });

  it('are refused where a layer makes NaN of them, with its name', async () => {
    const root = graph()
      .input('x', 'float32', ['N', 2])
      .node('Sqrt', ['x'], {}, ['r'])
      .initializer('w', 'float32', [2, 1], [1, 2])
      .node('MatMul', ['r', 'w'], {}, ['y'], { name: 'product' })
      .output('y')
      .build();
    await expect(prune(root, { score: 'sparsegpt' }, { rows: [[-1, 1]], dims: [2] })).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringContaining("layer 'product'"),
    });
  });

  it('leave layers in subgraphs alone, with the reason', async () => {
    const branch = (name: string) =>
      graph(name)
        .initializer(`${name}_w`, 'float32', [2, 2], [1, 2, 3, 4])
        .node('MatMul', ['x', `${name}_w`], {}, [`${name}_y`], { name: 'm' })
        .output(`${name}_y`)
        .buildGraph();
    const inner = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('flag', 'bool', [], Uint8Array.of(1))
      .node('If', ['flag'], { then_branch: branch('a'), else_branch: branch('b') }, ['y'], { name: 'if' })
      .output('y')
      .build();
    await expect(prune(inner, { score: 'wanda' }, { rows: [[1, 1]], dims: [2] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('stands in a subgraph, whose values cannot be read'),
    });
  });
});
