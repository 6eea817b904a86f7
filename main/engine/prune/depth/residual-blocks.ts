import { GraphEditor } from '../../graph/edit.ts';
import { indexGraph, usedValues, type GraphIndex } from '../../graph/index-graph.ts';
import type { Graph, Model, Node } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { inferModel } from '../../operators/infer.ts';
import { operatorSpec } from '../../operators/table.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';

/** A sum of a value and of what is computed from it: without the second part the first one passes. */
export interface ResidualBlock {
  /** The name of the sum's node. */
  readonly name: string;
  /** Which input of the sum passes. */
  readonly shortcut: 0 | 1;
  /** Names of the nodes that only the other input needs. */
  readonly nodes: readonly string[];
}

/**
 * The residual blocks of the main graph, in its order: sums of two values of one type and shape, of which one is computed from
 * the other by layers with weights that nothing else needs. Blocks may hold others.
 */
export function residualBlocks({ graph, ...rest }: Model): readonly ResidualBlock[] {
  const { values } = inferModel({ graph, ...rest });
  const index = indexGraph(graph);
  const uses = countUses(graph);
  const form = (value: string): string => JSON.stringify([values.get(value)?.dtype, values.get(value)?.shape]);
  return graph.nodes.flatMap((node): ResidualBlock[] => {
    const [output = ''] = node.outputs;
    if (!hasTrait(node, 'adds') || node.inputs.length !== 2 || index.isOutput(output)) return [];
    if (values.get(output)?.shape === undefined) return [];
    for (const shortcut of [0, 1] as const) {
      const value = node.inputs[shortcut]!;
      const branch = index.producer(node.inputs[1 - shortcut]!);
      if (branch === undefined || form(value) !== form(output) || !dependsOn(index, branch, value)) continue;
      const gone = goneWithout(index, uses, node.inputs[1 - shortcut]!);
      if (gone.some(hasWeights)) return [{ name: node.name, shortcut, nodes: gone.map(({ name }) => name) }];
    }
    return [];
  });
}

/** The model without some of its blocks: where a sum stood, its shortcut passes. Values keep their names. */
export function withoutBlocks(model: Model, blocks: readonly ResidualBlock[]): Model {
  const graph = blocks.reduce((left, { name, shortcut }) => {
    const node = left.nodes.find((one) => one.name === name);
    // A block within one that went before is gone already.
    if (node === undefined) return left;
    const editor = new GraphEditor(left);
    editor.replaceUses(node.outputs[0]!, node.inputs[shortcut]!);
    return withoutDeadNodes(editor.build({ dropUnused: true }));
  }, model.graph);
  return { ...model, graph };
}

function countUses(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const count = (value: string): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) for (const value of new Set(usedValues(node))) count(value);
  for (const { name } of graph.outputs) count(name);
  return uses;
}

/** Whether a node is computed from a value; looks no further back than where the value is made. */
function dependsOn(index: GraphIndex, node: Node, value: string): boolean {
  const producer = index.producer(value);
  const earliest = producer === undefined ? -1 : index.position(producer);
  const seen = new Set<Node>();
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next) || index.position(next) <= earliest) continue;
    seen.add(next);
    for (const input of usedValues(next)) {
      if (input === value) return true;
      const before = index.producer(input);
      if (before !== undefined) waiting.push(before);
    }
  }
  return false;
}

/** Nodes that nothing needs once a value has one use less, from the last to the first. */
function goneWithout(index: GraphIndex, uses: ReadonlyMap<string, number>, value: string): readonly Node[] {
  const left = new Map<string, number>();
  const gone: Node[] = [];
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    left.set(next, (left.get(next) ?? uses.get(next) ?? 0) - 1);
    const producer = index.producer(next);
    const isNeeded = (output: string): boolean => output !== '' && (left.get(output) ?? uses.get(output) ?? 0) > 0;
    if (producer === undefined || gone.includes(producer) || producer.outputs.some(isNeeded)) continue;
    gone.push(producer);
    waiting.push(...new Set(usedValues(producer)));
  }
  return gone;
}

function hasWeights(node: Node): boolean {
  return (operatorSpec(node.domain, node.opType)?.prunableInputs.length ?? 0) > 0;
}
