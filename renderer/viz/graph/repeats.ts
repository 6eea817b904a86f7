import { blockName } from './block-names.ts';
import type { ScopeGroup, ScopeItem } from './scope-tree.ts';

/** Lists shorter than this are drawn as they are. */
const FEW_ITEMS = 24;
/** What repeats must hold at least so many layers to be worth a frame, and stand so many times in a row. */
const FEW_LAYERS = 4;
const FEW_TIMES = 3;
/** The longest sequence that is looked for. */
const LONGEST = 600;
/** Up to so many equal ones are drawn beside each other; of more, the first, and the others as one. */
const MOST_DRAWN = 8;

/**
 * The tree with what repeats folded: equal groups in a row ("layers 1–399, 399 alike" behind the first one), and in lists without
 * scopes the sequences of layers that come again and again, each as a group of its own. Equal means the same operators in
 * the same order; what the layers compute with plays no part. Near linear in the layers.
 */
export function foldRepeats(tree: ScopeGroup): ScopeGroup {
  return foldGroup(tree, new Signatures());
}

function foldGroup(group: ScopeGroup, signatures: Signatures): ScopeGroup {
  const children = group.children.map((child) => (child.kind === 'group' ? foldGroup(child, signatures) : child));
  return { ...group, children: foldList(children, group.id, signatures) };
}

/** A number for each structure: equal for equal ones. */
class Signatures {
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<ScopeItem, number>();

  of(item: ScopeItem): number {
    const known = this.#known.get(item);
    if (known !== undefined) return known;
    const text = item.kind === 'leaf' ? item.node.op : `(${item.children.map((child) => this.of(child)).join()})`;
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    this.#known.set(item, number);
    return number;
  }
}

/** `times` copies of `period` items in a row. */
interface Run {
  readonly start: number;
  readonly period: number;
  readonly times: number;
  readonly layers: number;
}

function foldList(items: readonly ScopeItem[], parent: string, signatures: Signatures): readonly ScopeItem[] {
  if (items.length <= FEW_ITEMS) return items;
  const runs = chooseRuns(items, signatures);
  const result: ScopeItem[] = [];
  let at = 0;
  for (const run of runs) {
    result.push(...items.slice(at, run.start), ...foldRun(items, run, parent));
    at = run.start + run.period * run.times;
  }
  return [...result, ...items.slice(at)];
}

/** Runs that do not overlap, those with most layers first; of equal ones those of the shortest sequence. In order. */
function chooseRuns(items: readonly ScopeItem[], signatures: Signatures): readonly Run[] {
  const codes = Int32Array.from(items, (item) => signatures.of(item));
  const found: Run[] = [];
  for (let period = 1; period <= Math.min(LONGEST, items.length / FEW_TIMES); period++) {
    let equal = 0;
    for (let at = 0; at + period <= items.length; at++) {
      if (at + period < items.length && codes[at] === codes[at + period]) {
        equal++;
        continue;
      }
      const times = Math.floor(equal / period) + 1;
      if (times >= FEW_TIMES && !repeatsItself(codes.subarray(at - equal, at - equal + period)))
        add(found, items, { start: at - equal, period, times });
      equal = 0;
    }
  }
  const taken: Run[] = [];
  const byWorth = found.toSorted((a, b) => b.layers - a.layers || a.period - b.period);
  for (const run of byWorth) {
    const free = taken.every(
      (other) =>
        run.start >= other.start + other.period * other.times || run.start + run.period * run.times <= other.start,
    );
    if (free) taken.push(run);
  }
  return taken.toSorted((a, b) => a.start - b.start);
}

/** Whether a sequence is a shorter one several times: that one is found by itself, or is too short to be worth a frame. */
function repeatsItself(codes: Int32Array): boolean {
  for (let part = 1; part <= codes.length / 2; part++) {
    if (codes.length % part === 0 && codes.every((code, at) => code === codes[at % part])) return true;
  }
  return false;
}

function add(found: Run[], items: readonly ScopeItem[], run: Omit<Run, 'layers'>): void {
  const each = countLayers(items.slice(run.start, run.start + run.period));
  if (each >= FEW_LAYERS) found.push({ ...run, layers: each * run.times });
}

function foldRun(items: readonly ScopeItem[], { start, period, times }: Run, parent: string): readonly ScopeItem[] {
  const units = Array.from({ length: times }, (_, at) =>
    unitOf(items.slice(start + at * period, start + (at + 1) * period), { parent, number: at + 1, times }),
  );
  const [first, ...others] = units;
  if (times <= MOST_DRAWN || first === undefined) return units;
  const [from, to] = [others[0]!, others.at(-1)!];
  const rest: ScopeGroup = {
    kind: 'group',
    id: `${from.id} … ${to.id}`,
    title: `${from.title} … ${to.title} (${others.length} alike)`,
    what: null,
    children: others,
    layers: countLayers(others),
  };
  return [first, rest];
}

function unitOf(
  items: readonly ScopeItem[],
  place: { readonly parent: string; readonly number: number; readonly times: number },
): ScopeGroup {
  const [only] = items;
  if (items.length === 1 && only?.kind === 'group') return only;
  const inside = place.parent === '' ? '' : `${place.parent}/`;
  return {
    kind: 'group',
    id: `${inside}${items[0]!.id} ×${items.length}`,
    title: `${place.number} of ${place.times}: ${blockName(items) ?? contentsOf(items)}`,
    what: null,
    children: items,
    layers: countLayers(items),
  };
}

/** The operators that say most about a sequence, each once: layers and attention before the rest. */
function contentsOf(items: readonly ScopeItem[]): string {
  const nodes = items.flatMap(leavesOf);
  const telling = nodes.filter(({ category }) => category === 'layer' || category === 'attention');
  const others = nodes.filter(({ category }) => category === 'normalization' || category === 'activation');
  const names = [...new Set([...telling, ...others, ...nodes].map(({ op }) => op))];
  return names.slice(0, 3).join(', ');
}

function leavesOf(item: ScopeItem): readonly { readonly op: string; readonly category: string }[] {
  return item.kind === 'leaf' ? [item.node] : item.children.flatMap(leavesOf);
}

function countLayers(items: readonly ScopeItem[]): number {
  return items.reduce((sum, item) => sum + (item.kind === 'leaf' ? 1 : item.layers), 0);
}
