/** Contributed attention, in operators of their own. */
import type { Expansion, NodeWriter } from '../../node-writer.ts';
import { MICROSOFT } from '../../spec.ts';
import { joinHeads, maskLater, repeatHeads, splitHeads } from './heads.ts';

/**
 * com.microsoft.Attention: queries, keys and values from one product of the input [N, L, D] with weights [D, 3·size]; a mask
 * [N, S] of ones and zeros; keys and values of the past are refused.
 */
export const expandPackedAttention: Expansion = (context) => {
  const { write, attributes } = context;
  if (context.has(4) || context.has(6)) context.refuse('keys and values of the past have no form here');
  if (context.int('do_rotary', 0) !== 0) context.refuse('rotation inside of it has no form here');
  const heads = context.int('num_heads', 1);
  const product = write.matmul(context.input(0), context.input(1));
  const packed = context.has(2) ? write.add(product, context.input(2)) : product;
  const width = context.inputShape(1)?.[1];
  const sizes =
    attributes.ints('qkv_hidden_sizes') ?? (typeof width === 'number' ? [width / 3, width / 3, width / 3] : []);
  if (sizes.length !== 3) return context.refuse('the sizes of its heads are not known');
  const parts = write.ops('Split', [packed, write.ints(sizes)], { axis: 2n }, { outputs: 3 });
  const [query, key, value] = parts.map((part) => splitHeads(context, part, heads)) as [string, string, string];
  const given = attributes.get('scale', 'float') ?? 0;
  const scale = given === 0 ? 1 / Math.sqrt(sizes[0]! / heads) : given;
  const scores = [write.mul(write.matmul(query, write.transpose(key, [0, 1, 3, 2])), context.number(scale))];
  if (context.has(5)) scores.push(context.input(5));
  if (context.has(3)) scores.push(maskBias(context));
  const sum = write.sum(scores);
  const seen = context.int('unidirectional', 0) === 0 ? sum : maskLater(context, sum);
  return [joinHeads(context, write.matmul(write.softmax(seen, 3), value)), undefined];
};

/** What is added to scores: nothing at a 1, the filter at a 0. */
function maskBias(context: NodeWriter): string {
  const { write } = context;
  if (context.rank(3) !== 2) context.refuse('masks other than [batch, length] have no form here');
  const filter = context.float('mask_filter_value', -10_000);
  const off = write.sub(context.number(1), write.cast(context.input(3), context.dtype));
  return write.unsqueeze(write.mul(off, context.number(filter)), [1, 2]);
}

/**
 * com.microsoft.GroupQueryAttention: causal; keys and values behind those of the past, which fill all of it for each sample;
 * shorter prompts of a batch end in places that nobody looks at.
 */
export const expandGroupQuery: Expansion = (context) => {
  const { write, attributes } = context;
  for (const name of ['softcap', 'local_window_size', 'smooth_softmax', 'k_quant_type', 'v_quant_type', 'qk_output']) {
    const off = name === 'local_window_size' ? -1 : 0;
    const set = attributes.get(name, 'float') ?? attributes.int(name) ?? off;
    if (set !== off && attributes.text(name) !== 'NONE') context.refuse(`${name} has no form here`);
  }
  if (context.node.inputs.slice(9).some((name) => name !== ''))
    context.refuse('inputs behind its tables have no form here');
  const heads = context.int('num_heads', 1);
  const kvHeads = context.int('kv_num_heads', 1);
  const [query, key, value] = operandsOf(context, heads, kvHeads);
  const length = write.slice(write.shape(context.input(0)), 0, 1, 2);
  const rotate = (part: string, count: number): string =>
    context.int('do_rotary', 0) === 0 ? part : rotated(context, part, { count, length });
  const past = context.has(3) && context.has(4);
  const behind = (input: number, part: string): string => (past ? write.concat([context.input(input), part], 2) : part);
  const keys = behind(3, splitHeads(context, rotate(key, kvHeads), kvHeads));
  const values = behind(4, splitHeads(context, value, kvHeads));
  const turned = splitHeads(context, rotate(query, heads), heads);
  const size = write.squeeze(write.slice(write.shape(turned), 0, 3, 4), [0]);
  const given = context.float('scale', 0);
  const scale =
    given === 0 ? write.op('Reciprocal', [write.sqrt(write.cast(size, context.dtype))]) : context.number(given);
  const repeated = repeatHeads(context, keys, heads, kvHeads);
  const scores = write.mul(write.matmul(turned, write.transpose(repeated, [0, 1, 3, 2])), scale);
  const before = past ? write.squeeze(write.slice(write.shape(context.input(3)), 0, 2, 3), [0]) : undefined;
  const shares = write.softmax(maskLater(context, scores, before), 3);
  return [joinHeads(context, write.matmul(shares, repeatHeads(context, values, heads, kvHeads))), keys, values];
};

function operandsOf(context: NodeWriter, heads: number, kvHeads: number): readonly [string, string, string] {
  if (context.has(1) && context.has(2)) return [context.input(0), context.input(1), context.input(2)];
  const width = context.inputShape(0)?.[2];
  if (typeof width !== 'number') return context.refuse('the size of its heads is not known');
  const size = width / (heads + 2 * kvHeads);
  const sizes = context.write.ints([heads * size, kvHeads * size, kvHeads * size]);
  const parts = context.write.ops('Split', [context.input(0), sizes], { axis: 2n }, { outputs: 3 });
  return [parts[0]!, parts[1]!, parts[2]!];
}

/** The contributed rotation at the places behind the past of each sample: seqlens_k (the last place) + 1 − L + 0, 1, … */
function rotated(context: NodeWriter, part: string, { count, length }: { count: number; length: string }): string {
  const { write } = context;
  const number = (value: number): string => write.constant('int64', [], BigInt64Array.of(BigInt(value)));
  const steps = write.op('Range', [number(0), write.squeeze(length, [0]), number(1)]);
  const past = context.has(3) ? write.squeeze(write.slice(write.shape(context.input(3)), 0, 2, 3), [0]) : number(0);
  const batch = write.slice(write.shape(context.input(0)), 0, 0, 1);
  const places = write.expand(write.unsqueeze(write.add(steps, past), [0]), write.concat([batch, length], 0));
  const attributes = {
    interleaved: BigInt(context.int('rotary_interleaved', 0)),
    num_heads: BigInt(count),
    ...partOfHead(context, part, count),
  };
  const inputs = [part, places, context.input(7), context.input(8)];
  return write.op('RotaryEmbedding', inputs, attributes, { domain: MICROSOFT });
}

/** How much of a head is turned, where its tables are narrower than that. */
function partOfHead(context: NodeWriter, part: string, count: number): Record<string, bigint> {
  const half = context.inputShape(7)?.[1];
  const width = context.inputShape(part === context.node.inputs[0] ? 0 : 1)?.[2];
  if (typeof half !== 'number' || typeof width !== 'number') return {};
  return 2 * half === width / count ? {} : { rotary_embedding_dim: BigInt(2 * half) };
}
