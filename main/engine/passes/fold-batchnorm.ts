import { floatAttribute, intAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { layerWeights, outputChannels } from '../operators/axes.ts';
import { constantFloats } from '../operators/constant-behind.ts';
import { splitAtAxis } from '../tensor/axis.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Folds each BatchNormalization into the Conv, ConvTranspose or Gemm before it when nothing else uses what lies between:
 * y = γ·(Wx + b − μ)/√(σ² + ε) + β is the same layer with W·s and (b − μ)·s + β, s = γ/√(σ² + ε). Computed in float64 and
 * rounded once, so the result differs from the original by rounding only.
 * The layer before stands for both afterwards.
 * @param model every node named; not modified
 */
export function foldBatchNormalization(model: Model): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  const sources = new Map<string, readonly string[]>();
  for (const norm of model.graph.nodes) {
    const fold = foldableInto(index, norm);
    if (fold === undefined) continue;
    editor.replaceNode(fold.layer, foldedLayer(editor, fold, norm));
    editor.removeNode(norm);
    sources.set(fold.layer.name, [fold.layer.name, norm.name]);
  }
  if (sources.size === 0) return unchanged(model);
  const notes = [`${sources.size} BatchNormalization${sources.size === 1 ? '' : 's'} folded into the layer before.`];
  return { model: { ...model, graph: editor.build({ dropUnused: true }) }, sources, notes };
}

interface Foldable {
  readonly layer: Node;
  readonly weights: Float32Array;
  readonly dims: readonly number[];
  /** Axis of the weights that counts output channels, and groups that repeat it (ConvTranspose). */
  readonly axis: number;
  readonly groups: number;
  readonly bias: Float32Array | undefined;
  /** γ/√(σ² + ε) and β − μ·that, one for each output channel. */
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

function foldableInto(index: GraphIndex, norm: Node): Foldable | undefined {
  if (norm.opType !== 'BatchNormalization' || norm.domain !== '') return undefined;
  if (intAttribute(norm, 'training_mode', 0) !== 0 || norm.outputs.slice(1).some((value) => value !== ''))
    return undefined;
  const between = norm.inputs[0] ?? '';
  const layer = index.producer(between);
  if (layer === undefined || index.isOutput(between) || index.consumers(between).length !== 1) return undefined;
  const weights = layerWeights(layer);
  const affine = affineOf(index, norm);
  if (weights?.bias === undefined || isScaled(layer) || affine === undefined) return undefined;
  const weight = constantFloats(index, layer.inputs[weights.input] ?? '');
  const shape = weight === undefined ? undefined : outputChannels(layer, weight.tensor.dims);
  if (weight === undefined || shape === undefined) return undefined;
  const biasName = layer.inputs[weights.bias] ?? '';
  const bias = biasName === '' ? undefined : constantFloats(index, biasName)?.values;
  const channels = affine.factor.length;
  if (biasName !== '' && bias?.length !== channels) return undefined;
  if ((weight.tensor.dims[shape.axis] ?? 0) * shape.groups !== channels) return undefined;
  return { layer, weights: weight.values, dims: weight.tensor.dims, ...shape, bias, ...affine };
}

/** Whether factors of its own (Gemm's) stand before product or bias. */
function isScaled(layer: Node): boolean {
  return floatAttribute(layer, 'alpha', 1) !== 1 || floatAttribute(layer, 'beta', 1) !== 1;
}

function affineOf(index: GraphIndex, norm: Node): { factor: Float64Array; shift: Float64Array } | undefined {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((at) => constantFloats(index, norm.inputs[at] ?? '')?.values);
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return undefined;
  const epsilon = floatAttribute(norm, 'epsilon', 1e-5);
  const factor = Float64Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  const shift = Float64Array.from(beta, (value, channel) => value - mean[channel]! * factor[channel]!);
  return { factor, shift };
}

function foldedLayer(editor: GraphEditor, fold: Foldable, norm: Node): Node {
  const { layer, dims, factor, shift, bias } = fold;
  const weightName = editor.freshValue(`${layer.inputs[1]}_folded`);
  const biasName = editor.freshValue(`${layer.name}/bias_folded`);
  editor.setInitializer(makeTensor(weightName, 'float32', dims, scaledWeights(fold)));
  const values = Float32Array.from(shift, (value, channel) => (bias?.[channel] ?? 0) * factor[channel]! + value);
  editor.setInitializer(makeTensor(biasName, 'float32', [values.length], values));
  return { ...layer, inputs: [layer.inputs[0] ?? '', weightName, biasName], outputs: [norm.outputs[0] ?? ''] };
}

function scaledWeights({ weights, dims, axis, groups, factor }: Foldable): Float32Array {
  const { outer, channels, inner } = splitAtAxis(dims, axis);
  // ConvTranspose: the rows [C, M/g, …] of group k make the output channels from k·M/g on.
  const rowsInGroup = outer / groups;
  const scaled = new Float32Array(weights.length);
  let at = 0;
  for (let row = 0; row < outer; row++) {
    const first = groups === 1 ? 0 : Math.floor(row / rowsInGroup) * channels;
    for (let channel = 0; channel < channels; channel++) {
      const by = factor[first + channel]!;
      for (let i = 0; i < inner; i++, at++) scaled[at] = weights[at]! * by;
    }
  }
  return scaled;
}
