import { intAttribute } from '../../main/engine/graph/attributes.ts';
import { indexGraph } from '../../main/engine/graph/index-graph.ts';
import type { Model, Tensor } from '../../main/engine/graph/ir.ts';
import { makeTensor } from '../../main/engine/graph/make.ts';
import { tensorValues } from '../../main/engine/graph/tensor-data.ts';
import { foldBatchNormalization } from '../../main/engine/passes/fold-batchnorm.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';

/**
 * The same function with ranges that have nothing to do with each other: each channel between two convolutions (a rectifier
 * between them or not, depthwise ones too) is multiplied by a number between 1/most and most, and what takes it is divided by that.
 */
export function spreadChannels(source: Model, { most, seed }: { most: number; seed: number }): Model {
  const model = foldBatchNormalization(nameNodes(source).model).model;
  const index = indexGraph(model.graph);
  const tensors = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const random = seededRandom(seed);
  const scale = ({ name, dims }: Tensor, factorAt: (at: number) => number): void => {
    const values = Float32Array.from(
      tensorValues(tensors.get(name)!) as Float32Array,
      (value, at) => value * factorAt(at),
    );
    tensors.set(name, makeTensor(name, 'float32', dims, values));
  };
  for (const conv of model.graph.nodes.filter(({ opType }) => opType === 'Conv')) {
    const [first, ...others] = index.consumers(conv.outputs[0]!);
    const behind = first?.opType === 'Relu' ? index.consumers(first.outputs[0]!) : [first];
    const [next] = behind;
    if (others.length > 0 || behind.length !== 1 || next?.opType !== 'Conv') continue;
    const [own, taking] = [tensors.get(conv.inputs[1]!)!, tensors.get(next.inputs[1]!)!];
    const channels = own.dims[0]!;
    const group = intAttribute(next, 'group', 1);
    if (group !== 1 && group !== channels) continue;
    const factors = Array.from({ length: channels }, () => most ** (2 * random() - 1));
    const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
    scale(own, (at) => factors[Math.floor(at / size(own.dims.slice(1)))]!);
    if (conv.inputs[2] !== undefined) scale(tensors.get(conv.inputs[2])!, (at) => factors[at]!);
    const taps = size(taking.dims.slice(2));
    const perChannel = group === 1 ? taps : (taps * taking.dims[0]!) / group;
    scale(taking, (at) => 1 / factors[Math.floor(at / perChannel) % channels]!);
  }
  return { ...model, graph: { ...model.graph, initializers: [...tensors.values()] } };
}
