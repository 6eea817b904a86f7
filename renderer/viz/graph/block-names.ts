import type { BlockPart } from '../../../main/contract/layer-words.ts';
import type { ScopeGroup, ScopeItem } from './scope-tree.ts';

/** How often each kind of part is in a group, at any depth. */
type Parts = ReadonlyMap<BlockPart, number>;

/** A group of more layers than this is a stage, which is told by what it holds. */
const BLOCK_LAYERS = 90;

interface Rule {
  readonly name: string;
  /** Least number of each part. */
  readonly has: Partial<Record<BlockPart, number>>;
  readonly without?: readonly BlockPart[];
}

/** The first that fits names the block: what is rarest in other blocks comes first. */
const RULES: readonly Rule[] = [
  { name: 'LSTM cell', has: { sigmoid: 3, tanh: 2, gate: 3 }, without: ['softmax'] },
  { name: 'GRU cell', has: { sigmoid: 2, tanh: 1, gate: 3 }, without: ['softmax', 'convolution'] },
  { name: 'recurrent layer', has: { recurrence: 1 } },
  { name: 'transformer block', has: { softmax: 1, product: 7, sum: 2 } },
  { name: 'transformer block', has: { attention: 1, product: 5, sum: 2 } },
  { name: 'attention', has: { softmax: 1, product: 2 } },
  { name: 'attention', has: { attention: 1 } },
  { name: 'inverted residual', has: { depthwise: 1, pointwise: 2, sum: 1 } },
  { name: 'inverted bottleneck', has: { depthwise: 1, pointwise: 2 } },
  { name: 'separable convolution', has: { depthwise: 1, pointwise: 1 } },
  {
    name: 'squeeze-and-excitation',
    has: { globalPool: 1, sigmoid: 1, gate: 1 },
    without: ['convolution', 'depthwise', 'sum'],
  },
  {
    name: 'squeeze-and-excitation',
    has: { mean: 1, sigmoid: 1, gate: 1, pointwise: 2 },
    without: ['depthwise', 'sum'],
  },
  { name: 'bottleneck residual', has: { pointwise: 2, convolution: 1, sum: 1 }, without: ['product'] },
  { name: 'residual', has: { convolution: 2, sum: 1 }, without: ['product'] },
  { name: 'dense layer', has: { convolution: 1, joining: 1 }, without: ['product', 'upsampling'] },
  { name: 'gated MLP', has: { product: 3, sigmoid: 1, gate: 2 }, without: ['softmax', 'convolution', 'tanh'] },
  { name: 'MLP', has: { product: 2, activation: 1 }, without: ['softmax', 'convolution', 'depthwise'] },
  { name: 'normalization', has: { mean: 1, gate: 1 }, without: ['product', 'convolution', 'sigmoid', 'softmax'] },
];

/** What the items are together: "attention", "inverted residual"; null: nothing that has a name. */
export function blockName(items: readonly ScopeItem[]): string | null {
  return nameOf(items, partsOf(items));
}

/** The tree with what each group is, as far as that has a name: "residual", "3 × residual" for a stage of three. */
export function nameBlocks(group: ScopeGroup): ScopeGroup {
  return named(group).group;
}

function named(group: ScopeGroup): { readonly group: ScopeGroup; readonly parts: Parts } {
  const parts = new Map<BlockPart, number>();
  const children = group.children.map((child) => {
    if (child.kind === 'leaf') {
      add(parts, child.node.part, 1);
      return child;
    }
    const inner = named(child);
    for (const [part, count] of inner.parts) add(parts, part, count);
    return inner.group;
  });
  const what = group.id === '' ? null : (stageName(children) ?? nameOf(children, parts));
  return { group: { ...group, children, what }, parts };
}

/** Of a group that holds little else than equal blocks: how many, and what. */
function stageName(children: readonly ScopeItem[]): string | null {
  const blocks = children.filter((child) => child.kind === 'group');
  const whats = new Map<string, number>();
  for (const { what } of blocks) if (what !== null && !what.includes('×')) whats.set(what, (whats.get(what) ?? 0) + 1);
  const [most] = [...whats].sort((a, b) => b[1] - a[1]);
  if (most === undefined || most[1] < 2 || most[1] * 2 < children.length) return null;
  return `${most[1]} × ${most[0]}`;
}

function nameOf(items: readonly ScopeItem[], parts: Parts): string | null {
  const layers = items.reduce((sum, item) => sum + (item.kind === 'leaf' ? 1 : item.layers), 0);
  if (layers < 2 || layers > BLOCK_LAYERS) return null;
  const fits = ({ has, without = [] }: Rule): boolean =>
    Object.entries(has).every(([part, least]) => (parts.get(part as BlockPart) ?? 0) >= least) &&
    without.every((part) => !parts.has(part));
  return RULES.find(fits)?.name ?? null;
}

function partsOf(items: readonly ScopeItem[], parts = new Map<BlockPart, number>()): Parts {
  for (const item of items) {
    if (item.kind === 'leaf') add(parts, item.node.part, 1);
    else partsOf(item.children, parts);
  }
  return parts;
}

function add(parts: Map<BlockPart, number>, part: BlockPart, count: number): void {
  parts.set(part, (parts.get(part) ?? 0) + count);
}
