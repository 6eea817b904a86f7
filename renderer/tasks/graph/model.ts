import type { GraphView } from '../../../main/contract/studio.ts';
import { formatCompact, formatMetric, formatPredicted } from '../../../main/judge/format.ts';
import type { OverlayData } from '../../state/overlay.ts';
import { CATEGORICAL, magnitudeMap, metricScale, textOn } from '../../viz/color-maps.ts';
import type { MetricScale } from '../../viz/color-maps.ts';
import type { BoxMark, BoxOverlay, BoxOverlays } from '../../viz/graph/draw.ts';
import type { PictureLegend } from '../../viz/graph/draw-legend.ts';
import { CATEGORY_COLORS } from '../../viz/operator-colors.ts';
import { bringsWeight } from '../../widgets/graph/drawn-graph.ts';
import { groupsIn } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup, ScopeItem } from '../../viz/graph/scope-tree.ts';

/** Limits of the colour scale from the data: from 0 for amounts on a linear scale, from the least on a logarithmic one. */
export function dataDomain(data: OverlayData, kind: 'linear' | 'log'): readonly [number, number] {
  const { least, leastPositive, most: last } = extremesOf(data);
  if (last === -Infinity) return [0, 1];
  const { bestAt = Infinity } = data;
  const most = least < bestAt ? Math.min(last, bestAt) : last;
  if (kind === 'log') return [leastPositive, most];
  if (data.metric === 'sparsity' || data.metric === 'kept') return [0, 1];
  return [data.lowIsBad ? least : 0, most];
}

interface Extremes {
  readonly least: number;
  readonly leastPositive: number;
  readonly most: number;
}

const extremes = new WeakMap<OverlayData, Extremes>();

/** Of the numbers of an overlay; found once, since graph, legend and picture ask. */
function extremesOf(data: OverlayData): Extremes {
  const known = extremes.get(data);
  if (known !== undefined) return known;
  let [least, leastPositive, most] = [Infinity, Infinity, -Infinity];
  for (const value of data.values.values()) {
    if (typeof value !== 'number') continue;
    if (value < least) least = value;
    if (value > 0 && value < leastPositive) leastPositive = value;
    if (value > most) most = value;
  }
  const found = { least, leastPositive, most };
  extremes.set(data, found);
  return found;
}

/** Colour of a number: bright yellow is always the end that asks for attention. */
export function overlayColor(data: OverlayData, scale: MetricScale, value: number): string {
  const position = scale.position(value);
  return magnitudeMap(data.lowIsBad ? 1 - position : position);
}

/** The distinct texts of a category overlay with their colours. */
export function categoryColors(data: OverlayData): ReadonlyMap<string, string> {
  if (data.metric !== 'dtype') return new Map();
  const texts = [...new Set([...data.values.values()].filter((value) => typeof value === 'string'))].sort();
  return new Map(texts.map((text, index) => [text, CATEGORICAL[index % CATEGORICAL.length] ?? '#999999']));
}

/** Steps of colour that are told apart: from afar boxes of one colour are drawn in one go. */
const SHADES = 128;

/** A box's colour, and its text once that is asked for: from afar none is, and writing 50,000 numbers takes many frames. */
function toldOverlay(fill: string | null, write: () => string): BoxOverlay {
  let text: string | undefined;
  return {
    fill,
    get textColor() {
      return fill === null ? '#fff' : textOn(fill);
    },
    get text() {
      return (text ??= write());
    },
  };
}

/** How values become colours. */
interface Limits {
  readonly kind: 'linear' | 'log';
  /** Null: from the data. */
  readonly domain: readonly [number, number] | null;
}

const overlaysOf = new WeakMap<
  OverlayData,
  { readonly tree: ScopeGroup; readonly key: string; readonly made: BoxOverlays }
>();

/**
 * Colour and number of layers and groups under the overlay, found out for those that are drawn. The last ones of every overlay are
 * remembered: who looks at one and another in turns waits for neither.
 */
export function boxOverlays(data: OverlayData, tree: ScopeGroup, limits: Limits): BoxOverlays {
  const key = `${limits.kind} ${limits.domain?.join(' ') ?? ''}`;
  const known = overlaysOf.get(data);
  if (known !== undefined && known.tree === tree && known.key === key) return known.made;
  const made = findOverlays(data, tree, limits);
  overlaysOf.set(data, { tree, key, made });
  return made;
}

