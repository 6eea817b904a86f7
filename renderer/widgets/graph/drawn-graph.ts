import type { GraphNode, GraphView } from '../../../main/contract/studio.ts';
import { formatShape } from '../../../main/judge/format.ts';
import { ROW_FONT, ROW_LABEL_FONT, TITLE_FONT, measureBox } from '../../viz/graph/box-metrics.ts';
import { nameBlocks } from '../../viz/graph/block-names.ts';
import type { GraphSource, NodeRow } from '../../viz/graph/graph-source.ts';
import { foldRepeats } from '../../viz/graph/repeats.ts';
import { withParts } from '../../viz/graph/parts.ts';
import { buildScopeTree } from '../../viz/graph/scope-tree.ts';
import type { ScopeGroup } from '../../viz/graph/scope-tree.ts';
import { visibleGraph } from '../../viz/graph/visible-graph.ts';
import type { VisibleContainer } from '../../viz/graph/visible-graph.ts';

export interface RowOptions {
  readonly showNames: boolean;
  readonly showAttributes: boolean;
  readonly showWeights: boolean;
}

/** Attributes that say what a layer does at one look; drawn even when the others are not. */
const TELLING = new Set(['kernel_shape', 'strides', 'group', 'axis', 'perm', 'hidden_size', 'to']);

/** What the canvas draws, and for layers without a box of their own the layer whose box says it. */
export interface DrawnGraph {
  readonly source: GraphSource;
  readonly standIns: ReadonlyMap<string, string>;
}

/**
 * What the canvas draws of a model. Layers that only bring a value from the file (Constant, DequantizeLinear of a weight)
 * are drawn as what they are to their readers, a line in the box, not as boxes; they stand in the outline and the layers
 * table all the same.
 */
export function drawnGraph(view: GraphView, options: RowOptions): DrawnGraph {
  const hidden = new Map(view.nodes.filter(bringsWeight).flatMap((node) => node.outputs.map((value) => [value, node])));
  const standIns = new Map<string, string>();
  const nodes = view.nodes.filter((node) => !bringsWeight(node));
  const drawn = nodes.map((node) => {
    const brought = node.inputs.flatMap((value) => hidden.get(value) ?? []);
    for (const bringer of brought) if (!standIns.has(bringer.name)) standIns.set(bringer.name, node.name);
    return {
      name: node.name,
      op: node.op,
      category: node.category,
      part: node.part,
      scope: node.scope,
      parent: node.parent,
      inputs: node.inputs,
      outputs: node.outputs,
      rows: nodeRows(node, brought, options),
    };
  });
  const { inputs, outputs, bodies } = view;
  return { source: { nodes: drawn, edgeLabels: edgeLabels(view.values), inputs, outputs, bodies }, standIns };
}

/** What is written on the edges of values. @param drawn those of which alone it is asked; absent: all */
export function edgeLabels(values: GraphView['values'], drawn?: ReadonlySet<string>): ReadonlyMap<string, string> {
  const usual = usualDtype(values);
  const labels = new Map<string, string>();
  for (const { name, shape, dtype } of values) {
    if (drawn?.has(name) === false) continue;
    const type = dtype === null || dtype === usual ? '' : dtype;
    const text = [shape === null ? '' : formatShape(shape), type].filter((part) => part !== '').join(' ');
    if (text !== '') labels.set(name, text);
  }
  return labels;
}

/** The type of most values, which is not written on every edge. */
function usualDtype(values: GraphView['values']): string | null {
  const counts = new Map<string, number>();
  for (const { dtype } of values) if (dtype !== null) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts].reduce<readonly [string | null, number]>((a, b) => (b[1] > a[1] ? b : a), [null, 0])[0];
}

/**
 * How wide the edges of values are drawn, 0…1 on a logarithmic scale of their bytes, symbolic sizes at 1; values of unknown
 * type or shape are left out.
 */
export function edgeWeights({ values }: GraphView): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { name, dtype, shape } of values) {
    const bits = dtype === 'bool' ? 8 : Number(/\d+/.exec(dtype ?? '')?.[0] ?? Number.NaN);
    if (shape === null || Number.isNaN(bits)) continue;
    const elements = shape.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
    bytes.set(name, Math.max(1, (elements * bits) / 8));
  }
  const logs = [...bytes.values()].map(Math.log);
  const least = logs.reduce((a, b) => Math.min(a, b), Infinity);
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = Math.max(1e-9, most - least);
  return new Map([...bytes].map(([name, size]) => [name, (Math.log(size) - least) / span]));
}

/** Whether a layer only hands on a value of the file. */
export function bringsWeight(node: GraphNode): boolean {
  return node.brings !== null;
}

function nodeRows(node: GraphNode, brought: readonly GraphNode[], options: RowOptions): readonly NodeRow[] {
  const { showNames, showAttributes, showWeights } = options;
  const rows: NodeRow[] = [];
  if (showNames) rows.push({ label: '', text: node.name });
  if (showWeights) {
    for (const weight of node.weights.filter(({ role }) => !/_(?:scale|zero_point)$/.test(role))) {
      // The values behind a dequantization: their type tells more than that they are its x.
      const label = weight.role === 'x' ? weight.dtype : weight.role;
      rows.push({ label, text: `⟨${formatShape(weight.shape)}⟩` });
    }
  }
  if (showWeights) {
    for (const { brings, weights } of brought) {
      const weight = brings === 'weight' ? weights[0] : undefined;
      if (weight !== undefined) rows.push({ label: weight.dtype, text: `⟨${formatShape(weight.shape)}⟩` });
    }
  }
  for (const attribute of node.attributes) {
    if (showAttributes) rows.push({ label: attribute.name, text: attribute.text });
    else if (showWeights && TELLING.has(attribute.name) && !isPlain(attribute)) {
      rows.push({ label: attribute.name, text: attribute.text });
    }
  }
  return rows.slice(0, 12);
}

/** Values that say nothing: stride 1, one group. */
function isPlain({ name, text }: { readonly name: string; readonly text: string }): boolean {
  return (name === 'strides' && /^[[\s]*1(?:[,\s]+1)*[\]\s]*$/.test(text)) || (name === 'group' && text === '1');
}

/** The groups of what is drawn. */
export function drawnTree(source: GraphSource): ScopeGroup {
  return nameBlocks(withParts(foldRepeats(buildScopeTree(source))));
}

/** Boxes are as wide as their text: measured before the fonts are there, it would run over. */
export async function fontsReady(): Promise<void> {
  await Promise.all([TITLE_FONT, ROW_FONT, ROW_LABEL_FONT].map((font) => document.fonts.load(font)));
}

/** What is drawn while these groups are open, with the sizes of its boxes. To be called when the fonts are ready. */
export function visibleBoxes(source: GraphSource, tree: ScopeGroup, expanded: ReadonlySet<string>): VisibleContainer {
  const measure = textMeasure();
  return visibleGraph(source, tree, { expanded, measure: (box) => measureBox(box, measure) });
}

/** Widths of texts that were measured, by font and text: most boxes are drawn again and again. */
const widths = new Map<string, number>();
const MOST_WIDTHS = 20_000;

/** Measures texts in CSS fonts, pixels. */
export function textMeasure(): (text: string, font: string) => number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) throw new Error('This browser has no 2-D canvas');
  if (widths.size > MOST_WIDTHS) widths.clear();
  return (text, font) => {
    const key = `${font}\u0000${text}`;
    const known = widths.get(key);
    if (known !== undefined) return known;
    if (context.font !== font) context.font = font;
    const { width } = context.measureText(text);
    widths.set(key, width);
    return width;
  };
}
