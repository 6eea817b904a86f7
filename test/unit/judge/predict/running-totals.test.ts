import { expect, it } from 'vitest';
import { RunningTotals } from '../../../../main/judge/predict/running-totals.ts';
import { widthTotals, type WidthModel } from '../../../../main/judge/predict/widths.ts';

/** a: 4 channels of 2 elements, b: 6; a weight between them, one that both give (a + b), a product of computed tensors. */
const MODEL: WidthModel = {
  groups: [
    { name: 'a', kind: 'head', atoms: 4, each: 2, layers: ['a'] },
    { name: 'b', kind: 'channel', atoms: 6, each: 1, layers: ['b'] },
  ],
  axes: [
    { fixed: 0, parts: [{ group: 0, each: 2 }] },
    { fixed: 0, parts: [{ group: 1, each: 1 }] },
    {
      fixed: 3,
      parts: [
        { group: 0, each: 1 },
        { group: 1, each: 1 },
      ],
    },
  ],
  tensors: [
    { axes: [0, 1], elements: 1, bytesEach: 4, isParameter: true },
    { axes: [2], elements: 5, bytesEach: 2, isParameter: false },
    { axes: [], elements: 7, bytesEach: 4, isParameter: true },
  ],
  layers: [
    { name: 'between', op: 'Gemm', macs: 480, tensors: [0], axes: [1], inputAxes: [0] },
    { name: 'both', op: 'Gemm', macs: 130, tensors: [1, 2], axes: [2], inputAxes: [] },
    { name: 'product', op: 'MatMul', macs: 960, tensors: [], axes: [0, 2], inputAxes: [0] },
  ],
};

it('running totals are those of the widths that they came to, whatever way they went', () => {
  const running = new RunningTotals(MODEL, [4, 6]);
  for (const [group, width] of [
    [0, 1],
    [1, 5],
    [0, 3],
    [1, 2],
    [1, 2],
    [0, 2],
  ] as const) {
    running.set(group, width);
  }
  const { macs, parameters, bytes } = widthTotals(MODEL, [2, 2]);
  // 4·2 + 7 parameters; 8·4 + (3 + 2 + 2)·5·2 + 28 bytes.
  expect([parameters, bytes]).toEqual([15, 130]);
  expect(running.total('parameters')).toBe(parameters);
  expect(running.total('bytes')).toBe(bytes);
  expect(running.total('macs')).toBeCloseTo(macs, 9);
});
