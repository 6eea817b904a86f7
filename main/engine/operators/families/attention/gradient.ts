/**
 * Gradients of attention in one node: the shares are computed again, dV = Pᵀ·dY, dS = P ∘ (dP − Σ dP ∘ P) with dP = dY·Vᵀ,
 * dQ = s·dS·K, dK = s·dSᵀ·Q.
 * @see Vaswani et al. 2017, eq. 1; Dao et al. 2022, algorithm 4 (the same backward pass, unblocked)
 */
import type { AttributeInput } from '../../../graph/attributes.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { addDims } from '../../dimension.ts';
import { joinHeads, maskLater, repeatHeads, splitHeads, sumHeads } from './heads.ts';

/** Queries [N, heads, L, size], keys and values [N, kv heads, S, size]. */
interface Operands {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly heads: number;
  readonly kvHeads: number;
  /** Added to the scores; undefined: nothing. */
  readonly bias: string | undefined;
  readonly causal: boolean;
  /** How many keys stand before the first query, int64 []; undefined: none. */
  readonly before?: string | undefined;
  /** How many keys of each sample there are, int64 [N]: those behind are nothing, and its queries stand at the end of the others. */
  readonly lengths?: string | undefined;
  /** undefined: 1 / √size. */
  readonly scale: number | undefined;
  /** Scores before the bias are kept within ± this, by its tanh; 0: they are not. */
  readonly softcap?: number;
}

interface OperandGradients {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** Of what is added to the scores, [N, heads, L, S]. */
  readonly scores: string;
}

function attentionGradients(context: GradientContext, operands: Operands, gradient: string): OperandGradients {
  const { write } = context;
  const { query, heads, kvHeads } = operands;
  const key = repeatHeads(context, operands.key, heads, kvHeads);
  const value = repeatHeads(context, operands.value, heads, kvHeads);
  const scale = scaleOf(context, operands);
  const turned = (matrix: string): string => write.transpose(matrix, [0, 1, 3, 2]);
  const products = write.mul(write.matmul(query, turned(key)), scale);
  const cap = operands.softcap === undefined || operands.softcap === 0 ? undefined : context.number(operands.softcap);
  const bent = cap === undefined ? undefined : write.op('Tanh', [write.div(products, cap)]);
  const capped = cap === undefined || bent === undefined ? products : write.mul(bent, cap);
  const biased = operands.bias === undefined ? capped : write.add(capped, operands.bias);
  const scores = maskedScores(context, operands, biased);
  const masked = operands.bias !== undefined || operands.lengths !== undefined;
  const shares = masked ? maskedShares(context, scores) : write.softmax(scores, -1);
  const dShares = write.matmul(gradient, turned(value));
  const along = write.reduceSum(write.mul(dShares, shares), [-1]);
  const dScores = write.mul(shares, write.sub(dShares, along));
  const dProducts = bent === undefined ? dScores : write.mul(dScores, write.sub(context.number(1), write.square(bent)));
  const scaled = write.mul(dProducts, scale);
  return {
    query: write.matmul(scaled, key),
    key: sumHeads(context, write.matmul(turned(scaled), query), heads, kvHeads),
    value: sumHeads(context, write.matmul(turned(shares), gradient), heads, kvHeads),
    scores: dScores,
  };
}

/** −∞ where a query may not look. */
function maskedScores(context: GradientContext, { causal, before, lengths }: Operands, scores: string): string {
  if (lengths === undefined) return causal ? maskLater(context, scores, before) : scores;
  const { write } = context;
  const size = (axis: number): string => write.slice(write.shape(scores), 0, axis, axis + 1);
  const count = (until: string): string =>
    write.op(
      'Range',
      [0, 1].map((at) => write.squeeze(write.ints([at]), [0])).toSpliced(1, 0, write.squeeze(until, [0])),
    );
  const keys = count(size(3));
  const own = write.unsqueeze(lengths, [1, 2, 3]);
  const seen = causal
    ? write.op('LessOrEqual', [keys, write.add(write.sub(own, size(2)), write.unsqueeze(count(size(2)), [1]))])
    : write.op('Less', [keys, own]);
  return write.where(seen, scores, context.number(Number.NEGATIVE_INFINITY));
}

