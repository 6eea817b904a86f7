/**
 * Builds small models for tests: `graph().input('x', 'float32', ['N', 3, 8, 8]).conv({ channels: 4 }).relu().output().build()`.
 *
 * The chain holds a current value: each step takes it as first input and makes its own output current. Weights that are not
 * given are random from a fixed seed, uniform in [-0.5, 0.5), so that the same chain is the same model.
 */
import type { AttributeInput } from '../../main/engine/graph/attributes.ts';
import type { FunctionDef, Graph, Model, Node, Shape, Tensor, ValueInfo } from '../../main/engine/graph/ir.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../../main/engine/graph/make.ts';
import type { DType } from '../../main/engine/tensor/dtype.ts';
import type { NumericArray } from '../../main/engine/tensor/numeric.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';

type Attributes = Readonly<Record<string, AttributeInput>>;

/** What a step may say about its node. */
export interface StepOptions {
  readonly name?: string;
  /** The value to start from; the current one when not given. */
  readonly from?: string;
  /** Name of the output; made up when not given. */
  readonly to?: string;
}

export interface ConvOptions extends StepOptions {
  /** Channels in; those of the last conv, or of the input, when not given. */
  readonly inputs?: number;
  readonly channels: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly group?: number;
  readonly bias?: boolean;
  /** Float32 values of the weight [channels, inputs / group, kernel, kernel]. */
  readonly weight?: readonly number[];
}

export interface GemmOptions extends StepOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias?: boolean;
  /** Float32 values of the weight [outputs, inputs] (transB = 1). */
  readonly weight?: readonly number[];
}

export interface BuildOptions {
  readonly opset?: number;
  readonly irVersion?: number;
  readonly functions?: readonly FunctionDef[];
  /** Further operator sets: domain to version. */
  readonly domains?: Readonly<Record<string, number>>;
}

export class GraphBuilder {
  readonly #name: string;
  readonly #random: () => number;
  readonly #nodes: Node[] = [];
  readonly #initializers: Tensor[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  #values = 0;
  #channels = 0;
  /** The value that the next step starts from. */
  current = '';

  constructor(name: string, seed: number) {
    this.#name = name;
    this.#random = seededRandom(seed);
  }

  /** A graph input; becomes the current value. */
  input(name: string, dtype: DType = 'float32', shape?: Shape): this {
    this.#inputs.push(makeValueInfo(name, dtype, shape));
    this.current = name;
    const channels = shape?.[1];
    if (typeof channels === 'number') this.#channels = channels;
    return this;
  }

  /** An initializer; the current value stays. */
  initializer(
    name: string,
    dtype: DType,
    dims: readonly number[],
    values: NumericArray | readonly number[] | readonly bigint[],
  ): this {
    return this.tensor(makeTensor(name, dtype, dims, toArray(dtype, values)));
  }

  /** A ready initializer. */
  tensor(tensor: Tensor): this {
    this.#initializers.push(tensor);
    return this;
  }

