import { describe, expect, it } from 'vitest';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import { knowledgeOf } from '../../../../main/engine/passes/upgrade-opset.ts';
import { codeUnit, codeWeights, KnownCodes } from '../../../../main/engine/quantize/code-weights.ts';
import { planQuantization } from '../../../../main/engine/quantize/plan-quantization.ts';
import { layerFormats } from '../../../../main/engine/quantize/schemes.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeStep } from './oracle.ts';

const { weights: uint8 } = layerFormats({ ...quantizeStep({ types: 'u8u8' }), reduceRange: false });
const { weights: int8 } = layerFormats({ ...quantizeStep(), reduceRange: false });
const base = { dims: [4], axis: null, bias: undefined, inputScale: 1, refined: undefined, anyZero: true } as const;
/** From −0.51 to 2.04: 255 steps of 0.01, the first 51 of them below zero. */
const leaning = Float32Array.of(-0.51, 0, 1, 2.04);

describe('codeWeights', () => {
  it('takes all codes of uint8 from the least weight to the greatest where any zero point is allowed', () => {
    const { scales, codes, zeroPoint } = codeWeights({ ...base, values: leaning, format: uint8 }, 'w');
    expect(scales[0]).toBeCloseTo(0.01, 8);
    expect(zeroPoint).toBe(51);
    expect([...codes]).toEqual([0, 51, 151, 255]);
  });

  it.each([
    ['where none is allowed', { ...base, anyZero: false, format: uint8 }, [128 - 32, 128, 128 + 62, 255], 128],
    ['of int8', { ...base, format: int8 }, [-32, 0, 62, 127], 0],
    ['with a scale for each channel', { ...base, axis: 0, format: uint8 }, [1, 128, 255, 255], 128],
  ])('is about the middle code %s', (_, weights, expected, middle) => {
    const { codes, zeroPoint } = codeWeights({ ...weights, values: leaning }, 'w');
    expect(zeroPoint).toBe(middle);
    expect([...codes]).toEqual(expected);
  });

  it('coarsens the steps for a bias that would pass int32, and keeps zero at its code', () => {
    // 2 · 3e9 / (2³² − 3) is about 1.4: steps of a weight's unit and more.
    const bias = Float32Array.of(3e9);
    const { scales, codes, zeroPoint } = codeWeights({ ...base, values: leaning, bias, format: uint8 }, 'w');
    expect(scales[0]).toBeCloseTo(1.397, 2);
    expect([...codes]).toEqual([0, 0, 1, 1].map((code) => code + zeroPoint));
  });
});

describe('codes that are known', () => {
  const model = graph().input('x', 'float32', ['N', 4]).gemm({ name: 'fc', inputs: 4, outputs: 3 }).output().build();
  const index = indexGraph(model.graph);
  const [unit] = planQuantization(model.graph, { knowledge: knowledgeOf(model), refused: new Map() }).units;
  const by = { unit: unit!, alpha: 1, split: false, axis: 0, format: int8, bias: undefined, anyZero: false } as const;

  it('are taken again for the same layer and settings, and found anew for others', () => {
    const known = new KnownCodes();
    const first = codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, known);
    expect(codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, known)).toBe(first);
    expect(codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, undefined)).toEqual(first);
    const whole = codeUnit(index, { ...by, axis: null, inputScale: 0.5, refined: undefined }, known);
    expect(whole.scales.length).toBe(1);
    // The last ones alone are kept.
    expect(codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, known)).not.toBe(first);
  });

  it('are none of those that were found otherwise than by rounding', () => {
    const known = new KnownCodes();
    const first = codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, known);
    const codes = Int8Array.from(first.codes, (code) => -code);
    const refined = { codes, scales: first.scales };
    expect(codeUnit(index, { ...by, inputScale: 0.5, refined }, known).codes).toBe(codes);
    expect(codeUnit(index, { ...by, inputScale: 0.5, refined: undefined }, known)).toBe(first);
  });
});
