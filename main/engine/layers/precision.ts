import { indexGraph } from '../graph/index-graph.ts';
import type { Node } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { hasTrait, roleOf } from '../operators/ask.ts';
import type { Inference } from '../operators/inference.ts';
import { NodeAttributes } from '../operators/node-attributes.ts';
import { operatorSpec } from '../operators/table.ts';
import type { Layer, Layers } from './group-layers.ts';

/**
 * What each layer computes in, as the graph asks for it: "int8" (codes on both sides), "int8 weights" (stored as codes,
 * computed in floats), "int4 weights", "float16", else the type of its first output; '' where nothing is known.
 */
export function layerPrecisions(layers: Layers, { values }: Inference): ReadonlyMap<Layer, string> {
  const known = new Map<Layer, string>();
  const dtypeOf = (value: string | undefined): string => values.get(value ?? '')?.dtype ?? '';
  for (const layer of layers.all) known.set(layer, precisionOf(layer, { layers, dtypeOf, known }));
  return known;
}

interface Surroundings {
  readonly layers: Layers;
  readonly dtypeOf: (value: string | undefined) => string;
  /** Of the layers before. */
  readonly known: ReadonlyMap<Layer, string>;
}

function precisionOf(layer: Layer, { layers, dtypeOf, known }: Surroundings): string {
  const { node, graph } = layer.main;
  const plain = dtypeOf(node.outputs[0]);
  const packed = packedBits(layer);
  if (packed !== undefined) return `int${packed} weights`;
  const spec = operatorSpec(node.domain, node.opType);
  if (hasTrait(node, 'integerKernel')) return codes(dtypeOf(node.inputs[spec?.parameterInputs[0] ?? 0]));
  const isWeight = (place: number): boolean => spec?.parameterInputs.includes(place) ?? false;
  const sources = node.inputs.map((value) => (value === '' ? undefined : layers.source(value, graph)));
  const stored = sources.find((source, place) => source?.kind === 'constant' && isWeight(place));
  const weights = stored?.dequantize === undefined ? '' : codes(dtypeOf(stored.dequantize.inputs[0]));
  const data = sources.filter((source) => source !== undefined && source.kind !== 'constant');
  const allCodes = data.length > 0 && data.every((source) => source?.dequantize !== undefined);
  const activations = allCodes ? codes(dtypeOf(data[0]?.dequantize?.inputs[0])) : '';
  if (weights !== '') {
    if (activations === '' || activations === weights) return activations === '' ? `${weights} weights` : weights;
    return `${weights} weights, ${activations} activations`;
  }
  const quantized = layer.nodes.some((it) => layers.kind(it.node) === 'quantize');
  if (stored === undefined && quantized) {
    if (activations !== '') return activations;
    const before = roleOf(node).kind === 'clip' ? data[0]?.layer : undefined;
    const given = before === undefined ? '' : (known.get(before) ?? '');
    if (/^int\d+$/.test(given)) return given;
  }
  const narrow = stored === undefined ? '' : dtypeOf(stored.value);
  return /^(?:b?float16|float8.*)$/.test(narrow) && narrow !== plain ? `${narrow} weights` : plain;
}

/** Signed or not makes no difference to the work: "uint8" is "int8". */
function codes(dtype: string): string {
  return dtype.replace(/^u/, '');
}

/** Bits of a weight where several are packed into an element. */
function packedBits({ main: { node, graph } }: Layer): number | undefined {
  const packed = operatorSpec(node.domain, node.opType)?.packedElements;
  if (packed === undefined) return undefined;
  for (const [place, value] of node.inputs.entries()) {
    const tensor = indexGraph(graph).initializer(value);
    const elements = tensor && packed(place, tensor, new NodeAttributes(node as Node));
    if (tensor !== undefined && elements) return Math.round((8 * tensorByteLength(tensor)) / elements);
  }
  return undefined;
}
