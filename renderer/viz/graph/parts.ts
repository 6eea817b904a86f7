import type { ScopeGroup, ScopeItem } from './scope-tree.ts';

/** More items than this beside each other are no picture that says something. */
const MOST_ITEMS = 160;
/** A divided group has about so many parts, none of less than `LEAST` items. */
const PARTS = 60;
const LEAST = 20;

/**
 * The tree with groups of too many items divided into parts in the file's order ("layers 1–34"), and those again where they are
 * large: graphs without scopes and repeats. The cuts are where few values pass, near equal distances.
 */
export function withParts(group: ScopeGroup): ScopeGroup {
  const children = group.children.map((child) => (child.kind === 'group' ? withParts(child) : child));
  if (children.length <= MOST_ITEMS) return { ...group, children };
  return { ...group, children: divide(children, { id: group.id, first: 1 }) };
}

function divide(items: readonly ScopeItem[], place: { readonly id: string; readonly first: number }): ScopeGroup[] {
  const size = Math.max(LEAST, Math.ceil(items.length / PARTS));
  const passing = valuesPassing(items);
  const parts: ScopeGroup[] = [];
  for (let start = 0; start < items.length;) {
    const end = items.length - start < 1.6 * size ? items.length : bestCut(passing, start, size);
    const inside = items.slice(start, end);
    const title = `layers ${place.first + start}–${place.first + end - 1}`;
    const id = place.id === '' ? title : `${place.id}/${title}`;
    const children = inside.length > MOST_ITEMS ? divide(inside, { id, first: place.first + start }) : inside;
    const layers = inside.reduce((sum, item) => sum + (item.kind === 'leaf' ? 1 : item.layers), 0);
    parts.push({ kind: 'group', id, title, what: null, children, layers });
    start = end;
  }
  return parts;
}

/** The end of a part: where fewest values pass between 0.6 and 1.6 of the size; of equal ones the one nearest to the size. */
function bestCut(passing: Int32Array, start: number, size: number): number {
  let best = start + size;
  for (let at = start + Math.ceil(0.6 * size); at <= start + 1.6 * size && at < passing.length; at++) {
    const fewer = passing[at]! - passing[best]!;
    if (fewer < 0 || (fewer === 0 && Math.abs(at - start - size) < Math.abs(best - start - size))) best = at;
  }
  return best;
}

/** How many values pass from items before a place to items from it on. */
function valuesPassing(items: readonly ScopeItem[]): Int32Array {
  const made = new Map<string, number>();
  const last = new Map<string, number>();
  const visit = (item: ScopeItem, at: number): void => {
    if (item.kind === 'group') {
      for (const child of item.children) visit(child, at);
      return;
    }
    for (const value of item.node.inputs) last.set(value, at);
    for (const value of item.node.outputs) made.set(value, at);
  };
  for (const [at, item] of items.entries()) visit(item, at);
  const change = new Int32Array(items.length + 1);
  for (const [value, from] of made) {
    const to = last.get(value) ?? from;
    if (to <= from) continue;
    change[from + 1]!++;
    change[to + 1]!--;
  }
  for (let at = 1; at < change.length; at++) change[at]! += change[at - 1]!;
  return change;
}
