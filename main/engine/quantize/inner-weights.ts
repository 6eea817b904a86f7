import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { operatorSpec } from '../operators/table.ts';

/**
 * What is to be said of layers with weights inside the bodies of If, Loop and Scan: they stay in float, since ranges, kernels and codes
 * are looked at and written in the main graph alone.
 * @returns no sentence where there are none
 */
export function innerWeightNotes(source: Model): readonly string[] {
  const bodies = new Map<string, number>();
  for (const { node, parent } of walkNodes(source)) {
    const weighted = (operatorSpec(node.domain, node.opType)?.prunableInputs ?? []).length > 0;
    if (parent !== null && weighted) bodies.set(parent, (bodies.get(parent) ?? 0) + 1);
  }
  const layers = [...bodies.values()].reduce((sum, count) => sum + count, 0);
  if (layers === 0) return [];
  const [first] = bodies.keys();
  const where = `'${first}'${bodies.size > 1 ? ` and ${bodies.size - 1} more` : ''}`;
  return [
    `${layers === 1 ? 'A layer with weights' : `${layers} layers with weights`} inside of subgraphs (If, Loop, Scan: ${where}) ${layers === 1 ? 'stays' : 'stay'} in float32: only the main graph is quantized.`,
  ];
}
