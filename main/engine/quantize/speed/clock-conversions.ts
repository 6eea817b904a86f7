import type { TaskContext } from '../../../base/progress.ts';
import { makeGraph, makeModel, makeTensor, makeValueInfo } from '../../graph/make.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { dequantizeNode, quantizeNode } from '../../operators/nodes.ts';
import { clockKernels } from '../../profile/clock-kernels.ts';
import type { Runner } from '../../runtime/runner.ts';

/** What a conversion costs on this machine, by the number of elements. */
export interface ConversionClock {
  readonly quantizeMs: (elements: number) => number;
  readonly dequantizeMs: (elements: number) => number;
}

/** Elements of the tensors that are timed: between them time is linear, beyond the last in proportion. */
const SIZES = [1 << 8, 1 << 12, 1 << 16, 1 << 19, 1 << 22] as const;
const RUNS = 20;

/**
 * Times QuantizeLinear and DequantizeLinear on tensors of some sizes, as kernels are timed in a profile.
 * @param most elements of the largest tensor that is asked for
 * @throws RUNTIME_…, CANCELLED
 */
export async function clockConversions(
  most: number,
  runner: Runner,
  threads: number | null,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<ConversionClock> {
  const needed = SIZES.findIndex((size) => size >= most);
  const sizes = SIZES.slice(0, needed === -1 ? SIZES.length : needed + 1);
  const model = conversionModel(sizes);
  const kernels = await clockKernels(model, { feeds: {}, runs: RUNS, threads, optimization: 'disabled' }, runner, {
    signal,
  });
  const timesOf = (kind: 'quantizes' | 'dequantizes'): readonly number[] =>
    model.graph.nodes
      .filter((node) => hasTrait(node, kind))
      .map(({ name }) => kernels.find(({ sources }) => sources.includes(name))?.timeMs ?? 0);
  const [quantize, dequantize] = [timesOf('quantizes'), timesOf('dequantizes')];
  return {
    quantizeMs: (elements) => between(sizes, quantize, elements),
    dequantizeMs: (elements) => between(sizes, dequantize, elements),
  };
}

/** Zeros of each size, stored as codes → float → codes: no inputs, no optimisation that could remove them. */
function conversionModel(sizes: readonly number[]): Model {
  const parameters: readonly Tensor[] = [
    makeTensor('scale', 'float32', [], Float32Array.of(0.1)),
    makeTensor('zero_point', 'uint8', [], Uint8Array.of(3)),
  ];
  const nodes: Node[] = [];
  const initializers = [...parameters];
  for (const size of sizes) {
    initializers.push(makeTensor(`codes${size}`, 'uint8', [size], new Uint8Array(size)));
    const by = parameters.map(({ name }) => name);
    nodes.push(
      dequantizeNode([`codes${size}`, ...by], `real${size}`, { name: `dequantize${size}` }),
      quantizeNode([`real${size}`, ...by], `again${size}`, { name: `quantize${size}` }),
    );
  }
  const outputs = sizes.map((size) => makeValueInfo(`again${size}`, 'uint8', [size]));
  return makeModel(makeGraph({ nodes, initializers, outputs }));
}

/** Linear between the places that were timed, in proportion beyond the last. */
export function between(sizes: readonly number[], times: readonly number[], elements: number): number {
  const at = sizes.findIndex((size) => size >= elements);
  if (at === 0) return times[0]!;
  if (at === -1) return (times.at(-1)! * elements) / sizes.at(-1)!;
  const share = (elements - sizes[at - 1]!) / (sizes[at]! - sizes[at - 1]!);
  return times[at - 1]! + share * (times[at]! - times[at - 1]!);
}
