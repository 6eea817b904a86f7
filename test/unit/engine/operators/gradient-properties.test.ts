/** The gradient of Conv on shapes and attributes drawn at random (seeded), against finite differences. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { checkOperator, type CheckedOperator } from '../../../support/gradient-check.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const CASES = 24;
const random = seededRandom(2026);
const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const chance = (share: number): boolean => random() < share;
const ints = (count: number, low: number, high: number): bigint[] =>
  Array.from({ length: count }, () => BigInt(between(low, high)));

async function agrees(checked: CheckedOperator): Promise<void> {
  const { error, tolerance } = await checkOperator(runner, checked);
  const inputs = checked.inputs.map((input) => `[${input?.dims.join()}]`).join(' ');
  const attributes = Object.entries(checked.attributes ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  expect(error, `${checked.op} ${inputs} ${attributes.join(', ')}`).toBeLessThan(tolerance);
}

function convolution(): CheckedOperator {
  const axes = between(1, 3);
  const group = between(1, 3);
  const [each, own] = [between(1, 2), between(1, 2)];
  const kernel = ints(axes, 1, axes === 3 ? 2 : 3).map(Number);
  const dilations = ints(axes, 1, 2);
  const reach = kernel.map((size, axis) => (size - 1) * Number(dilations[axis]) + 1);
  const data = [between(1, 2), group * each, ...reach.map((far) => far + between(0, axes === 3 ? 2 : 4))];
  const open = chance(0.4);
  return {
    op: 'Conv',
    attributes: {
      group: BigInt(group),
      strides: ints(axes, 1, 3),
      dilations,
      pads: ints(2 * axes, 0, 2),
    },
    inputs: [
      { dims: data, ...(open ? { stated: data.map((size, axis) => (axis === 1 ? size : `d${axis}`)) } : {}) },
      { dims: [group * own, each, ...kernel] },
      ...(chance(0.5) ? [{ dims: [group * own] }] : []),
    ],
  };
}

it('convolutions have the gradient that differences show, whatever their shapes', async () => {
  for (let at = 0; at < CASES; at++) await agrees(convolution());
});
