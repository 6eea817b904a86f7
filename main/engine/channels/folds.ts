import type { Node } from '../graph/ir.ts';
import type { AxisFold, AxisRef } from '../operators/channel-ties.ts';
import { freezeAxis, valueAt, type ClosureScene } from './scene.ts';

interface FoldAxis {
  readonly value: string;
  readonly axis: number;
  readonly size: number;
  readonly first: number;
  /** Elements of the flat axis from one of its elements to the next. */
  readonly stride: number;
}

/**
 * Decides, reshape by reshape in the order of the graph, which of the axes that become one may lose elements: heads or the
 * features of a head, channels or places. A flat axis can follow one of them only: an element that goes takes with it a
 * regular pattern of the flat axis. The first axis that is not frozen and has more than one set is taken, the others stay.
 */
export function chooseFolds(
  scene: ClosureScene,
  folds: readonly { readonly node: Node; readonly fold: AxisFold }[],
): void {
  for (const { node, fold } of folds) {
    const [flat, parts] = flatSide(fold);
    if (flat === undefined) {
      keepAll(scene, node, [...fold.from, ...fold.to], 'its axes are put together in another way');
      continue;
    }
    const value = valueAt(node, flat);
    const first = scene.axes.first(value, flat.axis);
    const axes = foldAxes(scene, node, parts);
    if (first < 0 || axes === undefined) {
      keepAll(scene, node, [...fold.from, ...fold.to], 'the sizes of its axes are not known');
      continue;
    }
    const chosen = axes.find((axis) => mayGo(scene, axis, { first, count: scene.axes.size(value, flat.axis) }));
    for (const axis of axes) {
      if (axis !== chosen)
        freezeAxis(scene, axis.value, axis.axis, `${node.opType} '${node.name}' puts it together with others`);
    }
    if (chosen === undefined) keepAll(scene, node, [flat], 'none of the axes that it is made of can be cut');
    else tie(scene, chosen, { first, count: scene.axes.size(value, flat.axis) });
  }
}

function flatSide({ from, to }: AxisFold): [AxisRef | undefined, readonly AxisRef[]] {
  if (from.length === 1) return [from[0], to];
  if (to.length === 1) return [to[0], from];
  return [undefined, []];
}

function foldAxes({ axes }: ClosureScene, node: Node, parts: readonly AxisRef[]): readonly FoldAxis[] | undefined {
  let stride = 1;
  const found: FoldAxis[] = [];
  for (const ref of parts.toReversed()) {
    const value = valueAt(node, ref);
    const first = axes.first(value, ref.axis);
    if (first < 0) return undefined;
    const size = axes.size(value, ref.axis);
    found.unshift({ value, axis: ref.axis, size, first, stride });
    stride *= size;
  }
  return found;
}

/** Whether elements of the axis can go, with the pattern that each takes out of the flat axis. */
function mayGo({ sets }: ClosureScene, axis: FoldAxis, flat: { first: number; count: number }): boolean {
  const { first, size, stride } = axis;
  const roots = new Set<number>();
  for (let element = 0; element < size; element++) {
    if (sets.isFrozen(first + element)) continue;
    if (patternOf(axis, flat.count, element).every((at) => !sets.isFrozen(flat.first + at))) {
      roots.add(sets.root(first + element));
    }
  }
  return stride >= 1 && roots.size >= 2;
}

/** The places of the flat axis where the axis' index is `element`. */
function patternOf({ size, stride }: FoldAxis, count: number, element: number): number[] {
  const places: number[] = [];
  const period = size * stride;
  for (let start = element * stride; start < count; start += period) {
    for (let at = 0; at < stride; at++) places.push(start + at);
  }
  return places;
}

function tie({ sets }: ClosureScene, axis: FoldAxis, flat: { first: number; count: number }): void {
  const { first, size, stride } = axis;
  const period = size * stride;
  for (let at = 0; at < flat.count; at++) sets.join(first + Math.floor((at % period) / stride), flat.first + at);
}

function keepAll(scene: ClosureScene, node: Node, refs: readonly AxisRef[], reason: string): void {
  for (const ref of refs) freezeAxis(scene, valueAt(node, ref), ref.axis, `${node.opType} '${node.name}': ${reason}`);
}
