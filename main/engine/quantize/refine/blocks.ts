/** Where a quantized model is cut for its layers to be learnt together. Pure. */
import { feedInputs, indexGraph, usedValues } from '../../graph/index-graph.ts';
import type { Graph, Model, Node } from '../../graph/ir.ts';
import { waists } from '../../layers/waists.ts';
import { hasTrait } from '../../operators/ask.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';
import { beginningAt } from '../../sums/frontier.ts';
import type { CodedLayer } from './coded-layer.ts';

/** Layers between two values through which everything learnt passes. */
export interface RefinedBlock {
  /** Where it begins; undefined: at the inputs of the model. */
  readonly start: string | undefined;
  readonly end: string;
  /** In the order of the graph. */
  readonly layers: readonly CodedLayer[];
}

/** Layers after one another that are learnt together where no residual block tells it. */
const IN_A_ROW = 3;

/**
 * Cuts the layers into blocks that can be computed by themselves: the residual blocks of a network where it has such, else three
 * layers after one another.
 * @param float prepared, in topological order
 * @param quantized whose values of the same names are those of the float model in codes
 * @see Li et al. 2021 (BRECQ), which finds blocks the best granularity
 */
export function cutBlocks(
  float: Model,
  quantized: Model,
  layers: readonly CodedLayer[],
): { readonly blocks: readonly RefinedBlock[]; readonly alone: readonly CodedLayer[] } {
  const index = indexGraph(quantized.graph);
  const left = new Map(layers.map((layer) => [layer.node, layer]));
  const blocks: RefinedBlock[] = [];
  const alone: CodedLayer[] = [];
  let start: string | undefined;
  let begun: CodedLayer[] = [];
  let end: string | undefined;
  const close = (): void => {
    if (end === undefined) return;
    const block = { start, end, layers: begun };
    if (begun.length === 0) return;
    if (blockModel(quantized, block) === undefined) alone.push(...begun);
    else blocks.push(block);
    [start, begun] = [end, []];
  };
  for (const value of waists(float.graph).filter((name) => index.producer(name) !== undefined)) {
    const nodes = nodesBefore(float.graph, value);
    const own = [...left.values()].filter(({ node }) => nodes.has(node));
    for (const { node } of own) left.delete(node);
    // What has several layers between two such values is a block of the network's own; one layer before it goes along.
    if (own.length > 1 && begun.length > 1) close();
    begun.push(...own);
    end = value;
    if (own.length > 1 || begun.length >= IN_A_ROW) close();
  }
  close();
  return { blocks, alone: [...alone, ...left.values()] };
}

/** Everything that a value depends on. */
function nodesBefore(graph: Graph, value: string): ReadonlySet<Node> {
  const index = indexGraph(graph);
  const found = new Set<Node>();
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = index.producer(next);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    waiting.push(...usedValues(node));
  }
  return found;
}

/** A block as a model of its own; undefined where it reads more than the value that it begins with. */
export function blockModel(quantized: Model, { start, end }: Pick<RefinedBlock, 'start' | 'end'>): Model | undefined {
  const begun = start === undefined ? quantized : beginningAt(quantized, [start]);
  const untyped = { name: end, type: undefined, docString: '', metadata: [], unknown: [] };
  const graph = withoutDeadNodes({ ...begun.graph, outputs: [untyped], valueInfos: [] });
  const used = new Set(graph.nodes.flatMap(usedValues));
  const model = { ...begun, graph: { ...graph, inputs: graph.inputs.filter(({ name }) => used.has(name)) } };
  const fed = feedInputs(model.graph);
  return fed.length === 1 && (start === undefined || fed[0]!.name === start) ? model : undefined;
}

/** Initializers with the steps that values made in a block are rounded to. */
export function stepsIn({ graph }: Model, { start }: Pick<RefinedBlock, 'start'>): readonly string[] {
  const fed = new Set(start === undefined ? feedInputs(graph).map(({ name }) => name) : [start]);
  const own = graph.nodes.filter((node) => hasTrait(node, 'quantizes') && !fed.has(node.inputs[0] ?? ''));
  const before = graph.nodes.filter((node) => hasTrait(node, 'quantizes') && fed.has(node.inputs[0] ?? ''));
  const shared = new Set(before.map((node) => node.inputs[1] ?? ''));
  return [...new Set(own.map((node) => node.inputs[1] ?? ''))].filter((step) => !shared.has(step));
}
