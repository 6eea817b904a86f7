import { groupsAround, groupsIn } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup, ScopeItem } from '../../viz/graph/scope-tree.ts';
import type { Anchor } from '../../viz/graph/linked-camera.ts';
import type { SceneBox } from '../../viz/graph/scene.ts';
import { inputId, outputId } from '../../viz/graph/visible-graph.ts';
import type { Diff } from './diff.ts';
import type { DiffDrawing } from './use-diff-drawing.ts';

type Drawn = Pick<DiffDrawing, 'scene' | 'view' | 'boxOf'>;

/** Boxes of both drawings that belong together: places in A with those in B. */
export function anchorsBetween(a: Drawn, b: Drawn, diff: Diff): readonly Anchor[] {
  if (a.scene === null || b.scene === null) return [];
  const boxesA = new Map(a.scene.boxes.map((box) => [box.box.id, box]));
  const boxesB = new Map(b.scene.boxes.map((box) => [box.box.id, box]));
  const anchors = new Map<string, Anchor>();
  const add = (one: string, other: string): void => {
    const [boxA, boxB] = [boxesA.get(one), boxesB.get(other)];
    if (boxA === undefined || boxB === undefined) return;
    const [{ x, y }, there] = [middleOf(boxA), middleOf(boxB)];
    anchors.set(`${one}\u0000${other}`, { x, y, thereX: there.x, thereY: there.y });
  };
  for (const key of diff.rows.keys()) {
    const [[nameA], [nameB]] = [diff.a.namesOf(key), diff.b.namesOf(key)];
    if (nameA !== undefined && nameB !== undefined) add(a.boxOf(nameA), b.boxOf(nameB));
  }
  for (const [place, value] of a.view.inputs.entries()) {
    const other = b.view.inputs[place];
    if (other !== undefined) add(inputId(value), inputId(other));
  }
  for (const [place, value] of a.view.outputs.entries()) {
    const other = b.view.outputs[place];
    if (other !== undefined) add(outputId(value), outputId(other));
  }
  return [...anchors.values()];
}

const middleOf = ({ x, y, width, height }: SceneBox) => ({ x: x + width / 2, y: y + height / 2 });

/** The anchors from the other side. */
export const turned = (anchors: readonly Anchor[]): readonly Anchor[] =>
  anchors.map(({ x, y, thereX, thereY }) => ({ x: thereX, y: thereY, thereX: x, thereY: y }));

/** A group of more than so many times the layers is another one. */
const MOST_LARGER = 2;

/**
 * The group of the other model that holds what a group holds: of the same name, or else the smallest around all partners of its
 * layers, unless that holds far more.
 * @param partners names in the other model of a layer here
 */
export function partnerGroup(
  group: ScopeGroup,
  other: ScopeGroup,
  partners: (layer: string) => readonly string[],
): string | undefined {
  if (groupsIn(other).has(group.id)) return group.id;
  let common: readonly string[] | undefined;
  for (const layer of leaves(group)) {
    for (const name of partners(layer).slice(0, 1)) {
      const around = groupsAround(other, name);
      if (common === undefined) common = around;
      else common = common.slice(0, sharedStart(common, around));
      if (common.length === 0) return undefined;
    }
  }
  const found = common?.at(-1);
  if (found === undefined) return undefined;
  return groupsIn(other).get(found)!.layers <= MOST_LARGER * group.layers ? found : undefined;
}

function* leaves(item: ScopeItem): Generator<string> {
  if (item.kind === 'leaf') yield item.id;
  else for (const child of item.children) yield* leaves(child);
}

function sharedStart(one: readonly string[], other: readonly string[]): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length++;
  return length;
}
