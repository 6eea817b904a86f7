/** Attention that takes the keys and values of earlier runs and gives them back with those of this one. */
import { intAttribute, makeAttribute, stringAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { MICROSOFT } from './spec.ts';

/** The values by which a layer keeps what it has seen; '' where it does not. */
export interface AttentionCache {
  readonly pastKey: string;
  readonly pastValue: string;
  readonly presentKey: string;
  readonly presentValue: string;
  /** int32 [batch]: positions that are filled after the run, less one. */
  readonly lengths: string;
  /** Heads of keys and of values. */
  readonly heads: number;
  /** Whether they are codes already. */
  readonly coded: boolean;
}

/** Scales of the codes of a cache, as names of float32 values: [1], or [1, heads, 1, size of a head]. */
export interface CacheCodes {
  readonly bits: 8 | 4;
  readonly perChannel: boolean;
  readonly keyScale: string;
  readonly valueScale: string;
}

/** Places of the scales among the inputs. */
const SCALES = 12;

/**
 * The cache of a layer whose kernel can keep it as codes; undefined for all others.
 * @see ONNX Runtime, contrib operator GroupQueryAttention: k_quant_type, v_quant_type, kv_cache_bit_width
 */
export function attentionCache(node: Node): AttentionCache | undefined {
  if (node.opType !== 'GroupQueryAttention' || node.domain !== MICROSOFT) return undefined;
  const [, , , pastKey = '', pastValue = '', lengths = ''] = node.inputs;
  const [, presentKey = '', presentValue = ''] = node.outputs;
  return {
    pastKey,
    pastValue,
    presentKey,
    presentValue,
    lengths,
    heads: intAttribute(node, 'kv_num_heads', 1),
    coded: stringAttribute(node, 'k_quant_type', NONE) !== NONE,
  };
}

const NONE = 'NONE';

/** The same layer with its cache as codes: int8, or two codes of 4 bits in each uint8. */
export function withCodedCache(node: Node, { bits, perChannel, keyScale, valueScale }: CacheCodes): Node {
  const kind = perChannel ? 'PER_CHANNEL' : 'PER_TENSOR';
  const before = Array.from({ length: SCALES }, (_, at) => node.inputs[at] ?? '');
  const attributes = [
    makeAttribute('k_quant_type', kind),
    makeAttribute('v_quant_type', kind),
    makeAttribute('kv_cache_bit_width', BigInt(bits)),
  ];
  const names = new Set(attributes.map(({ name }) => name));
  return {
    ...node,
    inputs: [...before, keyScale, valueScale, ...node.inputs.slice(SCALES + 2)],
    attributes: [...node.attributes.filter(({ name }) => !names.has(name)), ...attributes],
  };
}
