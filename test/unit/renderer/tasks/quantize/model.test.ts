import { describe, expect, it } from 'vitest';
import { quantizeStepSchema } from '../../../../../main/contract/recipe/quantize.ts';
import type { QuantizeResult } from '../../../../../main/contract/results.ts';
import type { QuantizePlan } from '../../../../../main/contract/studio.ts';
import {
  countRows,
  explainReduceRange,
  quantizeRows,
  reachWords,
  verdict,
} from '../../../../../renderer/tasks/quantize/model.ts';

const PLAN: QuantizePlan = {
  vnni: false,
  int8Bytes: null,
  layers: [
    { name: '/conv1', op: 'Conv', quantizable: true, reason: null, kernel: 'conv' },
    { name: '/pad', op: 'Pad', quantizable: false, reason: 'never fused', kernel: null },
    { name: '/conv2', op: 'Conv', quantizable: true, reason: null, kernel: 'conv' },
  ],
};

const RESULT: QuantizeResult = {
  output: { path: '', bytes: 0 },
  scheme: 'int8-static',
  fusedShare: 0.5,
  notes: [],
  layers: [
    { name: '/conv1', op: 'Conv', quantized: true, fused: true, reason: null },
    { name: '/conv2', op: 'Conv', quantized: true, fused: false, reason: 'its output stays float' },
  ],
};

describe('quantizeRows', () => {
  it('joins the plan with the trial and keeps both kinds of reason', () => {
    const rows = quantizeRows(PLAN, new Set(['/conv1']), RESULT);
    expect(rows.map((row) => row.excluded)).toEqual([true, false, false]);
    expect(rows.map((row) => row.reason)).toEqual([null, 'never fused', 'its output stays float']);
    expect(rows.map(verdict)).toEqual(['int8, fused', '', 'int8, not fused']);
  });

  it('counts what the next run will quantize', () => {
    expect(countRows(quantizeRows(PLAN, new Set(['/conv1']), null))).toEqual({ quantizable: 2, chosen: 1 });
  });
});

describe('a trial whose weights alone are codes', () => {
  const weights = { bits: 2, sqnrDb: 9, outputSqnrDb: null, bytes: { before: 400, after: 40 } };
  const coded: QuantizeResult = {
    ...RESULT,
    scheme: 'int2-weight',
    layers: [
      { name: '/conv1', op: 'Conv', quantized: false, fused: null, reason: 'kernels take no weights in blocks' },
      { name: '/pad', op: 'Pad', quantized: true, fused: true, reason: null, weights },
    ],
  };
  const rows = quantizeRows(PLAN, new Set(), coded);

  it('says what became of each layer and why not, not what int8 would do with it', () => {
    expect(rows.map(verdict)).toEqual(['float', '2-bit weights, fused', '']);
    expect(rows.map(({ reason }) => reason)).toEqual(['kernels take no weights in blocks', null, null]);
  });

  it('names what a scheme changed without weights by the scheme, whose static and dynamic kind are told elsewhere', () => {
    const layers = [{ name: '/conv1', op: 'Conv', quantized: true, fused: true, reason: null }];
    const words = ['int8-static', 'int16-static', 'float16', 'kv-cache'].map(
      (scheme) => quantizeRows(PLAN, new Set(), { ...RESULT, scheme, layers }).map(verdict)[0],
    );
    expect(words).toEqual(['int8, fused', 'int16, fused', 'float16, fused', 'kv-cache, fused']);
  });

  it('counts what was changed, where the plan of int8 tells nothing', () => {
    const step = quantizeStepSchema.parse({ scheme: 'int2-weight' });
    expect(reachWords(rows, step)).toBe('1 layer changed in the trial.');
    expect(reachWords(quantizeRows(PLAN, new Set(), null), step)).toBeNull();
    const int8 = quantizeStepSchema.parse({ scheme: 'int8-static' });
    expect(reachWords(quantizeRows(PLAN, new Set(['/conv1']), null), int8)).toBe('1 of 2 quantizable layers chosen.');
  });
});

describe('explainReduceRange', () => {
  it('says what auto does on this machine', () => {
    expect(explainReduceRange('auto', true)).toContain('Auto leaves the full range');
    expect(explainReduceRange('auto', false)).toContain('7 bits');
    expect(explainReduceRange('auto', null)).toContain('cannot be told');
  });

  it('warns of the full range where the kernels saturate, not elsewhere', () => {
    expect(explainReduceRange(false, false)).toContain('accuracy can fall');
    expect(explainReduceRange(false, true)).not.toContain('accuracy can fall');
  });
});