  /** A float32 initializer with random values. */
  weights(name: string, dims: readonly number[]): this {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return this.initializer(
      name,
      'float32',
      dims,
      Float32Array.from({ length: count }, () => this.#random() - 0.5),
    );
  }

  /**
   * Any node. Its first output becomes current.
   * @param attributes integers as bigint, floats as number; `name` and `domain` in `parts`
   */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    outputs: readonly string[] = [this.#fresh(opType)],
    parts: { readonly name?: string; readonly domain?: string } = {},
  ): this {
    return this.add(makeNode(opType, inputs, outputs, { ...parts, attributes }));
  }

  /** A ready node. Its first output becomes current. */
  add(node: Node): this {
    this.#nodes.push(node);
    this.current = node.outputs[0] ?? this.current;
    return this;
  }

  /** Continues from another value. */
  from(value: string): this {
    this.current = value;
    return this;
  }

  conv(options: ConvOptions): this {
    const { channels, kernel = 3, stride = 1, pad = Math.floor(kernel / 2), group = 1, bias = true } = options;
    const name = options.name ?? `conv${this.#nodes.length}`;
    const dims = [channels, (options.inputs ?? this.#channels) / group, kernel, kernel];
    this.#weight(`${name}.weight`, dims, options.weight);
    if (bias) this.weights(`${name}.bias`, [channels]);
    this.#channels = channels;
    const inputs = [options.from ?? this.current, `${name}.weight`, ...(bias ? [`${name}.bias`] : [])];
    const attributes = {
      kernel_shape: [BigInt(kernel), BigInt(kernel)],
      strides: [BigInt(stride), BigInt(stride)],
      pads: [pad, pad, pad, pad].map(BigInt),
      group: BigInt(group),
    };
    return this.node('Conv', inputs, attributes, [options.to ?? this.#fresh('Conv')], { name });
  }

  gemm(options: GemmOptions): this {
    const name = options.name ?? `gemm${this.#nodes.length}`;
    const bias = options.bias ?? true;
    this.#weight(`${name}.weight`, [options.outputs, options.inputs], options.weight);
    if (bias) this.weights(`${name}.bias`, [options.outputs]);
    const inputs = [options.from ?? this.current, `${name}.weight`, ...(bias ? [`${name}.bias`] : [])];
    return this.node('Gemm', inputs, { transB: 1n }, [options.to ?? this.#fresh('Gemm')], { name });
  }

  /** MatMul with a random weight [inputs, outputs]. */
  matmul(options: StepOptions & { readonly inputs: number; readonly outputs: number }): this {
    const name = options.name ?? `matmul${this.#nodes.length}`;
    this.weights(`${name}.weight`, [options.inputs, options.outputs]);
    return this.unary('MatMul', options, [`${name}.weight`], name);
  }

  relu(options: StepOptions = {}): this {
    return this.unary('Relu', options);
  }

  /** Adds another value to the current one. */
  addTo(other: string, options: StepOptions = {}): this {
    return this.unary('Add', options, [other]);
  }

  globalAveragePool(options: StepOptions = {}): this {
    return this.unary('GlobalAveragePool', options);
  }

  flatten(options: StepOptions = {}): this {
    return this.unary('Flatten', options);
  }

  softmax(options: StepOptions = {}): this {
    return this.unary('Softmax', options);
  }

  /** A node that takes the current value first, then the others. */
  unary(opType: string, options: StepOptions = {}, others: readonly string[] = [], defaultName?: string): this {
    const name = options.name ?? defaultName ?? `${opType.toLowerCase()}${this.#nodes.length}`;
    const inputs = [options.from ?? this.current, ...others];
    return this.node(opType, inputs, {}, [options.to ?? this.#fresh(opType)], { name });
  }

  /** Makes the current (or named) value a graph output. */
  output(name = this.current, dtype: DType = 'float32', shape?: Shape): this {
    this.#outputs.push(makeValueInfo(name, dtype, shape));
    return this;
  }

  /** The graph alone, for subgraphs. */
  buildGraph(): Graph {
    return makeGraph({
      name: this.#name,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }

  /** The model: IR version 10, opset 21 unless given otherwise. */
  build(options: BuildOptions = {}): Model {
    const opsets = Object.entries({ '': options.opset ?? 21, ...options.domains });
    return makeModel(this.buildGraph(), {
      irVersion: options.irVersion ?? 10,
      opsetImports: opsets.map(([domain, version]) => ({ domain, version, unknown: [] })),
      functions: options.functions ?? [],
    });
  }

  #fresh(opType: string): string {
    return `${opType.toLowerCase()}_${this.#values++}`;
  }

  #weight(name: string, dims: readonly number[], values: readonly number[] | undefined): void {
    if (values === undefined) this.weights(name, dims);
    else this.initializer(name, 'float32', dims, values);
  }
}

function toArray(dtype: DType, values: NumericArray | readonly number[] | readonly bigint[]): NumericArray {
  if (ArrayBuffer.isView(values)) return values;
  if (dtype === 'int64') return BigInt64Array.from(values, BigInt);
  if (dtype === 'uint64') return BigUint64Array.from(values, BigInt);
  return Float64Array.from<number | bigint>(values, Number);
}

/** Starts a graph. @param seed of the random weights */
export function graph(name = 'test', seed = 1): GraphBuilder {
  return new GraphBuilder(name, seed);
}
