import { int8Static } from '../../contract/recipe/quantize-static.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Model, Tensor } from '../graph/ir.ts';
import { makeRawTensor, makeTensor } from '../graph/make.ts';
import { elementCount, tensorByteLength } from '../graph/tensor-size.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { insertQdq } from './insert-qdq.ts';
import type { QuantizationPlan } from './plan-quantization.ts';
import type { PreparedModel } from './prepare.ts';
import { layerFormats } from './schemes.ts';
import { quantizedTensors, tensorSchemes } from './tensor-schemes.ts';

/**
 * Bytes of the file with everything that a plan holds in int8, a scale for each channel: known before anything was calibrated, since
 * the pairs are written as they will be, with made-up ranges. Weights take no part in it but by their sizes, so none is read. Exact
 * to some bytes for each tensor.
 * @returns null: nothing would be quantized
 */
export function quantizedBytes({ model, perTensorReason }: PreparedModel, plan: QuantizationPlan): number | null {
  if (plan.units.length === 0) return null;
  const { graph, removed } = withThinWeights(model.graph, plan);
  const step = int8Static.parse({ scheme: 'int8-static', calibrator: 'minmax' });
  const formats = layerFormats({ ...step, reduceRange: false });
  const tensors = quantizedTensors(graph, plan);
  const written = insertQdq(graph, plan, {
    schemes: tensorSchemes(tensors, new Map(), () => formats.activations),
    perChannel: perTensorReason === null,
    axisAllowed: perTensorReason === null,
    formatsOf: () => formats,
    splitInputs: false,
    anyZeroOfWeights: false,
    refused: new Set(),
  });
  const stays = new Set(written.graph.initializers.map(({ name }) => name));
  // Weights that float layers read too are there twice.
  const codes = [...removed].reduce((sum, [name, elements]) => sum + elements * (stays.has(name) ? 1 + 4 : 1), 0);
  return fileBytes({ ...model, graph: written.graph }) + codes;
}

/** A graph whose weights have one element for each output channel; by name how many elements each lost. */
function withThinWeights(
  graph: Graph,
  plan: QuantizationPlan,
): { readonly graph: Graph; readonly removed: ReadonlyMap<string, number> } {
  const index = indexGraph(graph);
  const thin = new Map<string, Tensor>();
  const removed = new Map<string, number>();
  for (const { node, weights } of plan.units) {
    const name = weights === undefined ? '' : (node.inputs[weights.weightInput] ?? '');
    const tensor = index.initializer(name);
    if (tensor === undefined || constantOf(index, name) === undefined || thin.has(name)) continue;
    const dims = tensor.dims.map((size, axis) => (axis === weights!.channelAxis ? size : 1));
    const elements = elementCount(dims);
    thin.set(name, makeTensor(name, 'float32', dims, new Float32Array(elements).fill(1)));
    removed.set(name, elementCount(tensor.dims) - elements);
  }
  return {
    graph: { ...graph, initializers: graph.initializers.map((tensor) => thin.get(tensor.name) ?? tensor) },
    removed,
  };
}

/** Tag and length of a tensor's data in the file. */
const DATA_HEAD_BYTES = 4;

/** Bytes of a model's file, data of initializers counted and not encoded. */
function fileBytes(model: Model): number {
  const { initializers } = model.graph;
  const empty = initializers.map(({ name, dtype }) => makeRawTensor(name, dtype, [0], new Uint8Array()));
  const rest = encodeModel({ ...model, graph: { ...model.graph, initializers: empty } });
  return (
    rest.reduce((sum, piece) => sum + piece.byteLength, 0) +
    initializers.reduce((sum, tensor) => sum + tensorByteLength(tensor) + DATA_HEAD_BYTES, 0)
  );
}
