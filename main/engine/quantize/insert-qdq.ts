import { assert } from '../../base/errors.ts';
import { GraphEditor } from '../graph/edit.ts';
import { floatAttribute, makeAttribute } from '../graph/attributes.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { hasTrait, roleOf } from '../operators/ask.ts';
import { constantFloats, floatDims } from '../operators/constant-behind.ts';
import { concatNode, dequantizeNode, quantizeNode, subtractNode, wide } from '../operators/nodes.ts';
import { withoutDeadNodes } from '../passes/dead-code.ts';
import { activationScheme, quantizeValues, rangeOf, type ActivationScheme } from './quantize-activations.ts';
import { codeUnit, type KnownCodes } from './code-weights.ts';
import { quantizeBias } from './quantize-bias.ts';
import type { RefinedLayer, WrittenWeights } from './refine/refined-layer.ts';
import type { QuantizationPlan } from './plan-quantization.ts';
import { inputChannels, weightsOf, zeroPoints } from './qdq-parts.ts';
import { quantizedTensors, type QuantizedTensor } from './tensor-schemes.ts';
import type { LayerFormats } from './schemes.ts';
import { shieldFloat } from './shield-float.ts';
import { FINER, splittableTensors } from './split-inputs.ts';
import { unitInputs, unitOutputs, type Unit } from './unit.ts';

export interface InsertOptions {
  /** Of each root tensor (see `quantizedTensors`). */
  readonly schemes: ReadonlyMap<string, ActivationScheme>;
  readonly perChannel: boolean;
  /** Whether DequantizeLinear may have an axis: opset ≥ 13. */
  readonly axisAllowed: boolean;
  /** The codes of a layer's weights and constant operands. */
  readonly formatsOf: (unit: Unit) => LayerFormats;
  /** Whether inputs of convolutions are held in two codes (see `splittableTensors`). */
  readonly splitInputs: boolean;
  /** Whether uint8 weights with one scale may have any zero point (see `codeUnit`). */
  readonly anyZeroOfWeights: boolean;
  /** Codes of plans of the same graph that were written before. */
  readonly known?: KnownCodes;
  /** Nodes that must run in float, by name. */
  readonly refused: ReadonlySet<string>;
  /** Codes and biases of layers that were found otherwise than by rounding. */
  readonly refined?: ReadonlyMap<string, RefinedLayer>;
}

/** A graph with pairs, and the nodes of the graph before that each new node serves. */
export interface InsertedQdq {
  readonly graph: Graph;
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** What each layer's weights became, by its name. */
  readonly weights: ReadonlyMap<string, WrittenWeights>;
  /** The initializer with the step of each root tensor (see `quantizedTensors`). */
  readonly steps: ReadonlyMap<string, string>;
}

/** The names that a quantized tensor got: `codes` is the integer value, `real` the float32 one behind DequantizeLinear. */
interface PlacedTensor extends QuantizedTensor {
  readonly codes: string;
  readonly real: string;
}

/**
 * Writes a plan into a graph as QuantizeLinear–DequantizeLinear pairs.
 *
 * A tensor that an integer layer makes keeps its name behind the pair, so every later user, graph outputs and subgraphs
 * included, sees the dequantized value, and the layer's only consumer is the QuantizeLinear (else the runtime would not
 * fuse). A tensor that a float layer or the caller makes keeps its name before the pair; only integer layers read behind.
 * @param graph nodes named uniquely, opset ≥ 10, ≥ 13 where an axis is allowed; not modified
 * @throws QUANTIZE_NOT_FINITE when weights are not finite
 */
export function insertQdq(graph: Graph, plan: QuantizationPlan, options: InsertOptions): InsertedQdq {
  const tensors = quantizedTensors(graph, plan);
  const split = options.splitInputs ? splittableTensors(graph, plan, tensors) : new Set<string>();
  const writer = new QdqWriter(graph, plan, { ...options, split });
  writer.placeTensors(tensors);
  for (const unit of plan.units) writer.writeUnit(unit);
  writer.shieldFloatLayers(new Set(plan.units.map(({ node }) => node)));
  const integer = new Set(plan.units.flatMap(({ node, absorbed }) => [node.name, absorbed?.node.name ?? node.name]));
  const shielded = shieldFloat(withoutDeadNodes(writer.build()), { integer, refused: options.refused });
  const sources = new Map([...writer.sources, ...shielded.sources]);
  return { graph: shielded.graph, sources, weights: writer.weights, steps: writer.steps };
}

