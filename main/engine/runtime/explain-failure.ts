import { usedValues } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { makeGraph, makeValueInfo } from '../graph/make.ts';
import { makeConstant, plainNumbers, type ConstantValue } from '../operators/constant.ts';
import { inferModel } from '../operators/infer.ts';
import { limitAt } from '../operators/input-limits.ts';
import { elementCount, type HostTensor } from '../tensor/host-tensor.ts';
import type { DType } from '../tensor/dtype.ts';

/** What came to a node that failed. */
export interface NodeInput {
  readonly name: string;
  readonly dtype: DType | null;
  readonly shape: readonly number[] | null;
  /** The value itself, where it is a few integers. */
  readonly value: HostTensor | null;
}

export interface Explanation {
  readonly reason: string;
  readonly advice: string;
}

/**
 * Why a node cannot run on what came to it: its rule of shapes says it where it can, else integers that lie outside of what it
 * takes, else the runtime's own words.
 * @param runtime the runtime's words
 */
export function explainFailure(model: Model, node: Node, inputs: readonly NodeInput[], runtime: string): Explanation {
  const alone = nodeAlone(model, node, inputs);
  const values = new Map<string, ConstantValue>();
  for (const { name, value } of inputs) {
    const constant = value === null ? undefined : constantOf(value);
    if (constant !== undefined) values.set(name, constant);
  }
  const inference = inferModel(alone, { values });
  const broken = inference.problems.find(({ code }) => code === 'OPERANDS_INVALID');
  const outside = node.inputs.flatMap((name, at) => {
    const value = inputs.find((input) => input.name === name)?.value;
    const limit = value === undefined || value === null ? undefined : limitAt(node, at, inference);
    return limit === undefined ? [] : outsideOf(name, value!, limit);
  })[0];
  if (outside !== undefined) return outside;
  if (broken === undefined) return { reason: ownWords(runtime), advice: SIZES };
  return { reason: broken.message.replace(/^\S+ '[^']*': /u, ''), advice: SIZES };
}

const SIZES =
  'Sizes follow from those of the model’s inputs: run it with a batch of 1, give other sizes (Dims, --dim), or inputs that belong together.';

/** A graph of this node only, with what came to it as inputs. */
function nodeAlone(model: Model, node: Node, inputs: readonly NodeInput[]): Model {
  const used = new Set(usedValues(node));
  const stored = model.graph.initializers.filter(({ name }) => used.has(name));
  const names = new Set(stored.map(({ name }) => name));
  const given = inputs.filter(({ name }) => !names.has(name));
  return {
    ...model,
    graph: makeGraph({
      nodes: [node],
      initializers: stored,
      inputs: given.map(({ name, dtype, shape }) => makeValueInfo(name, dtype ?? undefined, shape ?? undefined)),
    }),
  };
}

function constantOf({ dtype, dims, data }: HostTensor): ConstantValue | undefined {
  return makeConstant(dtype, dims, plainNumbers(data as Iterable<number | bigint>));
}

function outsideOf(
  name: string,
  { dims, data }: HostTensor,
  { kind, limit }: { readonly kind: 'index' | 'length'; readonly limit: number },
): readonly Explanation[] {
  const [low, high] = kind === 'index' ? [-limit, limit - 1] : [0, limit];
  const numbers = plainNumbers(data as Iterable<number | bigint>);
  const at = numbers.findIndex((value) => value < low || value > high);
  if (at < 0) return [];
  const place = elementCount(dims) === 1 ? '' : ` at place ${at}`;
  return [
    {
      reason:
        kind === 'index'
          ? `'${name}' holds ${numbers[at]}${place}, but there are only ${limit} entries to choose from (0 to ${limit - 1})`
          : `'${name}' holds the length ${numbers[at]}${place}, but the sequence has ${limit} steps`,
      advice: `Feed integers from 0 to ${high} there: do the data belong to this model?`,
    },
  ];
}

/** What the runtime says without which node says it. */
function ownWords(runtime: string): string {
  return runtime
    .replace(/^The runtime (?:could not run the model|refuses this model): /u, '')
    .replace(/^Non-zero status code returned while running \S+ node\. Name:'[^']*' Status Message: /u, '')
    .replace(/^Node \([^)]*\) Op \([^)]*\) \[\w+\] /u, '');
}
