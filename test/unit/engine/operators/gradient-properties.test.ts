/** Gradient rules on shapes and attributes drawn at random (seeded), against finite differences. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { checkOperator, type CheckedInput, type CheckedOperator } from '../../../support/gradient-check.ts';

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

/** The sizes as they are, or under names of their own that only the run tells. */
function stated(dims: readonly number[], input: number): Pick<CheckedInput, 'stated'> {
  if (!chance(0.4)) return {};
  return { stated: dims.map((size, axis) => (axis === 0 || chance(0.3) ? `d${input}_${axis}` : size)) };
}

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

function pool(): CheckedOperator {
  const axes = between(1, 2);
  const kernel = ints(axes, 1, 3);
  const pads = [...kernel, ...kernel].map((size) => BigInt(between(0, Math.floor(Number(size) / 2))));
  const dims = [between(1, 2), between(1, 2), ...kernel.map((size) => Number(size) + between(0, 4))];
  const op = chance(0.5) ? 'MaxPool' : 'AveragePool';
  const counted = op === 'AveragePool' && chance(0.5) ? { count_include_pad: 1n } : {};
  return { op, attributes: { kernel_shape: kernel, strides: ints(axes, 1, 3), pads, ...counted }, inputs: [{ dims }] };
}

function matrices(): CheckedOperator {
  const batch = Array.from({ length: between(0, 2) }, () => between(1, 3));
  const [rows, inner, columns] = [between(1, 3), between(1, 3), between(1, 3)];
  const lead = (): number[] => batch.slice(between(0, batch.length)).map((size) => (chance(0.4) ? 1 : size));
  const [a, b] = [
    [...lead(), rows, inner],
    [...batch, inner, columns],
  ];
  const inputs = [
    { dims: a, ...stated(a, 0) },
    { dims: b, ...stated(b, 1) },
  ];
  return { op: 'MatMul', inputs };
}

it.each<[string, () => CheckedOperator]>([
  ['convolutions', convolution],
  ['pools', pool],
  ['matrix products', matrices],
])('%s have the gradient that differences show, whatever their shapes', async (_, draw) => {
  for (let at = 0; at < CASES; at++) await agrees(draw());
});
