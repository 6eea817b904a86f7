import { intAttribute } from '../graph/attributes.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import type { ChannelTies } from '../operators/channel-ties.ts';
import { operatorSpec } from '../operators/table.ts';

/** An axis whose size the model computes with, other than to state a shape. */
export interface SizeReader {
  readonly value: string;
  readonly axis: number;
  readonly by: Node;
}

/** Which axis' size stands at each place of a vector, or in a number; undefined: another number. */
type Places = readonly (number | undefined)[];

/**
 * Finds sizes that are read as numbers: √(size of a head), means over a count, positions. A cut would change these numbers, so
 * the axis must stay. Sizes that only state shapes (Reshape, Expand, Slice) follow the cut and are not listed.
 * @param tiesOf what the rule of a node says; undefined: nothing is known of it
 */
export function sizeReaders(graph: Graph, tiesOf: (node: Node) => ChannelTies | undefined): readonly SizeReader[] {
  const index = indexGraph(graph);
  const found: SizeReader[] = [];
  for (const node of graph.nodes) {
    if (!hasTrait(node, 'readsShape')) continue;
    const value = node.inputs[0] ?? '';
    const rank = tiesOf(node)?.rank('input', 0) ?? 0;
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    const told = axes.slice(intAttribute(node, 'start', 0), intAttribute(node, 'end', rank));
    const seen = new Set<string>();
    const waiting: { value: string; places: Places }[] = node.outputs.map((output) => ({
      value: output,
      places: told,
    }));
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const key = `${next.value} ${next.places.join()}`;
      if (seen.has(key) || next.places.every((place) => place === undefined)) continue;
      seen.add(key);
      for (const consumer of index.consumers(next.value)) {
        const use = usageOf(consumer, tiesOf(consumer), next);
        if (use === 'states') continue;
        const read = new Set(next.places.filter((place) => place !== undefined));
        if (use === 'computes') found.push(...[...read].map((axis) => ({ value, axis, by: consumer })));
        else waiting.push(...consumer.outputs.map((output) => ({ value: output, places: use })));
      }
    }
  }
  return found;
}

/** What a node does with sizes: states a shape by them, computes with them, or hands them on at these places. */
function usageOf(
  node: Node,
  ties: ChannelTies | undefined,
  { value, places }: { value: string; places: Places },
): 'states' | 'computes' | Places {
  const spec = operatorSpec(node.domain, node.opType);
  if (spec?.channels === undefined || ties === undefined) return 'computes';
  const positions = node.inputs.flatMap((input, at) => (input === value ? [at] : []));
  const states = (at: number): boolean => spec.settingInputs.includes(at) || at === spec.channels?.sizes?.input;
  if (positions.every(states)) return 'states';
  const [output] = ties.outputs;
  const rank = output?.shape?.length;
  if (output?.dtype === undefined || !/^(?:u?int|bool)/.test(output.dtype) || rank === undefined || rank > 1) {
    return 'computes';
  }
  const [position = 0] = positions;
  if (hasTrait(node, 'looksUp') && position === 0 && rank === 0) {
    const [place] = ties.numbers(1) ?? [];
    return place === undefined ? places : [places.at(place)];
  }
  return handedOn(ties, position, places);
}

/** Along the node's ties; a number goes to every place. */
function handedOn(ties: ChannelTies, position: number, places: Places): Places {
  const [size] = ties.shape('output', 0) ?? [];
  const count = ties.rank('output', 0) === 0 ? 1 : typeof size === 'number' ? size : places.length;
  const single = places.length === 1 ? places[0] : undefined;
  if ((ties.rank('input', position) ?? 0) === 0) {
    // Laid beside others by an Unsqueeze and a Concat, or computed with.
    return Array.from({ length: count }, () => single);
  }
  const result: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  let tied = false;
  for (const { from, to, count: length, fromStart, fromStep, toStart, toStep } of ties.ties) {
    for (let i = 0; i < length; i++) {
      const a = fromStart + i * fromStep;
      const b = toStart + i * toStep;
      if (from.side === 'input' && from.position === position && to.side === 'output') result[b] = places[a];
      else if (to.side === 'input' && to.position === position && from.side === 'output') result[a] = places[b];
      else continue;
      tied = true;
    }
  }
  return tied ? result : result.map(() => single);
}
