/** Heads of attention taken apart and put together, and what a query may see. */
import type { NodeWriter } from '../../node-writer.ts';

/** −∞ where a key lies behind its query; `before`: how many keys stand before the first query, int64 []. */
export function maskLater(context: NodeWriter, scores: string, before?: string): string {
  const { write } = context;
  const square = write.slice(write.shape(scores), 0, 2, 4);
  const ones = write.expand(context.number(1), square);
  const earlier = write.op('Trilu', before === undefined ? [ones] : [ones, before], { upper: 0n });
  const seen = write.op('Greater', [earlier, context.number(0)]);
  return write.where(seen, scores, context.number(Number.NEGATIVE_INFINITY));
}

/** Each head of keys and values as often as queries share it. */
export function repeatHeads(context: NodeWriter, value: string, heads: number, kvHeads: number): string {
  if (heads === kvHeads) return value;
  const { write } = context;
  const apart = write.unsqueeze(value, [2]);
  const times = write.expand(apart, write.ints([1, 1, heads / kvHeads, 1, 1]));
  const rest = write.slice(write.shape(value), 0, 2, 4);
  return write.reshape(times, write.concat([write.ints([0, heads]), rest], 0));
}

export function sumHeads(context: NodeWriter, value: string, heads: number, kvHeads: number): string {
  if (heads === kvHeads) return value;
  const { write } = context;
  const rest = write.slice(write.shape(value), 0, 2, 4);
  const apart = write.reshape(value, write.concat([write.ints([0, kvHeads, heads / kvHeads]), rest], 0));
  return write.reduceSum(apart, [2], false);
}

/** [N, L, heads·size] → [N, heads, L, size]. */
export function splitHeads(context: NodeWriter, value: string, heads: number): string {
  const { write } = context;
  return write.transpose(write.reshapeTo(value, [0, 0, heads, -1]), [0, 2, 1, 3]);
}

/** And back. */
export function joinHeads(context: NodeWriter, value: string): string {
  const { write } = context;
  return write.reshapeTo(write.transpose(value, [0, 2, 1, 3]), [0, 0, -1]);
}
