/** Attention without a score for each pair: a state of key size × value size is carried from token to token. */
import type { CostContext } from '../../cost-context.ts';
import { divideDimsExactly, multiplyDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';

/**
 * query [batch, tokens, heads·key], key [batch, tokens, kv heads·key], value [batch, tokens, kv heads·value]
 * -> [batch, tokens, heads·value] and the state [batch, kv heads, key, value].
 * @see ONNX LinearAttention-27
 */
export function inferLinearAttention(context: NodeContext): Facts[] {
  const query = context.shapeOfRank(0, 3, 'query', '3 [batch, tokens, heads·size]');
  const heads = context.int('q_num_heads', 1);
  const kvHeads = context.int('kv_num_heads', 1);
  const keySize = divideDimsExactly(query?.[2] ?? null, heads);
  const valueSize = divideDimsExactly(context.dim(2, 2), kvHeads);
  const [batch = null, tokens = null] = query ?? [];
  return [
    tensorFacts(context.dtype(0), [batch, tokens, multiplyDims(heads, valueSize)]),
    tensorFacts(context.dtype(3) ?? context.dtype(0), [batch, kvHeads, keySize, valueSize]),
  ];
}

/**
 * For each token a product of key and value is added to each state, and each query head reads one; the delta rules read the
 * state once more, to write only what it does not hold yet. Decay scales: no multiply–add pairs.
 */
export function linearAttentionMacs(context: CostContext): number | null {
  const output = context.output(0);
  const state = context.output(1);
  if (output === undefined || state === undefined) return null;
  const [batch = 0, kvHeads = 0, keySize = 0, valueSize = 0] = state;
  const heads = context.int('q_num_heads', 1);
  const reads = (context.attributes.text('update_rule') ?? 'gated_delta').endsWith('delta') ? kvHeads : 0;
  return batch * (output[1] ?? 0) * (kvHeads + reads + heads) * keySize * valueSize;
}

/** Q [batch, heads, length, size], K and V with kv heads; a change of scores or shares by a subgraph keeps their shape. */
export function inferFlexAttention(context: NodeContext): Facts[] {
  const query = context.shapeOfRank(0, 4, 'Q', '4 [batch, heads, length, size]');
  const [batch = null, heads = null, length = null] = query ?? [];
  const scores = tensorFacts(
    context.dtypeAttribute('softmax_precision') ?? (context.dtype(0) === 'float64' ? 'float64' : 'float32'),
    [batch, heads, length, context.dim(1, 2)],
  );
  for (const name of ['score_mod', 'prob_mod']) {
    const body = context.attributes.get(name, 'graph');
    if (body !== undefined) context.services.inferSubgraph(body, [scores], 1);
  }
  return [tensorFacts(context.dtype(0), [batch, heads, length, context.dim(2, 3)])];
}
