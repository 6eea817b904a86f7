import { intAttribute } from '../graph/attributes.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import type { Inference } from './inference.ts';
import { inputRole, operatorSpec } from './table.ts';

/** What integers an input may hold, as the operators that it reaches say. */
export interface InputLimit {
  /** `index`: places in a table, from 0 to limit − 1. `length`: steps of a sequence, from 1 to limit. */
  readonly kind: 'index' | 'length';
  readonly limit: number;
}

/**
 * Limits of the values of the model's inputs: of those that reach a table's indices or a recurrent layer's lengths, straight or
 * through operators that only move or convert. Where several apply, the least.
 * @param inference of the model with the sizes that will be run
 */
export function inputLimits(model: Model, inference: Inference): ReadonlyMap<string, InputLimit> {
  const limits = new Map<string, InputLimit>();
  const inputs = new Set(model.graph.inputs.map(({ name }) => name));
  for (const node of model.graph.nodes) {
    for (const [at, value] of node.inputs.entries()) {
      const found = limitAt(node, at, inference);
      if (found === undefined) continue;
      const source = sourceOf(value, model);
      const known = limits.get(source)?.limit ?? Infinity;
      if (inputs.has(source) && found.limit < known) limits.set(source, found);
    }
  }
  return limits;
}

/** What integers a node takes at one of its inputs; undefined: any, or it is not known. */
export function limitAt(node: Node, at: number, inference: Inference): InputLimit | undefined {
  const spec = operatorSpec(node.domain, node.opType);
  const role = spec === undefined ? undefined : inputRole(spec, at);
  if (role !== 'indices' && role !== 'sequence_lens') return undefined;
  const shape = inference.values.get(node.inputs[0] ?? '')?.shape;
  if (shape === undefined) return undefined;
  const axis = role === 'indices' ? intAttribute(node, 'axis', 0) : intAttribute(node, 'layout', 0);
  const limit = shape[axis < 0 ? axis + shape.length : axis];
  return typeof limit === 'number' ? { kind: role === 'indices' ? 'index' : 'length', limit } : undefined;
}

/** The value that holds the same integers at the start of a chain of moves and conversions. */
function sourceOf(value: string, model: Model): string {
  const index = indexGraph(model.graph);
  let source = value;
  for (let step = 0; step < 16; step++) {
    const node = index.producer(source);
    if (node === undefined || operatorSpec(node.domain, node.opType)?.carries !== 'first') return source;
    source = node.inputs[0] ?? '';
  }
  return source;
}
