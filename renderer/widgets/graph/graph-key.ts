import type { KeyboardEvent } from 'react';
import type { GraphView } from '../../../main/contract/studio.ts';
import { bringsWeight } from './drawn-graph.ts';

/** What a key means on the canvas: arrows walk along the edges of the selected layer. */
export function graphKey(
  event: KeyboardEvent,
  view: GraphView,
  layer: string | null,
): 'fit' | 'clear' | 'toggle' | { readonly layer: string } | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return undefined;
  if (event.key === ' ') return 'fit';
  if (event.key === 'Escape') return 'clear';
  if (event.key === 'Enter') return 'toggle';
  if (!event.key.startsWith('Arrow')) return undefined;
  if (layer === null) {
    const first = view.nodes.find((node) => node.brings !== 'constant');
    return first === undefined ? undefined : { layer: first.name };
  }
  const { before, after } = neighbours(view, layer);
  const next = event.key === 'ArrowUp' || event.key === 'ArrowLeft' ? before[0] : after[0];
  return next === undefined ? undefined : { layer: next };
}

/** The layers before and after one, by the values they pass; for walking the graph with the arrow keys. */
export function neighbours(
  view: GraphView,
  layer: string,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const node = view.nodes.find((candidate) => candidate.name === layer);
  if (node === undefined) return { before: [], after: [] };
  const inputs = new Set(node.inputs);
  const outputs = new Set(node.outputs);
  return {
    before: view.nodes
      .filter((other) => !bringsWeight(other) && other.outputs.some((value) => inputs.has(value)))
      .map((other) => other.name),
    after: view.nodes.filter((other) => other.inputs.some((value) => outputs.has(value))).map((other) => other.name),
  };
}
