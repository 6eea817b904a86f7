/** Where in a model a student is compared with its teacher. Pure. */
import { StudioError } from '../../base/errors.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import { isWeighted, madeValues } from '../layers/waists.ts';
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

const POOLING: ReadonlySet<string> = new Set(['shape', 'pool', 'dropout', 'tensor', 'quantization']);

function isPooling({ domain, opType }: Node): boolean {
  return POOLING.has(operatorSpec(domain, opType)?.category ?? 'other');
}