interface WriterOptions extends InsertOptions {
  readonly split: ReadonlySet<string>;
}

class QdqWriter {
  readonly #editor: GraphEditor;
  readonly #index: GraphIndex;
  readonly #options: WriterOptions;
  readonly #tensors = new Map<string, PlacedTensor>();
  /** Dequantized constants by what they were made of: a weight that two layers share is stored once. */
  readonly #constants = new Map<string, string>();
  /** The node that each new one serves. */
  readonly sources = new Map<string, readonly string[]>();
  readonly weights = new Map<string, WrittenWeights>();
  readonly steps = new Map<string, string>();
  /** The integer layer that reads each tensor first. */
  readonly #readers = new Map<string, string>();
  /** The node that is being written for. */
  #serving = '';

  constructor(graph: Graph, plan: QuantizationPlan, options: WriterOptions) {
    for (const unit of plan.units) {
      for (const value of unitInputs(unit)) if (!this.#readers.has(value)) this.#readers.set(value, unit.layer);
    }
    this.#editor = new GraphEditor(graph);
    this.#index = indexGraph(graph);
    this.#options = options;
  }

  build(): Graph {
    return this.#editor.build({ dropUnused: true });
  }

  placeTensors(tensors: ReadonlyMap<string, QuantizedTensor>): void {
    for (const tensor of tensors.values()) {
      const codes = this.#editor.freshValue(`${tensor.name}_quantized`);
      const real = tensor.madeBy === undefined ? this.#editor.freshValue(`${tensor.name}_dequantized`) : tensor.name;
      const placed = { ...tensor, codes, real };
      this.#tensors.set(tensor.name, placed);
      this.#serving = tensor.madeBy?.layer ?? this.#readers.get(tensor.name) ?? '';
      if (tensor.madeBy === undefined) this.#quantizeFloatTensor(placed);
      this.#readShapesFromCodes(placed);
    }
  }

  writeUnit(unit: Unit): void {
    const { node } = unit;
    this.#serving = unit.layer;
    for (const at of unit.dataInputs) {
      const placed = this.#tensors.get(node.inputs[at] ?? '');
      assert(placed !== undefined, `'${unit.layer}' reads a tensor without a scheme`);
      if (placed.madeBy === undefined) this.#editor.replaceInput(node, at, placed.real);
    }
    for (const at of unit.constantInputs)
      this.#editor.replaceInput(node, at, this.#constantOperand(node.inputs[at] ?? '', unit));
    if (unit.weights !== undefined) this.#writeWeights(unit);
    if (unit.quantizesOutput) this.#quantizeOutputs(unit);
  }

  /** x → Quantize → Dequantize beside a tensor that stays as it is. */
  #quantizeFloatTensor(tensor: PlacedTensor): void {
    const pair = this.#options.split.has(tensor.name) ? this.#splitPair(tensor) : this.#pair(tensor, tensor.name);
    const producer = this.#index.producer(tensor.name);
    if (producer === undefined) this.#editor.prepend(...pair);
    else this.#editor.insertAfter(producer, ...pair);
  }

