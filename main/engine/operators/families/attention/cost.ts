import type { CostContext } from '../../cost-context.ts';

/** Scores (sequence × total × key size) and their product with the values, for each head. */
export function attentionMacs(context: CostContext): number | null {
  const query = context.input(0);
  const key = context.input(1);
  const value = context.input(2);
  if (query === undefined || key === undefined || value === undefined) return null;
  const flat = query.length === 3;
  const past = context.hasInput(4) ? context.input(4)?.[2] : 0;
  if (past === undefined) return null;
  const total = past + ((flat ? key[1] : key[2]) ?? 0);
  const heads = flat ? context.int('q_num_heads', 1) : (query[1] ?? 0);
  const kvHeads = flat ? context.int('kv_num_heads', 1) : (key[1] ?? 0);
  const length = (flat ? query[1] : query[2]) ?? 0;
  const size = (flat ? (query[2] ?? 0) / heads : query[3]) ?? 0;
  const valueSize = (flat ? (value[2] ?? 0) / kvHeads : value[3]) ?? 0;
  return (query[0] ?? 0) * heads * length * total * (size + valueSize);
}

/** `past`: the input that holds earlier keys and values. */
export const packedAttentionMacs =
  (pastInput: number) =>
  (context: CostContext): number | null => {
    const input = context.input(0);
    const weights = context.input(1);
    const output = context.output(0);
    if (input === undefined || weights === undefined || output === undefined) return null;
    const [batch = 0, length = 0, features = 0] = input;
    const past = context.hasInput(pastInput) ? context.input(pastInput)?.[3] : 0;
    if (past === undefined) return null;
    const width = weights[1] ?? 0;
    const valueWidth = output[2] ?? 0;
    const queryWidth = (width - valueWidth) / 2;
    return batch * length * features * width + batch * length * (past + length) * (queryWidth + valueWidth);
  };

/** One new token against the buffer of those before it. */
export function maskedMultiHeadMacs(context: CostContext): number | null {
  const query = context.input(0);
  const output = context.output(0);
  const past = context.input(5);
  if (query === undefined || output === undefined || past === undefined) return null;
  return (query[0] ?? 0) * (query[1] ?? 0) * (past[2] ?? 0) * ((query[2] ?? 0) + (output[2] ?? 0));
}

export function multiHeadMacs(context: CostContext): number | null {
  const query = context.input(0);
  const output = context.output(0);
  if (query === undefined || output === undefined) return null;
  const [batch = 0, length = 0] = query;
  const packed = query.length === 5;
  const key = packed ? query : context.input(1);
  const past = context.hasInput(6) ? context.input(6)?.[2] : 0;
  if (key === undefined || past === undefined) return null;
  const total = past + ((key.length === 4 ? key[2] : key[1]) ?? 0);
  const width = packed ? (query[2] ?? 0) * (query[4] ?? 0) : (query[2] ?? 0);
  return batch * length * total * (width + (output[2] ?? 0));
}

export function groupQueryMacs(context: CostContext): number | null {
  const output = context.output(0);
  const present = context.output(1);
  if (output === undefined || present === undefined) return null;
  const [batch = 0, length = 0, width = 0] = output;
  return 2 * batch * length * (present[2] ?? 0) * width;
}
