import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matrixSize, orthogonal } from '../../../../main/engine/autograd/muon.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeValueInfo } from '../../../../main/engine/graph/make.ts';
import { GraphWriter } from '../../../../main/engine/operators/graph-writer.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';
import { orthogonalized } from '../../../support/reference-training.ts';
import { outputsOf } from '../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function orthogonalOf(values: readonly number[], rows: number, columns: number): Promise<readonly number[]> {
  const model = graph()
    .input('x', 'float32', [rows, columns])
    .node('Identity', ['x'], {}, ['y'])
    .output('y', 'float32', [rows, columns])
    .build({ opset: 17 });
  const write = new GraphWriter({ taken: new Set(['x', 'y']), opset: 17, prefix: 'muon' });
  const made = orthogonal(write, 'x', { rows, columns });
  const written: Model = {
    ...model,
    graph: {
      ...model.graph,
      nodes: write.nodes,
      initializers: write.initializers,
      outputs: [makeValueInfo(made, 'float32', [rows, columns])],
    },
  };
  const x = { dtype: 'float32', dims: [rows, columns], data: Float32Array.from(values) } as const;
  return [...(await outputsOf(runner, written, { x }))[made]!];
}

/** One round on a singular value. */
const round = (s: number): number => 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;

describe('the direction of a matrix', () => {
  it('has singular values near one, by hand for a diagonal', async () => {
    // [[3, 0, 0], [0, 4, 0]] has the singular values 0.6 and 0.8 in units of its length.
    const found = await orthogonalOf([3, 0, 0, 0, 4, 0], 2, 3);
    const five = (s: number): number => round(round(round(round(round(s)))));
    const length = 0.2 * Math.sqrt(3);
    const expected = [length * five(0.6), 0, 0, 0, length * five(0.8), 0];
    found.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
    for (const s of [0.6, 0.8]) expect(Math.abs(five(s) - 1)).toBeLessThan(0.35);
  });

  it.each([
    ['wide', 4, 9],
    ['tall', 9, 4],
    ['square', 5, 5],
  ])('is that of a plain loop in double precision (%s)', async (_, rows, columns) => {
    const random = seededRandom(rows);
    const values = Array.from({ length: rows * columns }, () => Math.fround(random() * 2 - 1));
    const found = await orthogonalOf(values, rows, columns);
    const expected = orthogonalized(Float64Array.from(values), columns);
    found.forEach((value, at) =>
      expect(value).toBeCloseTo(0.2 * Math.sqrt(Math.max(rows, columns)) * expected[at]!, 4),
    );
  });
});

describe('what counts as a matrix', () => {
  it.each<[string, number[], ReturnType<typeof matrixSize>]>([
    ['a kernel, by its output channels', [16, 8, 3, 3], { rows: 16, columns: 72 }],
    ['the weights of a dense layer', [10, 64], { rows: 10, columns: 64 }],
    ['a depthwise kernel is none', [32, 1, 3, 3], undefined],
    ['a bias is none', [16], undefined],
    ['a row is none', [1, 64], undefined],
  ])('%s', (_, dims, expected) => {
    expect(matrixSize(dims)).toEqual(expected);
  });
});
