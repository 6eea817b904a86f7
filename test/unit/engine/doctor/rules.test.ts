/** The rules of fusion, each on a model that breaks it: the runtime leaves that layer in float, and the rewrite that is named mends it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { FUSION_RULES, type FusionRule } from '../../../../main/engine/doctor/look/rules.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { floatLayers } from '../../../../main/engine/passes/float-layers.ts';
import { fusableQuantization } from '../../../../main/engine/passes/fusable-quantization.ts';
import { checkFusion } from '../../../../main/engine/quantize/check-fusion.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { between, quantizedConv } from '../../../support/quantized-graphs.ts';
import { report } from './examined.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const BROKEN: readonly (readonly [FusionRule, string, Model, string])[] = [
  ['bias-scale', 'twice the scale of data times weights', quantizedConv({ biasFactor: 2 }), 'conv'],
  ['bias-zero-point', 'a bias with a zero point', quantizedConv({ biasZeroPoint: 5 }), 'conv'],
  [
    'range-below-zero',
    'a Relu whose range begins below 0',
    quantizedConv({ activation: 'Relu', outputZeroPoint: 128 }),
    'conv',
  ],
  ['activation-between', 'a Sigmoid before the QuantizeLinear', quantizedConv({ activation: 'Sigmoid' }), 'conv'],
  ['output-float', 'a second reader in float', quantizedConv({ secondReader: true }), 'conv'],
  ['no-kernel', 'an operator without integer kernel', between('Tanh'), 'middle'],
  [
    'other-scales',
    'a transposition between two scales',
    between('Transpose', { perm: [0n, 2n, 3n, 1n] }, { scales: [0.02, 0.03] }),
    'middle',
  ],
];

describe('a layer between codes that stays in float', () => {
  it.each(BROKEN)('is explained by %s: %s', async (rule, _what, model, layer) => {
    expect((await checkFusion(model, runner, quietContext())).get(layer) ?? false).toBe(false);
    const { findings } = await report(model);
    const finding = findings.find(({ code, text }) => code === 'stays-float' && text.includes(FUSION_RULES[rule]));
    expect(finding?.layers.map(({ name }) => name)).toEqual([layer]);
  });

  it.each([
    ['a right one', quantizedConv(), 'conv'],
    ['one without bias', quantizedConv({ bias: 'none' }), 'conv'],
    ['a Relu from the least code', quantizedConv({ activation: 'Relu' }), 'conv'],
    ['a transposition within one scale', between('Transpose', { perm: [0n, 2n, 3n, 1n] }), 'middle'],
  ])('is not told of where the runtime fuses it: %s', async (_what, model, layer) => {
    expect((await checkFusion(model, runner, quietContext())).get(layer)).toBe(true);
    expect((await report(model)).findings.filter(({ code }) => code === 'stays-float')).toEqual([]);
  });

  it.each(BROKEN.slice(0, 3))('fuses once its quantization is rewritten: %s', async (_rule, _what, model) => {
    const { model: mended } = fusableQuantization(model);
    expect((await checkFusion(mended, runner, quietContext())).get('conv')).toBe(true);
  });

  it('with float weights is told of where the runtime quantizes them, and stays float once it is taken back', async () => {
    const model = quantizedConv({ weightDtype: 'float32', bias: 'float' });
    const { findings } = await report(model, { runner });
    const finding = findings.find(({ code }) => code === 'weights-quantized-unasked');
    expect(finding?.layers.map(({ name }) => name)).toEqual(['conv']);
    const { model: mended } = floatLayers(model, new Set(['conv']));
    expect((await checkFusion(mended, runner, quietContext())).get('conv') ?? false).toBe(false);
  });

  it('has the rewrite as its fix', async () => {
    const { findings } = await report(quantizedConv({ biasFactor: 2 }), { runner });
    expect(findings.find(({ code }) => code === 'stays-float')).toMatchObject({
      severity: 'warning',
      measured: true,
      fix: { edits: [{ add: { rewrite: { pass: 'fusable-quantization' } } }] },
    });
  });
});
