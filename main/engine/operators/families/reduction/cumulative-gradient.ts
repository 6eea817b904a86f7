/** Gradients of sums and products along an axis. */
import type { GradientRule } from '../../gradient.ts';

/** Each element counts in all sums from its place on: the sums from the other end. */
export const cumSumGradient: GradientRule = (context) => {
  const reverse = context.int('reverse', 0) === 0 ? 1n : 0n;
  const exclusive = BigInt(context.int('exclusive', 0));
  return [context.write.op('CumSum', [context.gradient, context.input(1)], { reverse, exclusive })];
};

/**
 * ∂x[k] = (the product of what comes before k) · Σ g[i]·(the product of what lies between k and i), over all i behind k; the sum
 * from the end on is s[k] = g[k] + x[k+1]·s[k+1]. Nothing is divided, so that factors may be zero.
 */
export const cumProdGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const [stated] = context.numbers(1) ?? [];
  if (stated === undefined) return context.refuse('its axis is computed while the model runs');
  const axis = context.axis(stated, rank);
  const reverse = context.int('reverse', 0) !== 0;
  const exclusive = context.int('exclusive', 0) !== 0;
  const order = [axis, ...Array.from({ length: rank }, (_, at) => at).filter((at) => at !== axis)];
  const [x, gradient] = [context.input(0), context.gradient].map((value) => write.transpose(value, order)) as [
    string,
    string,
  ];
  const first = write.constant('int64', [], BigInt64Array.of(0n));
  const before = write.op('CumProd', [x, first], { exclusive: 1n, reverse: reverse ? 1n : 0n });
  const { outputs } = write.scan({
    states: [write.expand(context.number(0), write.slice(write.shape(x), 0, 1, rank))],
    sequences: [x, gradient],
    dtype: context.dtype,
    backwards: !reverse,
    body: (inner, [behind = ''], [factor = '', own = '']) => {
      if (exclusive) {
        return { states: [inner.add(own, inner.mul(factor, behind))], outputs: [inner.op('Identity', [behind])] };
      }
      const sum = inner.add(own, behind);
      return { states: [inner.mul(factor, sum)], outputs: [sum] };
    },
  });
  const back = Array.from({ length: rank }, (_, at) => order.indexOf(at));
  return [write.transpose(write.mul(before, outputs[0]!), back)];
};
