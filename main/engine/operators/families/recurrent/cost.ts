import type { CostContext } from '../../cost-context.ts';

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

/** Every step multiplies with all of W and R of every direction. */
export function recurrentMacs(context: CostContext): number | null {
  const data = context.input(0);
  const weight = context.input(1);
  const recurrence = context.input(2);
  if (data === undefined || weight === undefined || recurrence === undefined) return null;
  const steps = (data[0] ?? 0) * (data[1] ?? 0);
  return steps * (product(weight) + product(recurrence));
}
