import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { runOnce } from '../../../../main/engine/passes/compare-outputs.ts';
import { packedWeights } from '../../../../main/engine/passes/packed-values.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { packBits } from '../../../../main/engine/tensor/packing.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const ROWS = 3;
const WIDTH = 40;

/** Random codes of ROWS rows in blocks, with scales and, where wanted, zero points. */
function parts({ bits, block, zeros }: { readonly bits: 2 | 4 | 8; readonly block: number; readonly zeros: boolean }) {
  const random = seededRandom(7);
  const blocks = Math.ceil(WIDTH / block);
  const pack = (codes: readonly number[]): Uint8Array => (bits === 8 ? Uint8Array.from(codes) : packBits(codes, bits));
  const some = (count: number): number[] => Array.from({ length: count }, () => Math.floor(random() * 2 ** bits));
  const codes = pack(some(ROWS * blocks * block));
  const scales = Array.from({ length: ROWS * blocks }, () => 0.01 + random());
  const zeroPoints = Uint8Array.from(Array.from({ length: ROWS }, () => [...pack(some(blocks))]).flat());
  return { blocks, codes, scales, zeroPoints: zeros ? zeroPoints : null };
}

async function outputOf(
  model: Model,
  name: string,
  feed: { dtype: 'float32' | 'int64'; dims: number[]; data: Float32Array | BigInt64Array },
) {
  const { y } = await runOnce(model, { [name]: feed }, runner, quietContext());
  return y!;
}

describe('packed weights', () => {
  it.each([
    [4, 16, false],
    [4, 32, true],
    [8, 32, true],
    [2, 16, false],
  ] as const)(
    'of a product of %d bits in blocks of %d are what a product with the identity gives',
    async (bits, block, zeros) => {
      const { blocks, codes, scales, zeroPoints } = parts({ bits, block, zeros });
      const b = graph()
        .input('x', 'float32', [WIDTH, WIDTH])
        .initializer('b', 'uint8', [ROWS, blocks, (block * bits) / 8], codes)
        .initializer('s', 'float32', [ROWS * blocks], scales);
      if (zeroPoints !== null) b.initializer('z', 'uint8', [zeroPoints.length], zeroPoints);
      const attributes = { K: BigInt(WIDTH), N: BigInt(ROWS), bits: BigInt(bits), block_size: BigInt(block) };
      const model = b
        .node('MatMulNBits', zeroPoints === null ? ['x', 'b', 's'] : ['x', 'b', 's', 'z'], attributes, ['y'], {
          domain: 'com.microsoft',
        })
        .output('y')
        .build({ domains: { 'com.microsoft': 1 } });
      const identity = Float32Array.from({ length: WIDTH * WIDTH }, (_, at) => (at % (WIDTH + 1) === 0 ? 1 : 0));
      const y = await outputOf(model, 'x', { dtype: 'float32', dims: [WIDTH, WIDTH], data: identity });
      const read = packedWeights(indexGraph(model.graph), model.graph.nodes[0]!)!.read();
      expect(read.dims).toEqual([WIDTH, ROWS]);
      const values = tensorValues(read);
      for (let at = 0; at < values.length; at++) expect(Number(values[at])).toBeCloseTo(Number(y.data[at]), 4);
    },
  );

  it('of a table are what looking up every row gives', async () => {
    const { blocks, codes, scales, zeroPoints } = parts({ bits: 4, block: 16, zeros: true });
    const width = blocks * 16;
    const model = graph()
      .input('i', 'int64', [ROWS])
      .initializer('b', 'uint8', [ROWS, width / 2], codes)
      .initializer('s', 'float32', [ROWS, blocks], scales)
      .initializer('z', 'uint8', [ROWS, Math.ceil(blocks / 2)], zeroPoints!)
      .node(
        'GatherBlockQuantized',
        ['b', 'i', 's', 'z'],
        { bits: 4n, block_size: 16n, gather_axis: 0n, quantize_axis: 1n },
        ['y'],
        { domain: 'com.microsoft' },
      )
      .output('y')
      .build({ domains: { 'com.microsoft': 1 } });
    const y = await outputOf(model, 'i', { dtype: 'int64', dims: [ROWS], data: BigInt64Array.of(0n, 1n, 2n) });
    const read = packedWeights(indexGraph(model.graph), model.graph.nodes[0]!)!.read();
    expect(read.dims).toEqual([ROWS, width]);
    const values = tensorValues(read);
    for (let at = 0; at < values.length; at++) expect(Number(values[at])).toBeCloseTo(Number(y.data[at]), 4);
  });
});