/** Softmax along the last axis, and nothing at all for a query that sees no key: all its scores are −∞. */
function maskedShares(context: GradientContext, scores: string): string {
  const { write } = context;
  const none = write.op('Equal', [write.reduce('ReduceMax', scores, [-1]), context.number(Number.NEGATIVE_INFINITY)]);
  const shares = write.softmax(write.where(none, context.number(0), scores), -1);
  return write.where(none, context.number(0), shares);
}

function scaleOf(context: GradientContext, { query, scale }: Operands): string {
  if (scale !== undefined) return context.number(scale);
  const { write } = context;
  const size = write.squeeze(write.slice(write.shape(query), 0, 3, 4), [0]);
  return write.op('Reciprocal', [write.sqrt(write.cast(size, context.dtype))]);
}

/** ai.onnx Attention. */
export const attentionGradient: GradientRule = (context) => {
  const { write } = context;
  if (context.arriving(3) !== undefined) context.refuse('its output of scores has no backward form here');
  const flat = context.rank(0) === 3;
  const heads = flat ? context.int('q_num_heads', 1) : headsOf(context, 0);
  const kvHeads = flat ? context.int('kv_num_heads', 1) : headsOf(context, 1);
  const apart = (value: string, count: number): string => (flat ? splitHeads(context, value, count) : value);
  const together = (value: string): string => (flat ? joinHeads(context, value) : value);
  const past = context.has(4) && context.has(5);
  const behind = (input: number, value: string): string =>
    past ? write.concat([context.input(input), value], 2) : value;
  const lengthOf = (input: number): string => write.slice(write.shape(context.input(input)), 0, 2, 3);
  const found = attentionGradients(
    context,
    {
      query: apart(context.input(0), heads),
      key: behind(4, apart(context.input(1), kvHeads)),
      value: behind(5, apart(context.input(2), kvHeads)),
      heads,
      kvHeads,
      bias: context.has(3) ? additive(context, 3) : undefined,
      causal: context.int('is_causal', 0) !== 0,
      before: past ? write.squeeze(lengthOf(4), [0]) : undefined,
      lengths: context.has(6) ? context.input(6) : undefined,
      scale: context.attributes.get('scale', 'float'),
      softcap: context.float('softcap', 0),
    },
    apart(context.gradient, heads),
  );
  // Outputs 1 and 2 are all keys and values: those of the past first.
  const present = (own: string, output: number): string => write.sum([own, context.arriving(output) ?? []].flat());
  const keys = present(found.key, 1);
  const values = present(found.value, 2);
  const until = (all: string, input: number): string =>
    write.op('Slice', [all, write.ints([0]), lengthOf(input), write.ints([2])]);
  const from = (all: string, input: number): string =>
    past ? write.op('Slice', [all, lengthOf(input), write.ints([END]), write.ints([2])]) : all;
  return context.wanted(
    () => together(found.query),
    () => together(from(keys, 4)),
    () => together(from(values, 5)),
    () =>
      context.unbroadcast(
        found.scores,
        3,
        scoresShape(context, heads, flat, past ? (context.inputShape(4)?.[2] ?? null) : 0),
      ),
    () => until(keys, 4),
    () => until(values, 5),
  );
};

/** Beyond the end of every axis. */
const END = 2 ** 31 - 1;

function headsOf(context: GradientContext, input: number): number {
  const heads = context.inputShape(input)?.[1];
  return typeof heads === 'number' ? heads : context.refuse('the number of its heads is not known');
}

