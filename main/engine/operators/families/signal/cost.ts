import type { CostContext } from '../../cost-context.ts';

/** Every line along the axis that changes length is one transform. */
export function dftMacs(context: CostContext): number | null {
  const input = context.input(0);
  const output = context.output(0);
  if (input === undefined || output === undefined) return null;
  const signal = input.slice(0, -1);
  const axis = transformedAxis(context, signal, output);
  if (axis === undefined) return null;
  const length = Math.max(input[axis] ?? 1, output[axis] ?? 1);
  const lines = signal.reduce((product, size, at) => (at === axis ? product : product * size), 1);
  return lines * transformMacs(length);
}

/** What is stated; where that is computed, the axis whose length changed, or any one if all lengths are equal. */
function transformedAxis(
  context: CostContext,
  signal: readonly number[],
  output: readonly number[],
): number | undefined {
  const rank = signal.length + 1;
  const given = context.hasInput(2) ? context.number(2) : -2;
  const stated = context.opset < 20 ? context.int('axis', 1) : given;
  if (stated !== undefined) return stated < 0 ? stated + rank : stated;
  const changed = signal.findIndex((size, axis) => size !== output[axis]);
  if (changed >= 0) return changed;
  return signal.every((size) => size === signal[0]) ? 0 : undefined;
}

/** As many transforms as there are frames. */
export function stftMacs(context: CostContext): number | null {
  const output = context.output(0);
  const window = context.hasInput(2) ? context.input(2) : undefined;
  if (output === undefined) return null;
  const [batch = 1, frames = 1, places = 1] = output;
  const oneSided = (context.attributes.int('onesided') ?? 1) !== 0;
  const length = window?.[0] ?? (oneSided ? 2 * (places - 1) : places);
  return batch * frames * (transformMacs(length) + length);
}

/**
 * Multiply–adds of a complex transform of n places: n/2·log₂ n butterflies of 4 for a power of two (Cooley and Tukey 1965),
 * else three of the next power of two that holds 2n − 1 places, with the products around them (Bluestein 1970). These are
 * what ONNX Runtime runs.
 */
function transformMacs(n: number): number {
  if (n <= 1) return 0;
  const exponent = Math.log2(n);
  if (Number.isInteger(exponent)) return 2 * n * exponent;
  const padded = 2 ** Math.ceil(Math.log2(2 * n - 1));
  return 3 * transformMacs(padded) + 4 * (padded + 2 * n);
}
