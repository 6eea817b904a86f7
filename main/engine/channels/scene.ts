import type { Graph, Node } from '../graph/ir.ts';
import type { AxisRef } from '../operators/channel-ties.ts';
import type { AxisTable } from './axis-table.ts';
import type { ElementSets } from './element-sets.ts';

/** A graph whose elements are being put together. */
export interface ClosureScene {
  readonly graph: Graph;
  readonly axes: AxisTable;
  readonly sets: ElementSets;
}

/** The value at an end of a relation; '' where the operand is left out. */
export function valueAt(node: Node, { side, position }: AxisRef): string {
  return (side === 'input' ? node.inputs : node.outputs)[position] ?? '';
}

export function freezeAxis({ axes, sets }: ClosureScene, value: string, axis: number, reason: string): void {
  const first = axes.first(value, axis);
  if (first < 0) return;
  const size = axes.size(value, axis);
  for (let element = first; element < first + size; element++) sets.freeze(element, reason);
}

export function freezeValue(scene: ClosureScene, value: string, reason: string): void {
  const rank = scene.axes.shape(value)?.length ?? 0;
  for (let axis = 0; axis < rank; axis++) freezeAxis(scene, value, axis, reason);
}
