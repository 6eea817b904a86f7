import { elementCount } from '../graph/tensor-size.ts';
import { inferModel } from '../operators/infer.ts';
import { hasTrait } from '../operators/ask.ts';
import { operatorSpec } from '../operators/table.ts';
import { storageBytes } from '../tensor/dtype.ts';
import type { Model, Node } from '../graph/ir.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

/** What of a training graph takes memory. */
interface MeasuredGraph {
  readonly model: Model;
  readonly initial: HostTensors;
  readonly kept: readonly string[];
}

/** Memory that a step takes, before it is run. */
export interface MemoryEstimate {
  /** Most bytes that values hold at once, weights and state included. */
  readonly peakBytes: number;
  /** Of these: weights and the optimizer's vectors, before and after the update. */
  readonly stateBytes: number;
  /** What the backward pass keeps of the forward pass. */
  readonly keptBytes: number;
  /** The node at which most is held; null for an empty graph. */
  readonly at: string | null;
  /** Values whose size is not known with these dimensions; they count as nothing. */
  readonly unknown: number;
}

/**
 * Estimates a step's memory from shapes: every value lives from the node that makes it to the last that uses it, nodes run in
 * their order, views take nothing. The runtime's arena and its packed matrices come on top.
 * @param dims sizes of symbolic dimensions: {batch: 64}
 */
export function estimateMemory(training: MeasuredGraph, dims: Readonly<Record<string, number>>): MemoryEstimate {
  const { graph } = training.model;
  const { values } = inferModel(training.model, { dims });
  let unknown = 0;
  const bytesOf = (name: string): number => {
    const { dtype, shape } = values.get(name) ?? {};
    if (dtype === undefined || shape?.every((dim) => typeof dim === 'number') !== true) {
      unknown++;
      return 0;
    }
    return storageBytes(dtype, elementCount(shape as readonly number[])) ?? 0;
  };
  /** The value whose memory a value is. */
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  for (const node of graph.nodes) {
    if (isView(node)) owner.set(node.outputs[0]!, ownerOf(node.inputs[0]!));
  }
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, at) => node.inputs.forEach((input) => lastUse.set(ownerOf(input), at)));
  const lasting = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.outputs.map(({ name }) => ownerOf(name)),
  ]);
  const held = new Map<string, number>();
  let now = 0;
  for (const { name } of [...graph.inputs, ...graph.initializers]) {
    held.set(name, bytesOf(name));
    now += held.get(name)!;
  }
  let [peak, where] = [now, null as string | null];
  graph.nodes.forEach((node, at) => {
    const dying = [...new Set(node.inputs.map(ownerOf))].filter(
      (name) => lastUse.get(name) === at && !lasting.has(name),
    );
    const made = node.outputs.filter((output) => output !== '' && ownerOf(output) === output);
    for (const output of made) {
      const bytes = bytesOf(output);
      // Element-wise kernels write over an input that nobody needs any more.
      const reused = isElementwise(node) ? dying.find((name) => held.get(name) === bytes) : undefined;
      if (reused !== undefined) {
        now -= bytes;
        held.delete(reused);
      }
      held.set(output, bytes);
      now += bytes;
    }
    if (now > peak) [peak, where] = [now, node.name];
    for (const name of [...dying, ...made.filter((output) => !lastUse.has(output) && !lasting.has(output))]) {
      now -= held.get(name) ?? 0;
      held.delete(name);
    }
  });
  const state = Object.keys(training.initial).reduce((sum, name) => sum + bytesOf(name), 0);
  const kept = training.kept.map(ownerOf).filter((name) => !lasting.has(name));
  return {
    peakBytes: peak,
    stateBytes: 2 * state,
    keptBytes: [...new Set(kept)].reduce((sum, name) => sum + bytesOf(name), 0),
    at: where,
    unknown,
  };
}

const isView = (node: Node): boolean =>
  hasTrait(node, 'rearranges') && operatorSpec(node.domain, node.opType)?.bytes !== undefined;

const isElementwise = (node: Node): boolean => {
  const spec = operatorSpec(node.domain, node.opType);
  return spec?.fold !== undefined || spec?.category === 'activation';
};