function findOverlays(data: OverlayData, tree: ScopeGroup, limits: Limits): BoxOverlays {
  const [min, max] = limits.domain ?? dataDomain(data, limits.kind);
  const scale = metricScale(limits.kind, min, max);
  const colors = categoryColors(data);
  const shades: string[] = [];
  const shadeOf = (position: number): string => {
    const step = Math.round((data.lowIsBad ? 1 - position : position) * SHADES);
    return (shades[step] ??= magnitudeMap(step / SHADES));
  };
  const groups = groupsIn(tree);
  const valueOf = (id: string): number | string | null => {
    const group = groups.get(id);
    return group === undefined ? (data.values.get(id) ?? null) : groupValue(data, group);
  };
  const shownAs = (value: number | string): string | null =>
    typeof value === 'number' ? shadeOf(scale.position(value)) : (colors.get(value) ?? null);
  const known = new Map<string, BoxOverlay | undefined>();
  const find = (id: string): BoxOverlay | undefined => {
    const value = valueOf(id);
    return value === null ? undefined : toldOverlay(shownAs(value), () => overlayText(data, value));
  };
  return {
    fillOf: ({ id, kind }) => {
      const value = kind === 'layer' ? data.values.get(id) : valueOf(id);
      return value === undefined || value === null ? null : shownAs(value);
    },
    get: (id) => {
      if (!known.has(id)) known.set(id, find(id));
      return known.get(id);
    },
  };
}

/** Steps of a scale in a picture. */
const SCALE_STEPS = 24;

/** What the colours of a picture of the graph mean: the overlay's, or those of the kinds of operators in it. */
export function pictureLegend(data: OverlayData | null, view: GraphView, limits: Limits): PictureLegend {
  if (data === null) {
    const kinds = new Set(view.nodes.filter((node) => !bringsWeight(node)).map(({ category }) => category));
    const items = [...kinds].sort().map((category) => ({ color: CATEGORY_COLORS[category], text: category }));
    return { title: 'Operators', items, scale: null, source: '' };
  }
  const title = `${data.predicted ? '≈ ' : ''}${data.title}`;
  const items = [...categoryColors(data)].map(([text, color]) => ({ color, text }));
  if (data.metric === 'dtype' || data.values.size === 0) return { title, items, scale: null, source: data.source };
  const [min, max] = limits.domain ?? dataDomain(data, limits.kind);
  const scale = metricScale(limits.kind, min, max);
  const at = (share: number): number => scale.valueAt(share);
  const colors = Array.from({ length: SCALE_STEPS }, (_, step) =>
    overlayColor(data, scale, at(step / (SCALE_STEPS - 1))),
  );
  const values = [0, 0.5, 1].map((share) => overlayText(data, at(share)));
  return { title, items: [], scale: { colors, values }, source: data.source };
}

/** The number as the box shows it. */
export function overlayText(data: OverlayData, value: number | string): string {
  if (typeof value === 'string') return value;
  const text = data.unit === 'MACs' ? formatCompact(value) : formatMetric(value, data.unit);
  return data.predicted ? formatPredicted(text) : text;
}

/** Amounts add up; of errors the worst counts; of shares and types the common one, if there is one. */
function groupValue(data: OverlayData, group: ScopeGroup): number | string | null {
  const values = [...leavesOf(group)].flatMap((name) => data.values.get(name) ?? []);
  const numbers = values.filter((value) => typeof value === 'number');
  if (data.metric === 'dtype')
    return new Set(values).size === 1 ? (values[0] ?? null) : values.length > 0 ? 'mixed' : null;
  if (numbers.length === 0) return null;
  if (data.metric === 'error') return numbers.reduce((a, b) => Math.min(a, b), Infinity);
  if (data.metric === 'sensitivity') return numbers.reduce((a, b) => Math.max(a, b), 0);
  const sum = numbers.reduce((a, b) => a + b, 0);
  return data.metric === 'sparsity' || data.metric === 'kept' ? sum / numbers.length : sum;
}

/** Names of the layers in a group. */
export function* leavesOf(item: ScopeItem): Generator<string> {
  if (item.kind === 'leaf') yield item.id;
  else for (const child of item.children) yield* leavesOf(child);
}

/** Badges of what the recipe leaves alone. */
export function recipeMarks(exclude: {
  readonly prune: readonly string[];
  readonly quantize: readonly string[];
}): ReadonlyMap<string, readonly BoxMark[]> {
  const marks = new Map<string, BoxMark[]>();
  const add = (layer: string, mark: BoxMark): void => void marks.set(layer, [...(marks.get(layer) ?? []), mark]);
  for (const layer of exclude.quantize) add(layer, { text: 'float', color: '#7a4a00' });
  for (const layer of exclude.prune) add(layer, { text: 'frozen', color: '#1d5f9e' });
  return marks;
}
