/** A quantized model as it is trained: what is stored as codes is held in floats, and rounded in every step. */
import { intAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { allValueNames, indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { hasTrait } from '../operators/ask.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { quantizeNode } from '../operators/nodes.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import { roundHalfEven } from '../tensor/rounding.ts';

/** Codes of a weight, and the floats that are trained in their place. */
interface TrainedCodes {
  readonly codes: Tensor;
  readonly scale: Tensor;
  readonly zeroPoint: Tensor | undefined;
  readonly axis: number;
  /** Initializer with the floats. */
  readonly floats: string;
  /** Initializer with what the scale is multiplied by: ones at first. */
  readonly factors: string;
}

/** Codes as they are stored. */
type StoredCodes = Omit<TrainedCodes, 'floats' | 'factors'>;

/** A bias in codes whose scale follows from that of the weight beside it. */
interface TrainedBias {
  readonly codes: Tensor;
  readonly scale: Tensor;
  readonly floats: string;
  readonly weight: TrainedCodes;
}

export interface QuantizedStudent {
  /** Weights in floats before a pair that rounds them, biases in floats. */
  readonly model: Model;
  /** Initializers with weights, and with the steps that they are rounded to. */
  readonly parameters: readonly string[];
  /** The quantized model with the trained floats as codes again. @param trained `model` with other floats */
  readonly write: (trained: Model) => Model;
}

/**
 * Puts floats in the place of stored codes behind a DequantizeLinear. A weight becomes float → QuantizeLinear → DequantizeLinear, so that
 * what is trained is what rounding leaves (straight through; its step is trained as in LSQ, by a factor: an optimizer that moves all numbers
 * alike would move a small step by many times its size); a bias becomes a float. Codes with a
 * scale for each block stay.
 * @param teacher prepared as the student is: where a layer of its name has a weight of the same size, a float begins where that weight is, as
 *   far as it is rounded to the code, so that it is known which weights are near to another code; else in the middle
 * @returns undefined where no weight is stored in codes
 * @see Esser et al. 2020 (LSQ)
 */
export function quantizedStudent(model: Model, teacher?: Model): QuantizedStudent | undefined {
  const index = indexGraph(model.graph);
  const originals = teacher === undefined ? undefined : originalWeights(index, teacher);
  const editor = new GraphEditor(model.graph);
  const write = new GraphWriter({
    taken: allValueNames(model.graph),
    opset: defaultOpset(model),
    prefix: 'student/codes',
  });
  const weights = new Map<string, TrainedCodes>();
  /** By scale, which several weights may share. */
  const factorsOf = new Map<string, string>();
  for (const node of model.graph.nodes) {
    const stored = storedCodes(index, node);
    if (stored === undefined || stored.codes.dtype === 'int32') continue;
    const { codes, scale, zeroPoint, axis } = stored;
    const floats = editor.freshValue(`${codes.name}/trained`);
    const begun = beginsAt(stored, originals?.(node));
    editor.setInitializer(makeTensor(floats, 'float32', codes.dims, begun));
    const zero = zeroPoint?.name ?? editor.freshValue(`${codes.name}/zero`);
    if (zeroPoint === undefined) {
      editor.setInitializer(makeTensor(zero, codes.dtype, scale.dims, new Float64Array(valuesOf(scale).length)));
    }
    const rounded = editor.freshValue(`${codes.name}/rounded`);
    const attributes = scale.dims.length === 1 ? { axis: BigInt(axis) } : {};
    const name = editor.freshNode(`${node.name}/round`);
    const factors = factorsOf.get(scale.name) ?? editor.freshValue(`${scale.name}/factors`);
    factorsOf.set(scale.name, factors);
    editor.setInitializer(makeTensor(factors, 'float32', scale.dims, new Float32Array(valuesOf(scale).length).fill(1)));
    const weight = { ...stored, floats, factors };
    const step = write.mul(scale.name, factors);
    const held = holdWithin(write, weight, step);
    editor.insertBefore(
      node,
      ...write.nodes.splice(0),
      quantizeNode([held, step, zero], rounded, { name, attributes }),
    );
    editor.replaceInput(node, 0, rounded);
    editor.replaceInput(node, 1, step);
    weights.set(node.outputs[0]!, weight);
  }
  if (weights.size === 0) return undefined;
  for (const tensor of write.initializers) editor.setInitializer(tensor);
  const biases: TrainedBias[] = [];
  for (const node of model.graph.nodes) {
    const stored = storedCodes(index, node);
    const [value = ''] = node.outputs;
    const [layer] = index.consumers(value);
    const weight = layer?.inputs.map((input) => weights.get(input)).find((found) => found !== undefined);
    if (stored?.codes.dtype !== 'int32' || weight === undefined) continue;
    if (valuesOf(stored.scale).length !== valuesOf(weight.scale).length) continue;
    editor.setInitializer(makeTensor(value, 'float32', stored.codes.dims, dequantized(stored)));
    editor.removeNode(node);
    biases.push({ codes: stored.codes, scale: stored.scale, floats: value, weight });
  }
  const trained = [...weights.values()];
  return {
    model: { ...model, graph: editor.build({ dropUnused: true }) },
    parameters: [
      ...new Set([
        ...trained.flatMap(({ floats, factors }) => [floats, factors]),
        ...biases.map(({ floats }) => floats),
      ]),
    ],
    write: (result) => written(model, result, trained, biases),
  };
}

/** Finds the float weight of the teacher that codes behind a node stand for: that of the layer of the same name. */
function originalWeights(index: GraphIndex, teacher: Model): (dequantizes: Node) => Tensor | undefined {
  const theirs = indexGraph(teacher.graph);
  const layers = new Map(teacher.graph.nodes.map((node) => [node.name, node]));
  return (dequantizes) => {
    const value = dequantizes.outputs[0] ?? '';
    const [layer] = index.consumers(value);
    const input = layer === undefined ? undefined : layers.get(layer.name)?.inputs[layer.inputs.indexOf(value)];
    const tensor = theirs.initializer(input ?? '');
    return tensor?.dtype === 'float32' ? tensor : undefined;
  };
}

/** How far from a code, in steps, a float may lie that is surely rounded to it. */
const WITHIN_CODE = 0.49;

/** The floats that are rounded to codes: those nearest to the weights that they were made of, as far as these are known. */
function beginsAt(stored: StoredCodes, original: Tensor | undefined): Float32Array {
  const middles = dequantized(stored);
  const { dims } = stored.codes;
  if (original?.dims.length !== dims.length || !original.dims.every((dim, axis) => dim === dims[axis])) return middles;
  const scales = valuesOf(stored.scale);
  const at = scaleAt(stored);
  const weights = valuesOf(original);
  const { down, up } = reach(stored);
  return middles.map((middle, element) => {
    const scale = scales[at(element)]!;
    if (scale === 0) return middle;
    const code = Math.round(middle / scale);
    // Beyond the last code no gradient passes.
    const least = code <= -down ? code : code - WITHIN_CODE;
    const most = code >= up ? code : code + WITHIN_CODE;
    return scale * Math.min(most, Math.max(least, weights[element]! / scale));
  });
}

/** The steps from zero that a weight's codes reach, down and up: seven bits stay seven bits. */
function reach(stored: StoredCodes): { readonly down: number; readonly up: number } {
  const zeros = stored.zeroPoint === undefined ? [0] : valuesOf(stored.zeroPoint);
  const at = scaleAt(stored);
  const steps = valuesOf(stored.codes).map((code, element) => code - (zeros[at(element)] ?? zeros[0]!));
  const down = steps.reduce((most, step) => Math.max(most, Math.abs(step)), 1);
  return { down, up: steps.includes(down) ? down : down - 1 };
}

/** From so many steps on the type of the codes alone keeps a weight within them. */
const WHOLE_BYTE = 120;

/**
 * Keeps a weight within the steps that its codes reach where their type has more: what lies beyond is cut off in training as it will be in
 * the codes, and the step learns from it, as in LSQ.
 * @param step the scale's value
 * @returns the value to be rounded
 */
function holdWithin(write: GraphWriter, weight: TrainedCodes, step: string): string {
  const { scale, codes, axis, floats } = weight;
  const { down, up } = reach(weight);
  if (down >= WHOLE_BYTE) return floats;
  const perChannel = scale.dims.length === 1 && valuesOf(scale).length > 1;
  const steps = write.reshapeTo(
    step,
    codes.dims.map((_, at) => (perChannel && at === axis ? valuesOf(scale).length : 1)),
  );
  const bound = (count: number): string => write.mul(steps, write.number(count, 'float32'));
  return write.min(write.max(floats, bound(-down)), bound(up));
}

function storedCodes(index: GraphIndex, node: Node): StoredCodes | undefined {
  if (!hasTrait(node, 'dequantizes') || intAttribute(node, 'block_size', 0) !== 0) return undefined;
  const [codes, scale, zeroPoint] = node.inputs.map((input) => index.initializer(input));
  if (codes === undefined || scale?.dtype !== 'float32') return undefined;
  const axis = intAttribute(node, 'axis', 1);
  return { codes, scale, zeroPoint, axis: axis < 0 ? axis + codes.dims.length : axis };
}

const valuesOf = (tensor: Tensor): readonly number[] =>
  Array.from<number | bigint, number>(tensorValues(tensor), Number);

/** Which scale an element has. */
function scaleAt({ codes, scale, axis }: Pick<TrainedCodes, 'codes' | 'scale' | 'axis'>): (element: number) => number {
  if (valuesOf(scale).length === 1) return () => 0;
  const inner = codes.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const channels = codes.dims[axis] ?? 1;
  return (element) => Math.floor(element / inner) % channels;
}

function dequantized(stored: StoredCodes): Float32Array {
  const [scales, zeros] = [valuesOf(stored.scale), stored.zeroPoint === undefined ? [] : valuesOf(stored.zeroPoint)];
  const at = scaleAt(stored);
  return Float32Array.from(valuesOf(stored.codes), (code, element) => {
    const place = at(element);
    return Math.fround((code - (zeros[place] ?? zeros[0] ?? 0)) * scales[place]!);
  });
}

function written(
  model: Model,
  trained: Model,
  weights: readonly TrainedCodes[],
  biases: readonly TrainedBias[],
): Model {
  const result = indexGraph(trained.graph);
  const changed = new Map<string, Tensor>();
  const put = (tensor: Tensor): void => void changed.set(tensor.name, tensor);
  for (const weight of weights) {
    const { codes, scale, zeroPoint, floats, factors } = weight;
    const stored = valuesOf(scale);
    // A scale that crossed zero on its way would turn the weights around.
    const scales = valuesOf(result.initializer(factors)!).map((factor, place) =>
      Math.fround(Math.max(Math.abs(factor * stored[place]!), 1e-12)),
    );
    const zeros = zeroPoint === undefined ? [0] : valuesOf(zeroPoint);
    const at = scaleAt(weight);
    const zeroAt = (element: number): number => zeros[at(element)] ?? zeros[0]!;
    // Codes keep to the range that they were in.
    const { down, up } = reach(weight);
    const values = valuesOf(result.initializer(floats)!).map((value, element) => {
      const steps = roundHalfEven(value / scales[at(element)]!);
      return zeroAt(element) + Math.min(up, Math.max(-down, steps));
    });
    put(makeTensor(codes.name, codes.dtype, codes.dims, Float64Array.from(values)));
    put(makeTensor(scale.name, 'float32', scale.dims, Float32Array.from(scales)));
  }
  for (const { codes, scale, floats, weight } of biases) {
    const [old, now] = [valuesOf(weight.scale), valuesOf(changed.get(weight.scale.name)!)];
    const scales = valuesOf(scale).map((value, at) => (value / old[at]!) * now[at]!);
    const values = valuesOf(result.initializer(floats)!).map((value, at) =>
      roundHalfEven(value / (scales[at] ?? scales[0]!)),
    );
    put(makeTensor(codes.name, 'int32', codes.dims, Float64Array.from(values)));
    put(makeTensor(scale.name, 'float32', scale.dims, Float32Array.from(scales)));
  }
  const initializers = model.graph.initializers.map((tensor) => changed.get(tensor.name) ?? tensor);
  return { ...model, graph: { ...model.graph, initializers } };
}
