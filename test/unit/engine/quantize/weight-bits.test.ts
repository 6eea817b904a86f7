import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import type { QuantizeOutcome } from '../../../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../../../main/engine/quantize/quantize-static.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeStep, randomBatches } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const network = (): Model =>
  graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ name: 'c1', channels: 8 })
    .relu({ to: 'a' })
    .conv({ name: 'c2', channels: 8 })
    .relu({ to: 'b' })
    .conv({ name: 'c3', channels: 8, group: 8, to: 'c' })
    .globalAveragePool({ name: 'gap' })
    .flatten({ name: 'flat' })
    .gemm({ name: 'fc', inputs: 8, outputs: 5, to: 'y' })
    .output('y', 'float32', ['N', 5])
    .build({ opset: 17 });

/** The codes that each weight has, in the order of the layers. */
async function codesUnder(step: Partial<Int8StaticStep>): Promise<readonly [QuantizeOutcome, readonly number[][]]> {
  const outcome = await quantizeStatic(
    network(),
    {
      step: quantizeStep({ weightBits: 2, reduceRange: false, ...step }),
      calibration: () => randomBatches([2, 3, 8, 8], 4),
      runner,
      vnni: true,
    },
    quietContext(),
  );
  const weights = outcome.model.graph.initializers.filter(({ dtype, dims }) => dtype === 'int8' && dims.length > 1);
  return [outcome, weights.map((tensor) => [...new Set(tensorValues(tensor) as Int8Array)].toSorted((a, b) => a - b))];
}

it('holds weights in two bits but in the first and last layer, and says what that saves', async () => {
  const [outcome, weights] = await codesUnder({ ends: 'int8' });
  expect(outcome.fusedShare).toBe(1);
  // Of c1, c2, c3 and fc.
  expect(weights.map((codes) => codes.length > 4)).toEqual([true, false, false, true]);
  expect(weights[1]).toEqual([-2, -1, 0, 1]);
  // c2 has 8 · 8 · 9 weights, c3 8 · 9; c1 8 · 3 · 9 and fc 8 · 5: 904 bytes, of which 648 would be 162.
  expect(outcome.notes).toContain(
    '648 weights have codes of 2 bits, 256 of more. Each is held in a byte, which the kernels take (904 B); packed they would take 418 B.',
  );
});

it('holds all weights in two bits where it is told so', async () => {
  const [, weights] = await codesUnder({ ends: 'own' });
  expect(weights.flat().every((code) => code >= -2 && code <= 1)).toBe(true);
  expect(() => quantizeStep({ ends: 'int8' })).toThrow(/ends/);
});
