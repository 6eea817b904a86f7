/** Questions about layers that are linear in their weights; see `LinearForm`. */
import { floatAttribute, intsAttribute, stringAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { weightContext } from './axes.ts';
import type { LinearForm } from './linear-form.ts';
import { operatorSpec } from './table.ts';

/** A node with weights of these dimensions as a matrix product; undefined where it is none, or unknown. */
export function linearForm(node: Node, weightDims: readonly number[]): LinearForm | undefined {
  return operatorSpec(node.domain, node.opType)?.linear?.({
    ...weightContext(node, weightDims),
    weightDims,
    ints: (name) => intsAttribute(node, name),
    float: (name, fallback) => floatAttribute(node, name, fallback),
    text: (name, fallback) => stringAttribute(node, name, fallback),
  });
}

/** The input in which such a node takes its weights; undefined where the operator is not linear in any. */
export function linearWeight(node: Node): number | undefined {
  const spec = operatorSpec(node.domain, node.opType);
  return spec?.linear === undefined ? undefined : spec.weights?.input;
}
