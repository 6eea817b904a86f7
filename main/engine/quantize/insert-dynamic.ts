import { assert } from '../../base/errors.ts';
import { floatAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { roleOf } from '../operators/ask.ts';
import { constantFloats, floatDims } from '../operators/constant-behind.ts';
import {
  addNode,
  castToFloatNode,
  convIntegerNode,
  dynamicQuantizeNode,
  matrixProductIntegerNode,
  multiplyNode,
} from '../operators/nodes.ts';
import type { CodeFormat } from './schemes.ts';
import { middleCode } from './schemes.ts';
import { codesOf } from './quantize-activations.ts';
import { quantizeWeights, weightScales } from './quantize-weights.ts';
import type { Unit } from './unit.ts';

export interface DynamicOptions {
  readonly perChannel: boolean;
  /** The codes of weights. */
  readonly format: CodeFormat;
}

/**
 * Writes layers as integer kernels whose activations are quantized while the model runs: DynamicQuantizeLinear, MatMulInteger
 * (ConvInteger), Cast, Mul by both scales, Add of the bias. In this form the runtime makes one kernel of each product.
 * @param units layers with constant weights: matrix products with weights [K, N] (or [N, K] of a Gemm with transB), convolutions
 * @throws QUANTIZE_NOT_FINITE when weights are not finite
 */
export function insertDynamic(
  graph: Graph,
  units: readonly Unit[],
  options: DynamicOptions,
): { readonly graph: Graph; readonly sources: ReadonlyMap<string, readonly string[]> } {
  const writer = new DynamicWriter(graph, options);
  for (const unit of units) writer.write(unit);
  return { graph: writer.build(), sources: writer.sources };
}

/** The codes of an activation, with their scale and zero point. */
interface Quantized {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

class DynamicWriter {
  readonly #editor: GraphEditor;
  readonly #index: GraphIndex;
  readonly #options: DynamicOptions;
  readonly #activations = new Map<string, Quantized>();
  readonly sources = new Map<string, readonly string[]>();

  constructor(graph: Graph, options: DynamicOptions) {
    this.#editor = new GraphEditor(graph);
    this.#index = indexGraph(graph);
    this.#options = options;
  }

  build(): Graph {
    return this.#editor.build({ dropUnused: true });
  }

  write(unit: Unit): void {
    const { node, layer } = unit;
    const x = this.#quantized(node.inputs[unit.dataInputs[0]!] ?? '', unit);
    const { weights, zeroPoint, scales, width } = this.#weights(unit);
    const isMatrix = isProduct(unit);
    const [sums, real, scale] = ['integer', 'sums', 'scale'].map((part) => this.#editor.freshValue(`${layer}_${part}`));
    const inputs = [x.codes, weights, x.zeroPoint, zeroPoint];
    const integer = isMatrix
      ? matrixProductIntegerNode(inputs, sums!, { name: this.#name(`${layer}_integer`, layer) })
      : {
          ...convIntegerNode(inputs, sums!, { name: this.#name(`${layer}_integer`, layer) }),
          attributes: node.attributes,
        };
    const bias = this.#bias(unit, isMatrix ? [width] : this.#channelDims(unit, width));
    const output = node.outputs[0] ?? '';
    const scaled = bias === undefined ? output : this.#editor.freshValue(`${layer}_scaled`);
    this.#editor.insertBefore(
      node,
      integer,
      castToFloatNode([sums!], real!, { name: this.#name(`${layer}_Cast`, layer) }),
      multiplyNode([x.scale, scales], scale!, { name: this.#name(`${layer}_scales`, layer) }),
      multiplyNode([real!, scale!], scaled, { name: this.#name(`${layer}_scaling`, layer) }),
      ...(bias === undefined ? [] : [addNode([scaled, bias], output, { name: this.#name(`${layer}_bias`, layer) })]),
    );
    this.#editor.removeNode(node);
  }

  /** Codes of a value, made once for all that read it, where it is made. */
  #quantized(value: string, unit: Unit): Quantized {
    const known = this.#activations.get(value);
    if (known !== undefined) return known;
    const [codes, scale, zeroPoint] = ['quantized', 'scale', 'zero_point'].map((part) =>
      this.#editor.freshValue(`${value}_${part}`),
    );
    const node = dynamicQuantizeNode(value, [codes!, scale!, zeroPoint!], {
      name: this.#name(`${value}_DynamicQuantizeLinear`, unit.layer),
    });
    const producer = this.#index.producer(value);
    if (producer === undefined) this.#editor.prepend(node);
    else this.#editor.insertAfter(producer, node);
    const made = { codes: codes!, scale: scale!, zeroPoint: zeroPoint! };
    this.#activations.set(value, made);
    return made;
  }

  /** The codes of the weights, their zero point, and their scales in the shape in which they multiply the sums. */
  #weights(unit: Unit): { weights: string; zeroPoint: string; scales: string; width: number } {
    const { node, weights: operands } = unit;
    assert(operands !== undefined, `'${unit.layer}' has weights`);
    const { perChannel, format } = this.#options;
    const name = node.inputs[operands.weightInput] ?? '';
    const weight = constantFloats(this.#index, name);
    assert(weight !== undefined, `the weights of '${unit.layer}' are a float32 constant`);
    const { dims } = weight.tensor;
    const channelAxis = operands.channelAxis ?? 0;
    const axis = perChannel ? channelAxis : null;
    const scheme = { axis, format };
    const scales = weightScales(weight.values, dims, scheme, `Layer '${unit.layer}', weights '${name}'`);
    const { values } = quantizeWeights(weight.values, dims, { ...scheme, scales });
    const transposed = isProduct(unit) && channelAxis === 0;
    const written = transposed ? transpose(values, dims) : { values, dims };
    const alpha = factor(node, 'alpha');
    const width = dims[channelAxis] ?? 1;
    const scaleDims = isProduct(unit) ? [width] : this.#channelDims(unit, width);
    const factors = scales.map((scale) => scale * alpha);
    return {
      weights: this.#constant(`${unit.layer}/weights_quantized`, format.dtype, written.dims, written.values),
      zeroPoint: this.#constant(
        `${unit.layer}/weights_zero_point`,
        format.dtype,
        [],
        codesOf(format.dtype, 1).fill(middleCode(format)),
      ),
      scales: this.#constant(`${unit.layer}/weights_scale`, 'float32', axis === null ? [] : scaleDims, factors),
      width,
    };
  }

  #bias(unit: Unit, dims: readonly number[]): string | undefined {
    const { node, weights } = unit;
    if (weights?.biasInput === undefined) return undefined;
    const bias = constantFloats(this.#index, node.inputs[weights.biasInput] ?? '');
    assert(bias !== undefined, `the bias of '${unit.layer}' is a float32 constant`);
    const beta = factor(node, 'beta');
    const values = Float32Array.from(bias.values, (value) => value * beta);
    return this.#constant(`${unit.layer}/bias`, 'float32', values.length === 1 ? [1] : dims, values);
  }

  /** [1, M, 1, …]: a channel of a convolution's output. */
  #channelDims({ node, weights }: Unit, width: number): readonly number[] {
    const rank = floatDims(this.#index, node.inputs[weights?.weightInput ?? 1] ?? '')?.length ?? 4;
    return [1, width, ...Array.from({ length: rank - 2 }, () => 1)];
  }

  #constant(
    base: string,
    dtype: 'float32' | CodeFormat['dtype'],
    dims: readonly number[],
    values: Float32Array | ReturnType<typeof codesOf>,
  ): string {
    const name = this.#editor.freshValue(base);
    this.#editor.setInitializer(makeTensor(name, dtype, dims, values));
    return name;
  }

  #name(base: string, layer: string): string {
    const name = this.#editor.freshNode(base);
    this.sources.set(name, [layer]);
    return name;
  }
}

/** Whether it multiplies by a matrix, and is no convolution. */
export function isProduct({ node }: Unit): boolean {
  const role = roleOf(node);
  return role.kind === 'weighted' && role.kernel === 'matmul';
}

/** Gemm's alpha or beta; 1 for others. */
function factor(node: Node, name: 'alpha' | 'beta'): number {
  const role = roleOf(node);
  return role.kind === 'weighted' && role.factors === true ? floatAttribute(node, name, 1) : 1;
}

/** [N, K] as [K, N]. */
function transpose(
  values: ReturnType<typeof codesOf>,
  dims: readonly number[],
): { readonly values: ReturnType<typeof codesOf>; readonly dims: readonly number[] } {
  const [rows = 1, columns = 1] = dims;
  const turned = values.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  }
  return { values: turned, dims: [columns, rows] };
}
