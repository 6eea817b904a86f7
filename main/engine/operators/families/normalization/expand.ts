/** Normalizations that do more than one thing, in operators of their own. */
import { activate } from '../activation/expand.ts';
import type { Expansion } from '../../node-writer.ts';

/** x / √(mean x² + ε) · scale · activation(gate), over the last axis. */
export const expandGatedRootMeanSquare: Expansion = (context) => {
  const { write } = context;
  const x = context.input(0);
  const spread = write.add(
    write.reduceMean(write.square(x), [context.rank(0) - 1]),
    context.number(context.float('epsilon', 1e-5)),
  );
  const normalized = write.mul(write.mul(x, write.op('Reciprocal', [write.sqrt(spread)])), context.input(1));
  return [write.mul(normalized, activate(context, context.input(2), context.attributes.text('activation') ?? 'silu'))];
};

/** Sum of a word's, a place's and a segment's row, normalized over the last axis; the lengths that it counts are not given. */
export const expandEmbedding: Expansion = (context) => {
  const { write } = context;
  const ids = context.input(0);
  const length = write.slice(write.shape(ids), 0, 1, 2);
  const positions = context.has(8)
    ? context.input(8)
    : write.op('Range', [
        write.constant('int64', [], BigInt64Array.of(0n)),
        write.squeeze(length, [0]),
        write.constant('int64', [], BigInt64Array.of(1n)),
      ]);
  const rows = (table: number, at: string): string => write.op('Gather', [context.input(table), at], { axis: 0n });
  const parts = [rows(2, ids), rows(3, positions)];
  if (context.has(1) && context.has(4)) parts.push(rows(4, context.input(1)));
  const sum = parts.reduce((all, part) => write.add(all, part));
  const off = write.sub(sum, write.reduceMean(sum, [2]));
  const spread = write.add(write.reduceMean(write.square(off), [2]), context.number(context.float('epsilon', 1e-12)));
  const normalized = write.mul(off, write.op('Reciprocal', [write.sqrt(spread)]));
  return [write.add(write.mul(normalized, context.input(5)), context.input(6)), undefined, sum];
};