/** @param before keys of the past */
function scoresShape(context: GradientContext, heads: number, flat: boolean, before: Dim = 0): Shape {
  const axis = flat ? 1 : 2;
  const [query, key] = [context.inputShape(0), context.inputShape(1)];
  return [query?.[0] ?? null, heads, query?.[axis] ?? null, addDims(before, key?.[axis] ?? null)];
}

/** A mask of truth values as what is added to scores. */
function additive(context: GradientContext, input: number): string {
  const mask = context.input(input);
  if (context.inputFacts(input)?.dtype !== 'bool') return mask;
  return context.write.where(mask, context.number(0), context.number(Number.NEGATIVE_INFINITY));
}

/** com.microsoft.MultiHeadAttention of separate queries, keys and values [N, length, heads·size]. */
export const multiHeadGradient: GradientRule = (context) => {
  const { write } = context;
  if (context.rank(0) !== 3 || !context.has(1) || !context.has(2)) {
    context.refuse('packed queries, keys and values have no backward form here');
  }
  if (context.rank(1) !== 3 || context.rank(2) !== 3)
    context.refuse('keys with heads apart have no backward form here');
  if (context.has(4)) context.refuse('key_padding_mask has no backward form here');
  if (context.has(6) || context.has(7)) context.refuse('keys and values of the past have no backward form here');
  const heads = context.int('num_heads', 1);
  const biases = context.has(3) ? splitBias(context) : undefined;
  const apart = (input: number): string => {
    const plain = context.input(input);
    return splitHeads(context, biases === undefined ? plain : write.add(plain, biases[input]!), heads);
  };
  const found = attentionGradients(
    context,
    {
      query: apart(0),
      key: apart(1),
      value: apart(2),
      heads,
      kvHeads: heads,
      bias: context.has(5) ? context.input(5) : undefined,
      causal: context.int('unidirectional', 0) !== 0,
      scale: stated(context),
    },
    splitHeads(context, context.gradient, heads),
  );
  const joined = [found.query, found.key, found.value].map((value) => joinHeads(context, value));
  return context.wanted(
    () => joined[0]!,
    () => joined[1]!,
    () => joined[2]!,
    () =>
      write.concat(
        joined.map((value) => write.reduceSum(value, [0, 1], false)),
        0,
      ),
    undefined,
    () => context.unbroadcast(found.scores, 5, scoresShape(context, heads, true)),
  );
};

/** 0 stands for what follows from the size. */
function stated(context: GradientContext): number | undefined {
  const scale = context.float('scale', 0);
  return scale === 0 ? undefined : scale;
}

/** The biases of queries, keys and values lie one after the other. */
function splitBias(context: GradientContext): readonly string[] {
  const sizes = [0, 1, 2].map((input) => context.inputShape(input)?.[2]);
  if (!sizes.every((size) => typeof size === 'number')) return context.refuse('the sizes of its heads are not known');
  const { write } = context;
  return write.ops('Split', [context.input(3), write.ints(sizes as number[])], { axis: 0n }, { outputs: 3 });
}

/** A rotation: turned back by the opposite sine. The positions of both domains lie elsewhere among the inputs. */
export const rotaryGradient =
  ({ sine, domain }: { readonly sine: number; readonly domain: string }): GradientRule =>
  (context) => {
    if ([1, 2, 3].some((input) => context.wants(input))) context.refuse('its tables have no backward form here');
    const { write, node } = context;
    const inputs = node.inputs.map((name, at) => (at === 0 ? context.gradient : at === sine ? write.neg(name) : name));
    return [write.op(node.opType, inputs, rotaryAttributes(context), { domain })];
  };

function rotaryAttributes(context: GradientContext): Record<string, AttributeInput> {
  const given: Record<string, AttributeInput> = {};
  for (const name of ['interleaved', 'num_heads', 'rotary_embedding_dim', 'is_packed_batching']) {
    const value = context.attributes.int(name);
    if (value !== undefined) given[name] = BigInt(value);
  }
  return given;
}
