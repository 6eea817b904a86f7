/** Questions to the operator table about a node, so that no other room has to know operators by name. */
import type { OperatorCategory } from '../../contract/layer-words.ts';
import type { Node } from '../graph/ir.ts';
import { elementwiseChannels, unaryChannels } from './channel-rules.ts';
import type { Normalization } from './normalization.ts';
import type { QuantizationRole, Trait } from './spec.ts';
import { knownOperators, operatorSpec } from './table.ts';

type Operator = Pick<Node, 'domain' | 'opType'>;

/** Whether the table says this of the node's operator; never true of unknown operators. */
export function hasTrait(node: Operator | undefined, trait: Trait): boolean {
  return node !== undefined && (operatorSpec(node.domain, node.opType)?.traits.has(trait) ?? false);
}

/** Whether the node is one end of a QuantizeLinear–DequantizeLinear pair. */
export function isQdq(node: Operator): boolean {
  return hasTrait(node, 'quantizes') || hasTrait(node, 'dequantizes');
}

const traitsByName: ReadonlyMap<string, ReadonlySet<Trait>> = collectTraits();

function collectTraits(): ReadonlyMap<string, ReadonlySet<Trait>> {
  const byName = new Map<string, Set<Trait>>();
  for (const { opType, traits } of knownOperators()) {
    byName.set(opType, new Set([...(byName.get(opType) ?? []), ...traits]));
  }
  return byName;
}

/** The same for an operator of which only the name is known, as in traces of the runtime: true in any of its domains. */
export function nameHasTrait(opType: string, trait: Trait): boolean {
  return traitsByName.get(opType)?.has(trait) ?? false;
}

const categoriesByName: ReadonlyMap<string, OperatorCategory> = new Map(
  knownOperators()
    .map(({ opType, category }) => [opType, category] as const)
    .toReversed(),
);

/** What kind of work an operator does of which only the name is known; 'other' when nothing is known. */
export function categoryOf(opType: string): OperatorCategory {
  return categoriesByName.get(opType) ?? 'other';
}

/** The operator that a kernel of the runtime stands for: "FusedConv" → "Conv", "QLinearAdd" → "Add", "QGemm" → "Gemm". */
export function sourceOperator(kernelOp: string): string {
  return kernelOp.replace(/^(?:Fused|QLinear|NhwcFused|Nhwc|DynamicQuantize|QAttention$|Q(?=[A-Z]))/, '');
}

const FLOAT: QuantizationRole = { kind: 'float' };

/** How int8 quantization treats the node; unknown operators stay float. */
export function roleOf(node: Operator): QuantizationRole {
  return operatorSpec(node.domain, node.opType)?.quantization ?? FLOAT;
}

/** How this node normalizes; undefined: it does not, or is unknown. */
export function normalizationOf(node: Node): Normalization | undefined {
  return operatorSpec(node.domain, node.opType)?.normalization;
}

/** Whether its weights are codes of which several share a byte, or blocks of which share a scale, on data that stay float. */
export function hasPackedWeights({ domain, opType }: Operator): boolean {
  return operatorSpec(domain, opType)?.packedElements !== undefined;
}

/** Whether each element of the outputs is made of those at its place alone: of the first input's, or of broadcast inputs'. */
export function isElementwise(node: Node): boolean {
  const channels = operatorSpec(node.domain, node.opType)?.channels;
  return channels !== undefined && (channels === elementwiseChannels || channels === unaryChannels);
}
