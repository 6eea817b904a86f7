import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { patternMask } from '../../../../../main/engine/prune/elements/pattern.ts';
import { magnitudeBits } from '../../../../../main/engine/prune/elements/select-smallest.ts';
import { weightMatrix, type WeightMatrix } from '../../../../../main/engine/prune/elements/weight-matrix.ts';
import { prunableWeights } from '../../../../../main/engine/prune/prunable-weights.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';

function matrixOf(model: Model): WeightMatrix {
  const layerOf = (_: unknown, layer: string): { name: string; op: string } => ({ name: layer, op: '' });
  const { layers } = prunableWeights({ model, layerOf }, new Set());
  const matrix = weightMatrix(layers[0]!.weights[0]!);
  if ('reason' in matrix) throw new Error(matrix.reason);
  return matrix;
}

/** Places in the tensor, row by row. */
const rowsOf = ({ rowAt, columnAt }: WeightMatrix): number[][] =>
  [...rowAt].map((row) => [...columnAt].map((column) => row + column));

const layer = (op: string, dims: readonly number[], attributes: Record<string, bigint> = {}): Model =>
  graph()
    .input('x', 'float32')
    .weights('w', dims)
    .node(op, ['x', 'w'], attributes, ['y'], { name: 'layer' })
    .output('y')
    .build();

describe('weightMatrix', () => {
  it('has a row for each output and its inputs side by side, place after place of the kernel', () => {
    expect(rowsOf(matrixOf(layer('Conv', [2, 2, 1, 2])))).toEqual([
      [0, 2, 1, 3],
      [4, 6, 5, 7],
    ]);
  });

  it('sees only the inputs of its group in a row of a grouped convolution', () => {
    expect(matrixOf(layer('Conv', [4, 1, 1, 1], { group: 2n }))).toMatchObject({ inputs: 1, form: { groups: 2 } });
  });

  it('reads transposed kernels from the outputs, group after group', () => {
    // [4 inputs in 2 groups, 1 output of each group]
    const matrix = matrixOf(layer('ConvTranspose', [4, 1, 1, 1], { group: 2n }));
    expect(matrix).toMatchObject({ inputs: 2, form: { groups: 2 } });
    expect(rowsOf(matrix)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('reads matrices by columns or rows; a stack of them is none', () => {
    const columns = [
      [0, 2, 4],
      [1, 3, 5],
    ];
    expect(rowsOf(matrixOf(layer('MatMul', [3, 2])))).toEqual(columns);
    expect(rowsOf(matrixOf(layer('Gemm', [3, 2])))).toEqual(columns);
    expect(rowsOf(matrixOf(layer('Gemm', [2, 3], { transB: 1n })))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(() => matrixOf(layer('MatMul', [2, 3, 2]))).toThrow('no single matrix product');
  });

  it('looks through a transposition, and not through a change of shape', () => {
    const behind = (op: string, attributes: Record<string, readonly bigint[]>): Model =>
      graph()
        .input('x', 'float32', [1, 3])
        .weights('w', [2, 3])
        .initializer('shape', 'int64', [2], [3n, 2n])
        .node(op, op === 'Reshape' ? ['w', 'shape'] : ['w'], attributes, ['t'])
        .node('MatMul', ['x', 't'], {}, ['y'], { name: 'layer' })
        .output('y')
        .build();
    expect(rowsOf(matrixOf(behind('Transpose', { perm: [1n, 0n] })))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(() => matrixOf(behind('Reshape', {}))).toThrow('stored in another shape');
  });
});

describe('patternMask', () => {
  it('leaves so many of each group, the greatest, in any kind of layer', () => {
    const cases = fc.record({
      op: fc.constantFrom('Conv', 'ConvTranspose', 'MatMul', 'Gemm'),
      outputs: fc.integer({ min: 1, max: 5 }),
      inputs: fc.integer({ min: 1, max: 4 }),
      places: fc.integer({ min: 1, max: 3 }),
      of: fc.constantFrom(4, 8),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ op, outputs, inputs, places, of, seed }) => {
        const width = inputs * of;
        const dims = {
          Conv: [outputs, width, places, 1],
          ConvTranspose: [width, outputs, 1, places],
          MatMul: [width, outputs],
          Gemm: [width, outputs],
        }[op]!;
        const random = seededRandom(seed);
        const weights = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random() - 0.5);
        const matrix = matrixOf(layer(op, dims));
        const mask = patternMask(magnitudeBits(weights), matrix, { kept: of / 2, of });
        for (const row of rowsOf(matrix)) {
          for (let first = 0; first < row.length; first += of) {
            const group = row.slice(first, first + of);
            const [cut, kept] = [1, 0].map((value) =>
              group.filter((at) => mask[at] === value).map((at) => Math.abs(weights[at]!)),
            );
            expect([cut!.length, kept!.length]).toEqual([of / 2, of / 2]);
            expect(Math.max(...cut!)).toBeLessThanOrEqual(Math.min(...kept!));
          }
        }
      }),
      { seed: 5, numRuns: 120 },
    );
  });
});
