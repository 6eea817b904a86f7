/** Where in a model a student is compared with its teacher. Pure. */
import { StudioError } from '../../base/errors.ts';
import { feedInputs, indexGraph, usedValues, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { operatorSpec } from '../operators/table.ts';

/** The end of a model: what answers, and what it answers from. */
export interface Head {
  /** The output with the scores, before a softmax at the end. */
  readonly logits: string;
  /** The last layer with weights; undefined: the model has none. */
  readonly classifier: Node | undefined;
  /** What goes into the last pooling before the classifier, or into the classifier where nothing is pooled. */
  readonly feature: string;
}

/**
 * Finds the end of a model by going back from an output.
 * @param output the output with the scores
 * @throws UNSUPPORTED where nothing is computed
 */
export function findHead(graph: Graph, output: string): Head {
  const index = indexGraph(graph);
  const made = madeValues(graph);
  let logits = output;
  const last = index.producer(output);
  // A softmax only scales differences away that the loss is to see.
  if (hasTrait(last, 'forgetsSmall')) logits = last?.inputs[0] ?? output;
  let value = logits;
  let classifier: Node | undefined;
  for (;;) {
    const node = index.producer(value);
    const from = node?.inputs.filter((input) => made.has(input)) ?? [];
    if (node === undefined || from.length !== 1) break;
    if (isWeighted(index, node)) {
      if (classifier !== undefined) break;
      classifier = node;
    } else if (classifier !== undefined && !isPooling(node)) break;
    value = from[0]!;
  }
  if (!made.has(value)) {
    throw new StudioError('UNSUPPORTED', `Nothing that is learnt leads to the output '${output}'`, {
      hint: 'Distillation takes a model that computes its outputs from its inputs.',
    });
  }
  return { logits, classifier, feature: classifier === undefined ? logits : value };
}

/** Whether a node has weights of its own, in a matrix or kernel, stored or behind the codes of a quantized model. */
export function isWeighted(index: GraphIndex, node: Node): boolean {
  const inputs = operatorSpec(node.domain, node.opType)?.prunableInputs ?? [];
  return inputs.some((input) => isStored(index, node.inputs[input] ?? ''));
}

function isStored(index: GraphIndex, value: string): boolean {
  if (index.initializer(value) !== undefined) return true;
  const node = index.producer(value);
  if (node === undefined) return false;
  return (
    hasTrait(node, 'constant') ||
    (node.inputs.length > 0 && node.inputs.every((input) => input === '' || isStored(index, input)))
  );
}

const POOLING: ReadonlySet<string> = new Set(['shape', 'pool', 'dropout', 'tensor', 'quantization']);

function isPooling({ domain, opType }: Node): boolean {
  return POOLING.has(operatorSpec(domain, opType)?.category ?? 'other');
}

/** Values that follow from what the model is fed with, its inputs among them. */
function madeValues(graph: Graph): ReadonlySet<string> {
  const made = new Set(feedInputs(graph).map(({ name }) => name));
  for (const node of graph.nodes) {
    if (!usedValues(node).some((value) => made.has(value))) continue;
    for (const output of node.outputs) if (output !== '') made.add(output);
  }
  return made;
}

/** Points taken at most: each one costs memory and time. */
const MOST = 12;

/**
 * Values through which everything learnt passes, with a layer between each two: the ends of a residual network's blocks, of a
 * transformer's, of a plain network's layers. In the order of the graph, at most twelve, evenly spaced.
 * @param graph in topological order
 * @param before the value at which to stop, itself left out
 */
export function waists(graph: Graph, before: string): readonly string[] {
  const index = indexGraph(graph);
  const made = madeValues(graph);
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    for (const value of usedValues(node)) lastUse.set(value, at);
  });
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);
  const learnt = new Set<string>();
  const live = new Set<string>();
  const found: string[] = [];
  let layers = 0;
  for (const [at, node] of graph.nodes.entries()) {
    const weighted = isWeighted(index, node);
    const used = usedValues(node);
    if (weighted) layers++;
    if (made.has(node.outputs[0] ?? '') && (weighted || used.some((value) => learnt.has(value)))) {
      for (const output of node.outputs) {
        if (output === '' || (lastUse.get(output) ?? -1) <= at) continue;
        learnt.add(output);
        live.add(output);
      }
    }
    for (const value of used) if (lastUse.get(value) === at) live.delete(value);
    if (node.outputs.includes(before)) break;
    const [only] = live;
    if (live.size !== 1 || only === undefined || only !== node.outputs[0]) continue;
    if (layers === 0 || isPassedOn(index, only)) continue;
    found.push(only);
    layers = 0;
  }
  if (found.length <= MOST) return found;
  return Array.from({ length: MOST }, (_, k) => found[Math.round(((k + 1) * found.length) / MOST) - 1]!);
}

/** Whether only an activation or something that moves values reads it: the point behind that says the same and more. */
function isPassedOn(index: GraphIndex, value: string): boolean {
  const readers = index.consumers(value);
  if (readers.length !== 1) return false;
  const { domain, opType } = readers[0]!;
  const category = operatorSpec(domain, opType)?.category ?? 'other';
  return category === 'activation' || category === 'normalization' || category === 'dropout';
}
