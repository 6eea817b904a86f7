import { describe, expect, it } from 'vitest';
import {
  allocateGlobal,
  allocateUniform,
  allowedWidths,
  type WidthRules,
} from '../../../../main/judge/predict/allocate.ts';
import { widthTotals, type WidthModel } from '../../../../main/judge/predict/widths.ts';

const RULES: WidthRules = { align: 1, minimum: 1, widths: {}, frozen: new Set() };

/**
 * x[3] → a: 3·A weights over 10 places → b: A·B over 5 places → head: B·2 over 1 place; A = 4, B = 6, no biases.
 * MACs at full width: 3·4·10 + 4·6·5 + 6·2·1 = 120 + 120 + 12 = 252.
 */
const CHAIN: WidthModel = {
  groups: [
    { name: 'a', kind: 'channel', atoms: 4, each: 1, layers: ['a'] },
    { name: 'b', kind: 'channel', atoms: 6, each: 1, layers: ['b'] },
  ],
  axes: [
    { fixed: 0, parts: [{ group: 0, each: 1 }] },
    { fixed: 0, parts: [{ group: 1, each: 1 }] },
  ],
  tensors: [
    { axes: [0], elements: 3, bytesEach: 4, isParameter: true },
    { axes: [0, 1], elements: 1, bytesEach: 4, isParameter: true },
    { axes: [1], elements: 2, bytesEach: 4, isParameter: true },
  ],
  layers: [
    { name: 'a', op: 'Conv', macs: 120, tensors: [0], axes: [], inputAxes: [] },
    { name: 'b', op: 'Conv', macs: 120, tensors: [1], axes: [], inputAxes: [] },
    { name: 'head', op: 'Gemm', macs: 12, tensors: [2], axes: [], inputAxes: [] },
  ],
};

describe('widthTotals', () => {
  it('is the model as it is at full width', () => {
    const { macs, parameters, bytes } = widthTotals(CHAIN, [4, 6]);
    expect({ macs, parameters, bytes }).toEqual({ macs: 252, parameters: 48, bytes: 192 });
  });

  it('multiplies what is left of both sides of a layer', () => {
    // 3·2·10 + 2·3·5 + 3·2 = 60 + 30 + 6
    expect([...widthTotals(CHAIN, [2, 3]).layerMacs]).toEqual([60, 30, 6]);
  });
});

describe('allowedWidths', () => {
  const group = { name: 'g', kind: 'channel', atoms: 20, each: 1, layers: [] } as const;

  it('are multiples from the minimum on, and the full width', () => {
    expect(allowedWidths(group, { ...RULES, align: 8, minimum: 8 })).toEqual([8, 16, 20]);
  });

  it('count elements, of which a head has several', () => {
    // Heads of 4 features: every second head makes 8 features.
    expect(allowedWidths({ ...group, atoms: 6, each: 4 }, { ...RULES, align: 8, minimum: 8 })).toEqual([2, 4, 6]);
  });

  it('are one where the group is frozen or its width is given', () => {
    expect(allowedWidths(group, { ...RULES, frozen: new Set(['g']) })).toEqual([20]);
    expect(allowedWidths(group, { ...RULES, widths: { g: 7 } })).toEqual([7]);
  });
});

describe('allocateUniform', () => {
  it('takes the same share of every group, as large as the target allows', () => {
    // Half of each: 96 of 252. One more of b: 3·2·10 + 2·4·5 + 8 = 108; one more of a: 90 + 45 + 6 = 141.
    expect([...allocateUniform(CHAIN, { measure: 'macs', keep: 96 / 252 }, RULES)]).toEqual([2, 3]);
    expect([...allocateUniform(CHAIN, { measure: 'macs', keep: 1 }, RULES)]).toEqual([4, 6]);
  });

  it('never exceeds the target where it can be met', () => {
    for (let keep = 0.15; keep < 1; keep += 0.05) {
      const { macs } = widthTotals(CHAIN, allocateUniform(CHAIN, { measure: 'macs', keep }, RULES));
      expect(macs / 252).toBeLessThanOrEqual(keep + 1e-9);
    }
  });

  it('gives the narrowest widths where the target is below them', () => {
    expect([...allocateUniform(CHAIN, { measure: 'macs', keep: 0.01 }, { ...RULES, minimum: 2 })]).toEqual([2, 2]);
  });
});

/** Two layers behind each other, and a stream of eight channels whose other half costs more than all the rest. */
const STREAM: WidthModel = {
  groups: ['a', 'b', 'stream'].map((name) => ({ name, kind: 'channel', atoms: 8, each: 1, layers: [name] })),
  axes: [0, 1, 2].map((group) => ({ fixed: 0, parts: [{ group, each: 1 }] })),
  tensors: [0, 1, 2].map((axis) => ({ axes: [axis], elements: 1, bytesEach: 4, isParameter: true })),
  layers: ['a', 'b', 'stream'].map((name, at) => ({
    name,
    op: 'Conv',
    macs: at === 2 ? 160 : 40,
    tensors: [at],
    axes: [],
    inputAxes: [],
  })),
};

describe('a wide step of one group', () => {
  const rules = { ...RULES, align: 4, minimum: 4 };
  // Of 240: all at half 120. 75 % are 180: the stream's other half, 80, does not fit, a's and b's, 20 each, do.
  const target = { measure: 'macs', keep: 0.75 } as const;

  it('waits while others take what the target leaves', () => {
    const scores = [
      [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5],
      [1, 1, 1, 1, 0.2, 0.2, 0.2, 0.2],
      [1, 1, 1, 1, 0.8, 0.8, 0.8, 0.8],
    ];
    expect([...allocateGlobal(STREAM, scores, target, rules)]).toEqual([8, 8, 4]);
    // With 150 of 240 only one of them has room: the one whose scores are higher.
    expect([...allocateGlobal(STREAM, scores, { measure: 'macs', keep: 150 / 240 }, rules)]).toEqual([8, 4, 4]);
    expect([...allocateUniform(STREAM, target, rules)]).toEqual([8, 8, 4]);
  });

  it('is taken where it fits', () => {
    expect([...allocateUniform(STREAM, { measure: 'macs', keep: 1 }, rules)]).toEqual([8, 8, 8]);
  });
});

describe('allocateGlobal', () => {
  it('takes most where scores are lowest beside the mean of their group', () => {
    // a has one atom that matters; b's are alike.
    const scores = [
      [10, 0.1, 0.1, 0.1],
      [1, 1, 1, 1, 1, 1],
    ];
    expect([...allocateGlobal(CHAIN, scores, { measure: 'macs', keep: 0.5 }, RULES)]).toEqual([1, 6]);
  });
});
