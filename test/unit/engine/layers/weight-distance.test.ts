import { expect, test } from 'vitest';
import { groupLayers } from '../../../../main/engine/layers/group-layers.ts';
import { compareWeights } from '../../../../main/engine/layers/weight-distance.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { graph } from '../../../support/graph-builder.ts';

const layerOf = (model: Model) => groupLayers(model).ofName('conv')!;

const float = (weights: readonly number[], dims = [2, 1, 1, 2]): Model =>
  graph()
    .input('x', 'float32', [1, 1, 4, 4])
    .initializer('w', 'float32', dims, weights)
    .node('Conv', ['x', 'w'], {}, ['y'], { name: 'conv' })
    .output('y')
    .build();

/** Codes 10, 20, −10 and 5 with a scale for each output channel. */
const quantized = (): Model =>
  graph()
    .input('x', 'float32', [1, 1, 4, 4])
    .initializer('w', 'int8', [2, 1, 1, 2], new Int8Array([10, 20, -10, 5]))
    .initializer('s', 'float32', [2], [0.1, 0.4])
    .initializer('z', 'int8', [2], new Int8Array([0, 0]))
    .node('DequantizeLinear', ['w', 's', 'z'], { axis: 0n }, ['wd'], { name: 'w/d' })
    .node('Conv', ['x', 'wd'], {}, ['y'], { name: 'conv' })
    .output('y')
    .build();

test('equal weights have no distance', () => {
  const model = float([3, 0, 0, 4]);
  expect(compareWeights(layerOf(model), layerOf(float([3, 0, 0, 4])))).toEqual({ distance: null, shapes: [] });
});

test('a distance is the norm of the difference over that of the first, also in dB', () => {
  // ‖a‖ = 5, ‖a − b‖ = 0.5: a tenth, 20 dB.
  const { distance } = compareWeights(layerOf(float([3, 0, 0, 4])), layerOf(float([3, 0.5, 0, 4])));
  expect(distance!.relative).toBeCloseTo(0.1, 6);
  expect(distance!.sqnrDb).toBeCloseTo(20, 5);
});

test('codes count as what they stand for, with the scale of their channel', () => {
  // The codes are 1, 2, −4, 2; a is 1, 2, −4, 3: ‖a‖² = 30, one element is 1 off.
  const { distance } = compareWeights(layerOf(float([1, 2, -4, 3])), layerOf(quantized()));
  expect(distance!.relative).toBeCloseTo(Math.sqrt(1 / 30), 6);
  expect(distance!.sqnrDb).toBeCloseTo(10 * Math.log10(30), 4);
});

test('a factor for each channel, as a folded normalization brings, is told and left out', () => {
  // b is a times 2 and −3 by channel, but for one element: ‖s·a‖² = 4·(9 + 16) + 9·(36 + 64), off by 0.3 in a direction that a does not have.
  const a = [3, 4, 6, 8];
  const { distance } = compareWeights(layerOf(float(a)), layerOf(float([6 + 0.24, 8 - 0.18, -18, -24])));
  expect(distance!.scaled).toBe(true);
  expect(distance!.sqnrDb).toBeCloseTo(10 * Math.log10(1000 / 0.09), 3);
  const other = compareWeights(layerOf(float(a)), layerOf(float([4, -3, 6, 8])));
  expect(other.distance!.scaled).toBe(false);
});

test('weights of zero have no relative distance', () => {
  const { distance } = compareWeights(layerOf(float([0, 0, 0, 0])), layerOf(float([1, 0, 0, 0])));
  expect(distance!.relative).toBeNull();
});

test('shapes that do not agree are told instead', () => {
  const { distance, shapes } = compareWeights(layerOf(float([3, 0, 0, 4])), layerOf(float([3, 0], [1, 1, 1, 2])));
  expect(distance).toBeNull();
  expect(shapes).toEqual([{ role: 'w', a: [2, 1, 1, 2], b: [1, 1, 1, 2] }]);
});

test('packed 4-bit codes count as what they stand for, also where the float weights lie the other way round', () => {
  // Codes less 8: 1, 2, −2, 0 in halves; 0, 4, 0, −4 in ones. As [K, N]: .5 0, 1 4, −1 0, 0 −4.
  const packed = graph()
    .input('x', 'float32', [1, 4])
    .initializer('w', 'uint8', [2, 1, 2], Uint8Array.of(0xa9, 0x86, 0xc8, 0x48))
    .initializer('s', 'float32', [2], [0.5, 1])
    .node('MatMulNBits', ['x', 'w', 's'], { K: 4n, N: 2n, bits: 4n, block_size: 4n }, ['y'], {
      name: 'conv',
      domain: 'com.microsoft',
    })
    .output('y')
    .build({ domains: { 'com.microsoft': 1 } });
  const product = (op: string, dims: readonly number[], weights: readonly number[], attributes = {}): Model =>
    graph()
      .input('x', 'float32', [1, 4])
      .initializer('w', 'float32', dims, weights)
      .node(op, ['x', 'w'], attributes, ['y'], { name: 'conv' })
      .output('y')
      .build();
  // ‖a‖² = 34.25 − 1 + 4: the first of the second row is 2 instead of 1, a difference of 1.
  const plain = product('MatMul', [4, 2], [0.5, 0, 2, 4, -1, 0, 0, -4]);
  const turned = product('Gemm', [2, 4], [0.5, 2, -1, 0, 0, 4, 0, -4], { transB: 1n });
  for (const float of [plain, turned]) {
    const { distance, shapes } = compareWeights(layerOf(float), layerOf(packed));
    expect(shapes).toEqual([]);
    expect(distance!.relative).toBeCloseTo(Math.sqrt(1 / 37.25), 6);
  }
  expect(compareWeights(layerOf(packed), layerOf(packed)).distance).toBeNull();
});
