import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexGraph } from '../../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { linearForm } from '../../../../../main/engine/operators/linear-layers.ts';
import { softBlock, type SoftBlock } from '../../../../../main/engine/quantize/refine/block-graph.ts';
import { blockModel, cutBlocks } from '../../../../../main/engine/quantize/refine/blocks.ts';
import type { CodedLayer } from '../../../../../main/engine/quantize/refine/coded-layer.ts';
import { learnBlock } from '../../../../../main/engine/quantize/refine/learn-block.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const told = { signal: new AbortController().signal, progress: () => undefined };

/** A layer of a model as one whose weights are codes of −7…7 with a scale of 1. */
function coded(model: Model, name: string, values: readonly number[]): CodedLayer {
  const node = indexGraph(model.graph).nodeByName(name)!;
  const { dims } = indexGraph(model.graph).initializer(node.inputs[1]!)!;
  const written = {
    values: () => Float32Array.from(values),
    dims,
    axis: null,
    scales: Float32Array.of(1),
    codes: Int8Array.from(values, Math.round),
    bias: undefined,
    format: { dtype: 'int8', lowest: -7, highest: 7, symmetric: true } as const,
  };
  const unit = {
    kind: 'weighted',
    layer: name,
    node,
    dataInputs: [0],
    constantInputs: [],
    weights: { weightInput: 1, biasInput: undefined, channelAxis: 0 },
    absorbed: undefined,
    quantizesOutput: false,
  } as const;
  return { unit, node, form: linearForm(node, dims)!, written };
}

const learn = (soft: SoftBlock, data: readonly (readonly number[])[], target: readonly (readonly number[])[]) => {
  const sampled = (rows: readonly (readonly number[])[]) => ({
    dims: [1, rows[0]!.length],
    samples: rows.map((row) => Float32Array.from(row)),
  });
  return learnBlock(soft, { data: sampled(data), target: sampled(target), together: 1 }, runner, told);
};

describe('a block', () => {
  it('is rounded so that its end comes nearest, not each weight', async () => {
    // 0.45 · a + 0.35 · b where a = b: 0 and 0 give 0 instead of 0.8 a, 1 and 0 give a.
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .gemm({ name: 'one', inputs: 2, outputs: 1, weight: [0.45, 0.35], bias: false, to: 'y' })
      .output('y')
      .build();
    const soft = softBlock(model, { layers: [coded(model, 'one', [0.45, 0.35])], end: 'y', free: [] });
    const data = Array.from({ length: 16 }, (_, at) => [1 + at / 16, 1 + at / 16]);
    const { learnt, error } = await learn(soft, data, data.map(([a]) => [0.8 * a!])); // prettier-ignore
    const square = data.reduce((sum, [a]) => sum + a! * a!, 0) / data.length;
    expect(error.before).toBeCloseTo(0.64 * square, 4);
    expect(error.after).toBeCloseTo(0.04 * square, 4);
    expect([...learnt!.layers.get('one')!.codes!]).toEqual([1, 0]);
  });

  it('lets a layer make up for what another one before it had to lose', async () => {
    // y = v·max(0, w·x): what w loses by rounding v can give back.
    const [w, v] = [[1.45, -0.6, 0.35, 2.3], [0.55, 1.4]] as const; // prettier-ignore
    const build = (first: readonly number[], second: readonly number[]): Model =>
      graph()
        .input('x', 'float32', ['N', 2])
        .gemm({ name: 'one', inputs: 2, outputs: 2, weight: first, bias: false, to: 'h' })
        .relu({ to: 'r' })
        .gemm({ name: 'two', inputs: 2, outputs: 1, weight: second, bias: false, to: 'y' })
        .output('y')
        .build();
    const random = seededRandom(3);
    const data = Array.from({ length: 64 }, () => [random() * 2, random() * 2]);
    const give = ([a, b, c, d]: readonly number[], [e, f]: readonly number[], [x, y]: readonly number[]): number =>
      e! * Math.max(0, a! * x! + b! * y!) + f! * Math.max(0, c! * x! + d! * y!);
    const errorOf = (first: readonly number[], second: readonly number[]): number =>
      data.reduce((sum, row) => sum + (give(first, second, row) - give(w, v, row)) ** 2, 0) / data.length;
    const ways = (values: readonly number[]): number[][] =>
      values.reduce<number[][]>(
        (all, value) =>
          all.flatMap((one) => [
            [...one, Math.floor(value)],
            [...one, Math.ceil(value)],
          ]),
        [[]],
      );
    const all = ways(w).flatMap((first) => ways(v).map((second) => errorOf(first, second)));
    const model = build(w, v);
    const soft = softBlock(model, { layers: [coded(model, 'one', w), coded(model, 'two', v)], end: 'y', free: [] });
    const { error } = await learn(soft, data, data.map((row) => [give(w, v, row)])); // prettier-ignore
    expect(error.before).toBeCloseTo(errorOf(w.map(Math.round), v.map(Math.round)), 4);
    expect(error.after).toBeLessThan(error.before / 10);
    // Of the 64 ways to round both it comes to one of the best few.
    expect(error.after).toBeLessThan(all.toSorted((a, b) => a - b)[8]!);
  });
});

describe('the blocks of a model', () => {
  it('are its residual blocks, and layers after one another three at a time', () => {
    const b = graph().input('x', 'float32', ['N', 4, 8, 8]);
    for (const name of ['a', 'b', 'c', 'd'])
      b.conv({ name, channels: 4, to: `${name}_out` }).relu({ to: name === 'd' ? 'start' : `${name}_r` });
    const model = b
      .conv({ name: 'e', channels: 4 })
      .relu()
      .conv({ name: 'f', channels: 4 })
      .addTo('start', { to: 'sum' })
      .globalAveragePool()
      .flatten()
      .gemm({ name: 'head', inputs: 4, outputs: 3, to: 'y' })
      .output('y')
      .build();
    const layers = ['a', 'b', 'c', 'd', 'e', 'f', 'head'].map((name) => coded(model, name, [0]));
    const { blocks, alone } = cutBlocks(model, model, layers);
    expect(alone).toEqual([]);
    expect(blocks.map(({ layers: own }) => own.map(({ unit }) => unit.layer).join(' '))).toEqual(['a b c', 'd e f', 'head']); // prettier-ignore
    expect(blocks.map(({ end }) => end).slice(0, 2)).toEqual(['c_r', 'sum']);
    const second = blockModel(model, blocks[1]!)!;
    expect(second.graph.inputs.map(({ name }) => name)).toEqual(['c_r']);
    expect(second.graph.nodes.filter(({ opType }) => opType === 'Conv').map(({ name }) => name)).toEqual(['d', 'e', 'f']); // prettier-ignore
  });
});
