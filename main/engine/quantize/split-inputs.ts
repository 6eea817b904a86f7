/** Inputs of convolutions in two codes each: what 8 bits leave of a value goes into channels of its own. */
import { intAttribute } from '../graph/attributes.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph } from '../graph/ir.ts';
import { roleOf } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import type { QuantizationPlan } from './plan-quantization.ts';
import type { QuantizedTensor } from './tensor-schemes.ts';
import { unitInputs } from './unit.ts';

/**
 * The rest is held so many times finer than the value. Its weights are so many times smaller under the same scales, which adds
 * an error of (16 · step)² / 12 to weights that multiply no more than half a step: under 1 % of what rounding weights costs.
 */
export const FINER = 16;

/** More channels are no input of an image, and would make the layer twice as expensive for little. */
const MOST_CHANNELS = 4;

/**
 * The tensors that can be split: made in float (images, above all), of few channels, and read in integers by ordinary 2-D
 * convolutions alone.
 */
export function splittableTensors(
  graph: Graph,
  plan: QuantizationPlan,
  tensors: ReadonlyMap<string, QuantizedTensor>,
): ReadonlySet<string> {
  const index = indexGraph(graph);
  const split = new Set<string>();
  for (const { name, madeBy } of tensors.values()) {
    if (madeBy !== undefined) continue;
    const readers = plan.units.filter((unit) => unitInputs(unit).includes(name));
    const all = readers.every(({ node, weights }) => {
      const role = roleOf(node);
      const dims = weights === undefined ? [] : (constantOf(index, node.inputs[weights.weightInput] ?? '')?.dims ?? []);
      const ordinary = role.kind === 'weighted' && role.kernel === 'conv' && intAttribute(node, 'group', 1) === 1;
      return ordinary && dims.length === 4 && (dims[1] ?? Infinity) <= MOST_CHANNELS;
    });
    if (all && readers.length > 0) split.add(name);
  }
  return split;
}

/** Weights [M, C, …] as [M, 2C, …]: those of the rest are `FINER` times smaller. */
export function splitWeights(
  values: Float32Array,
  dims: readonly number[],
): { readonly values: Float32Array; readonly dims: readonly number[] } {
  const [outputs = 1, channels = 1, ...kernel] = dims;
  const size = values.length / outputs;
  const twice = new Float32Array(2 * values.length);
  for (let output = 0; output < outputs; output++) {
    for (let i = 0; i < size; i++) {
      const value = values[output * size + i]!;
      twice[output * 2 * size + i] = value;
      twice[output * 2 * size + size + i] = value / FINER;
    }
  }
  return { values: twice, dims: [outputs, 2 * channels, ...kernel] };
}