  /**
   * x → Quantize → Dequantize, and what is left of x by finer codes behind them, as further channels. The layer that reads both
   * has weights for both.
   */
  #splitPair(tensor: PlacedTensor): readonly Node[] {
    const { scale, format, zeroPoint } = this.#schemeOf(tensor.root);
    const { name } = tensor;
    const [codes, real, rest, fine] = ['codes', 'real', 'rest', 'rest_codes'].map((part) =>
      this.#editor.freshValue(`${name}_${part}`),
    ) as [string, string, string, string];
    const coarse = this.#pair({ ...tensor, codes, real }, name);
    const finer = this.#parameters(`${name}_rest_scale`, `${name}_rest_zero_point`, () => [
      makeTensor('', 'float32', [], Float32Array.of(scale / FINER)),
      zeroPoints(format.dtype, [], zeroPoint),
    ]);
    const joined = { name: this.#newNode(`${name}_joined`), attributes: { axis: 1n } };
    const parameters = coarse[1]!.inputs.slice(1);
    const behind = { name: this.#newNode(`${name}_joined_DequantizeLinear`), ...wide(format.dtype) };
    return [
      ...coarse,
      subtractNode([name, real], rest, { name: this.#newNode(`${name}_rest`) }),
      quantizeNode([rest, ...finer], fine, {
        name: this.#newNode(`${name}_rest_QuantizeLinear`),
        ...wide(format.dtype),
      }),
      concatNode([codes, fine], tensor.codes, joined),
      dequantizeNode([tensor.codes, ...parameters], tensor.real, behind),
    ];
  }

  #quantizeOutputs(unit: Unit): void {
    const last = unit.absorbed?.node ?? unit.node;
    for (const value of unitOutputs(unit)) {
      const placed = this.#tensors.get(value);
      assert(placed !== undefined, `'${unit.layer}' makes a tensor without a scheme`);
      const raw = this.#editor.freshValue(`${value}_float`);
      this.#editor.replaceOutput(last, last.outputs.indexOf(value), raw);
      this.#editor.insertAfter(last, ...this.#pair(placed, raw));
    }
  }

  #pair(tensor: PlacedTensor, from: string): readonly Node[] {
    const { scale, zeroPoint, format } = this.#schemeOf(tensor.root);
    const scaleName = `${tensor.root}_scale`;
    const zeroName = `${tensor.root}_zero_point`;
    const parameters = this.#parameters(scaleName, zeroName, () => [
      makeTensor('', 'float32', [], Float32Array.of(scale)),
      zeroPoints(format.dtype, [], zeroPoint),
    ]);
    this.steps.set(tensor.root, parameters[0]);
    return [
      quantizeNode([from, ...parameters], tensor.codes, {
        name: this.#newNode(`${tensor.name}_QuantizeLinear`),
        ...wide(format.dtype),
      }),
      dequantizeNode([tensor.codes, ...parameters], tensor.real, {
        name: this.#newNode(`${tensor.name}_DequantizeLinear`),
        ...wide(format.dtype),
      }),
    ];
  }

  #schemeOf(root: string): ActivationScheme {
    const scheme = this.#options.schemes.get(root);
    assert(scheme !== undefined, `tensor '${root}' was not calibrated`);
    return scheme;
  }

  /** Shape and Size read the codes: else the runtime would dequantize a whole tensor to count it. */
  #readShapesFromCodes(tensor: PlacedTensor): void {
    if (tensor.madeBy === undefined) return;
    for (const consumer of this.#index.consumers(tensor.name)) {
      if (hasTrait(consumer, 'readsShape')) this.#editor.replaceInput(consumer, 0, tensor.codes);
    }
  }

  /**
   * Keeps layers with weights that the plan leaves in float from being quantized all the same: between a DequantizeLinear
   * with one scale and a QuantizeLinear, the runtime (WeightBiasQuantization, at every level but 'disabled') makes int8 of
   * float weights, with one scale for the whole tensor. MobileNetV1 lost 12 dB to it where its depthwise layers were
   * excluded. It asks for a scalar scale, so these layers read the same codes through a scale for each channel, all equal.
   */
  shieldFloatLayers(integer: ReadonlySet<Node>): void {
    if (!this.#options.axisAllowed) return;
    for (const node of this.#index.graph.nodes) {
      const channels = integer.has(node) ? undefined : inputChannels(node, this.#index);
      const tensor = channels === undefined ? undefined : this.#tensors.get(node.inputs[0] ?? '');
      if (channels === undefined || tensor?.madeBy === undefined) continue;
      this.#serving = node.name;
      this.#editor.replaceInput(node, 0, this.#dequantizedByChannel(tensor, channels));
    }
  }

  #dequantizedByChannel(tensor: PlacedTensor, channels: number): string {
    return this.#once(`by channel ${tensor.name}`, () => {
      const { scale, zeroPoint, format } = this.#schemeOf(tensor.root);
      const output = this.#editor.freshValue(`${tensor.name}_dequantized`);
      const parameters = this.#parameters(`${tensor.root}_scales`, `${tensor.root}_zero_points`, () => [
        makeTensor('', 'float32', [channels], new Float32Array(channels).fill(scale)),
        zeroPoints(format.dtype, [channels], zeroPoint),
      ]);
      const name = this.#newNode(`${tensor.name}_DequantizeLinear_channels`);
      const maker = tensor.madeBy?.absorbed?.node ?? tensor.madeBy?.node;
      assert(maker !== undefined, `'${tensor.name}' is made by an integer layer`);
      this.#editor.insertAfter(
        maker,
        dequantizeNode([tensor.codes, ...parameters], output, {
          name,
          attributes: { axis: 1n },
          ...wide(format.dtype),
        }),
      );
      return output;
    });
  }

  /** A constant beside activations (the other side of an Add): codes with their own range. */
  #constantOperand(value: string, unit: Unit): string {
    const format = this.#options.formatsOf(unit).activations;
    return this.#once(`operand ${value} ${format.dtype}`, () => {
      const constant = constantFloats(this.#index, value);
      assert(constant !== undefined, `'${value}' is a float32 constant`);
      const scheme = activationScheme(rangeOf(constant.values), format);
      const { dtype } = format;
      const codes = makeTensor('', dtype, constant.tensor.dims, quantizeValues(constant.values, scheme));
      return this.#dequantized(value, codes, {
        scale: makeTensor('', 'float32', [], Float32Array.of(scheme.scale)),
        zeroPoint: zeroPoints(dtype, [], scheme.zeroPoint),
        axis: undefined,
      });
    });
  }

  #writeWeights(unit: Unit): void {
    const { node, weights: operands } = unit;
    assert(operands !== undefined, `'${unit.layer}' has weights`);
    const weightName = node.inputs[operands.weightInput] ?? '';
    const { alpha, beta } = this.#plainGemm(node);
    const split = this.#options.split.has(node.inputs[unit.dataInputs[0]!] ?? '');
    const axis = this.#options.perChannel ? (operands.channelAxis ?? null) : null;
    const format = this.#options.formatsOf(unit).weights;
    const refined = this.#options.refined?.get(unit.layer);
    const bias = refined?.bias ?? this.#biasOf(unit, beta);
    const inputScale = this.#schemeOf(this.#tensors.get(node.inputs[unit.dataInputs[0]!] ?? '')!.root).scale;
    const anyZero = this.#options.anyZeroOfWeights;
    const by = { unit, alpha, split, axis, format, bias, inputScale, refined, anyZero };
    const { scales, codes, zeroPoint, dims } = codeUnit(this.#index, by, this.#options.known);
    // Weights that meet two codes of each value are no longer those of the layer: they stay as they are rounded.
    const again = weightsOf(this.#index, unit, alpha);
    if (!split) this.weights.set(unit.layer, { values: again, dims, axis, scales, codes, bias, format });
    const own = refined?.codes === undefined ? '' : unit.layer;
    const dequantized = this.#once(
      `weights ${weightName} ${alpha} ${axis} ${format.lowest} ${split} ${scales.join(' ')} ${own}`,
      () =>
        this.#dequantized(weightName, makeTensor('', format.dtype, dims, codes), {
          scale: makeTensor('', 'float32', axis === null ? [] : [scales.length], scales),
          zeroPoint: zeroPoints(format.dtype, axis === null ? [] : [scales.length], zeroPoint),
          axis: axis ?? undefined,
        }),
    );
    this.#editor.replaceInput(node, operands.weightInput, dequantized);
    if (bias !== undefined) this.#writeBias(unit, bias, { inputScale, weightScales: scales });
  }

  #writeBias(
    unit: Unit,
    bias: Float32Array,
    by: { readonly inputScale: number; readonly weightScales: Float32Array },
  ): void {
    const { values, scales } = quantizeBias(bias, by.inputScale, by.weightScales);
    const perChannel = scales.length > 1;
    const dequantized = this.#dequantized(`${unit.layer}/bias`, makeTensor('', 'int32', [values.length], values), {
      scale: makeTensor('', 'float32', perChannel ? [scales.length] : [], scales),
      zeroPoint: makeTensor('', 'int32', perChannel ? [scales.length] : [], new Int32Array(scales.length)),
      axis: perChannel ? 0 : undefined,
    });
    this.#editor.replaceInput(unit.node, unit.weights!.biasInput!, dequantized);
  }

  /** The bias, one element for each output channel, times Gemm's beta. */
  #biasOf(unit: Unit, beta: number): Float32Array | undefined {
    const { node, weights } = unit;
    if (weights?.biasInput === undefined) return undefined;
    const bias = constantFloats(this.#index, node.inputs[weights.biasInput] ?? '');
    assert(bias !== undefined, `the bias of '${unit.layer}' is a float32 constant`);
    const dims = floatDims(this.#index, node.inputs[weights.weightInput] ?? '')!;
    const width = weights.channelAxis === undefined ? bias.values.length : (dims[weights.channelAxis] ?? 1);
    const spread = bias.values.length === 1 && width > 1 ? new Float32Array(width).fill(bias.values[0]!) : bias.values;
    return beta === 1 ? spread : spread.map((value) => value * beta);
  }

  /** Gemm's factors move into its constants: the integer kernel's bias scale knows nothing of them. */
  #plainGemm(node: Node): { alpha: number; beta: number } {
    const role = roleOf(node);
    if (role.kind !== 'weighted' || role.factors !== true) return { alpha: 1, beta: 1 };
    const [alpha, beta] = [floatAttribute(node, 'alpha', 1), floatAttribute(node, 'beta', 1)];
    if (alpha === 1 && beta === 1) return { alpha, beta };
    const current = this.#editor.current(node);
    assert(current !== undefined, `'${node.name}' stands in the graph`);
    const others = current.attributes.filter(({ name }) => name !== 'alpha' && name !== 'beta');
    this.#editor.replaceNode(node, { ...current, attributes: others });
    return { alpha, beta };
  }

  /** A name for a node that serves the layer being written for. */
  #newNode(base: string): string {
    const name = this.#editor.freshNode(base);
    if (this.#serving !== '') this.sources.set(name, [this.#serving]);
    return name;
  }

  #once(key: string, make: () => string): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#constants.set(key, made);
    return made;
  }

  /** Stores codes and their parameters and puts a DequantizeLinear at the head of the graph; returns its output. */
  #dequantized(
    base: string,
    codes: Tensor,
    by: { readonly scale: Tensor; readonly zeroPoint: Tensor; readonly axis: number | undefined },
  ): string {
    const name = this.#editor.freshValue(`${base}_quantized`);
    const scale = this.#editor.freshValue(`${base}_scale`);
    const zeroPoint = this.#editor.freshValue(`${base}_zero_point`);
    const output = this.#editor.freshValue(`${base}_dequantized`);
    this.#editor.setInitializer({ ...codes, name });
    this.#editor.setInitializer({ ...by.scale, name: scale });
    this.#editor.setInitializer({ ...by.zeroPoint, name: zeroPoint });
    const node = dequantizeNode([name, scale, zeroPoint], output, {
      ...wide(codes.dtype),
      name: this.#newNode(`${base}_DequantizeLinear`),
    });
    const axis = by.axis === undefined ? [] : [makeAttribute('axis', BigInt(by.axis))];
    this.#editor.prepend({ ...node, attributes: axis });
    return output;
  }

  /** Scale and zero point of a root tensor, stored once for all that share it. */
  #parameters(scaleBase: string, zeroBase: string, make: () => readonly [Tensor, Tensor]): readonly [string, string] {
    const scale = this.#once(`scale ${scaleBase}`, () => this.#editor.freshValue(scaleBase));
    const zeroPoint = this.#once(`zero ${zeroBase}`, () => this.#editor.freshValue(zeroBase));
    const [scaleTensor, zeroTensor] = make();
    this.#editor.setInitializer({ ...scaleTensor, name: scale });
    this.#editor.setInitializer({ ...zeroTensor, name: zeroPoint });
    return [scale, zeroPoint];
  }
}
