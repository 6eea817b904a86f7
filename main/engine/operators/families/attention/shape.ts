import type { Dim } from '../../../graph/ir.ts';
import { addDims, divideDimsExactly, multiplyDims, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

/**
 * Q [batch, heads, sequence, size] or [batch, sequence, heads·size]; K and V alike with kv heads; past keys and values
 * are put before K and V.
 * @see ONNX Attention-23
 */
export function inferAttention(context: NodeContext): Facts[] {
  const dtype = context.dtype(0);
  const query = context.shape(0);
  const key = context.shape(1);
  const value = context.shape(2);
  if (query === undefined || key === undefined || value === undefined) return [tensorFacts(dtype, undefined)];
  const flat = query.length === 3;
  const heads = flat ? context.int('q_num_heads', 1) : (query[1] ?? null);
  const kvHeads = flat ? context.int('kv_num_heads', 1) : (key[1] ?? null);
  const batch = query[0] ?? null;
  const length = (flat ? query[1] : query[2]) ?? null;
  const keyLength = (flat ? key[1] : key[2]) ?? null;
  const keySize = flat ? divideDimsExactly(key[2] ?? null, kvHeads) : (key[3] ?? null);
  const valueSize = flat ? divideDimsExactly(value[2] ?? null, kvHeads) : (value[3] ?? null);
  const total = addDims(context.has(4) ? context.dim(4, 2) : 0, keyLength);
  return [
    tensorFacts(dtype, flat ? [batch, length, multiplyDims(heads, valueSize)] : [batch, heads, length, valueSize]),
    tensorFacts(context.dtype(1), [batch, kvHeads, total, keySize]),
    tensorFacts(context.dtype(2), [batch, kvHeads, total, valueSize]),
    tensorFacts(dtype, [batch, heads, length, total]),
  ];
}

/** com.microsoft.Attention: input [batch, sequence, in], weights [in, q + k + v]. */
export function inferPackedAttention(context: NodeContext): Facts[] {
  const dtype = context.dtype(0);
  const input = context.shapeOfRank(0, 3, 'input', '3 [batch, sequence, hidden]');
  const [batch = null, length = null] = input ?? [];
  const hidden = context.ints('qkv_hidden_sizes')?.[2] ?? divideDimsExactly(context.dim(1, 1), 3);
  const heads = context.int('num_heads', 1);
  const past = context.has(4) ? context.dim(4, 3) : 0;
  return [
    tensorFacts(dtype, [batch, length, hidden]),
    tensorFacts(dtype, [2, batch, heads, addDims(past, length), divideDimsExactly(hidden, heads)]),
  ];
}

/** com.microsoft.QAttention: as above on integers; the output has the type of the bias. */
export function inferQuantizedAttention(context: NodeContext): Facts[] {
  const dtype = context.dtype(2) ?? context.dtype(3);
  const [batch = null, length = null] = context.shapeOfRank(0, 3, 'input', '3 [batch, sequence, hidden]') ?? [];
  const hidden = divideDimsExactly(context.dim(1, 1), 3);
  const heads = context.int('num_heads', 1);
  const past = context.has(8) ? context.dim(8, 3) : 0;
  return [
    tensorFacts(dtype, [batch, length, hidden]),
    tensorFacts(dtype, [2, batch, heads, addDims(past, length), divideDimsExactly(hidden, heads)]),
  ];
}

/** Keys and values lie in a buffer that is written into: its shape stays. */
export function inferMaskedMultiHead(context: NodeContext): Facts[] {
  const [batch = null, length = null, hidden = null] = context.shape(0) ?? [];
  const value = context.has(2) ? context.shape(2) : undefined;
  const width = value?.length === 4 ? multiplyDims(value[1] ?? null, value[3] ?? null) : (value?.[2] ?? hidden);
  return [tensorFacts(context.dtype(0), [batch, length, width]), context.same(5), context.same(6)];
}

/** com.microsoft.SparseAttention: packed query, or query, key and value; the past is a buffer of the whole length. */
export function inferSparseAttention(context: NodeContext): Facts[] {
  const query = context.shapeOfRank(0, 3, 'query', '3 [batch, sequence, heads·size]');
  const [batch = null, length = null] = query ?? [];
  const width = multiplyDims(groupHeadSize(context), context.int('num_heads', 1));
  return [tensorFacts(context.dtype(0), [batch, length, width]), context.same(3), context.same(4)];
}

/** com.microsoft.MultiHeadAttention: query [batch, sequence, hidden], or Q, K and V packed [batch, sequence, heads, 3, size]. */
export function inferMultiHead(context: NodeContext): Facts[] {
  const dtype = context.dtype(0);
  const query = context.shape(0);
  if (query === undefined) return [tensorFacts(dtype, undefined)];
  const heads = context.int('num_heads', 1);
  const [batch = null, length = null] = query;
  if (query.length === 5)
    return [tensorFacts(dtype, [batch, length, multiplyDims(query[2] ?? null, query[4] ?? null)])];
  const value = context.shape(2);
  const hidden =
    value === undefined
      ? (query[2] ?? null)
      : value.length === 4
        ? multiplyDims(value[1] ?? null, value[3] ?? null)
        : (value[2] ?? null);
  const key = context.shape(1);
  const keyLength = (key?.length === 4 ? key[2] : key?.[1]) ?? null;
  const total = addDims(context.has(6) ? context.dim(6, 2) : 0, keyLength);
  return [
    tensorFacts(dtype, [batch, length, hidden]),
    tensorFacts(dtype, [batch, heads, total, divideDimsExactly(query[2] ?? null, heads)]),
    tensorFacts(dtype, [batch, heads, total, divideDimsExactly(hidden, heads)]),
  ];
}

/** Size of one head: the query holds K and V too when these are left out. */
function groupHeadSize(context: NodeContext): Dim {
  const heads = context.int('num_heads', 1);
  const all = context.has(1) ? heads : heads + 2 * context.int('kv_num_heads', 1);
  return divideDimsExactly(context.dim(0, 2), all);
}

/** com.microsoft.GroupQueryAttention: query [batch, sequence, heads·size]; the past may be a buffer that is written into. */
export function inferGroupQuery(context: NodeContext): Facts[] {
  const dtype = context.dtype(0);
  const query = context.shapeOfRank(0, 3, 'query', '3 [batch, sequence, heads·size]');
  if (query === undefined) return [tensorFacts(dtype, undefined)];
  const [batch = null, length = null] = query;
  const size = groupHeadSize(context);
  const kvHeads = context.int('kv_num_heads', 1);
  // The runtime gives max(past, total) rows; total is a value, known only when it runs or is constant.
  const past = context.dim(3, 2);
  const total = context.dims(6)?.[0] ?? null;
  const rows: Dim = typeof past === 'number' && typeof total === 'number' ? Math.max(past, total) : null;
  const present = [batch, kvHeads, rows, size];
  return [
    tensorFacts(dtype, [batch, length, multiplyDims(size, context.int('num_heads', 1))]),
    tensorFacts(dtype, present),
    tensorFacts(dtype, present),
  ];
}

/** Every second place of what is rotated: two products and a sum, no matrix. */
export const sameAsInput = (context: NodeContext): Facts[] => [context.same()];

/** com.microsoft.RelativePositionBias and alike give [1, heads, query length, key length]. */
export function inferPositionBias(context: NodeContext): Facts[] {
  const heads = context.dim(0, 1);
  const query = context.dims(1)?.[0] ?? null;
  const key = context.dims(2)?.[0] ?? null;
  return [tensorFacts(context.dtype(0), [1, heads, query, subtractDims(key, 0)])];
}
