import { usedValues } from '../graph/index-graph.ts';
import type { Graph, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { free, withTensorValues } from '../graph/tensor-data.ts';
import { castToFloatNode, castToHalfNode, convertsToHalf } from '../operators/nodes.ts';

/** The largest number of half precision, and the smallest that is not 0. */
export const [LARGEST_HALF, SMALLEST_HALF] = [65_504, 2 ** -24] as const;

export interface HalfOptions {
  /** Nodes that compute in float32, by name. */
  readonly blocked: ReadonlySet<string>;
  readonly isFloat: (value: string) => boolean;
}

export interface HalfGraph {
  readonly graph: Graph;
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Weights that lay outside of what half precision holds, and were moved to its ends. */
  readonly clamped: number;
}

/**
 * A graph in half precision, with inputs and outputs in float32: casts stand behind the inputs, before the outputs, and around
 * nodes that stay in float32. Weights beyond ±65,504 become that; those that would vanish become the smallest number there is.
 * @param graph nodes named uniquely, no subgraphs in nodes that are not blocked; not modified
 */
export function halfGraph(graph: Graph, options: HalfOptions): HalfGraph {
  const writer = new HalfWriter(graph, options);
  for (const node of graph.nodes) writer.write(node);
  return writer.finish();
}

class HalfWriter {
  readonly #graph: Graph;
  readonly #options: HalfOptions;
  readonly #nodes: Node[] = [];
  readonly #sources = new Map<string, readonly string[]>();
  readonly #initializers = new Map<string, Tensor>();
  /** Values that keep their name in float32: outputs of the graph, and what bodies of nodes read. */
  readonly #kept: ReadonlySet<string>;
  /** The name under which a value is read in half precision, and in float32. */
  readonly #half = new Map<string, string>();
  readonly #float = new Map<string, string>();
  /** Initializers as the source has them. */
  readonly #constants: ReadonlyMap<string, Tensor>;
  #clamped = 0;

  constructor(graph: Graph, options: HalfOptions) {
    this.#graph = graph;
    this.#options = options;
    const read = graph.nodes.flatMap((node) => {
      const own = new Set(node.inputs);
      return usedValues(node).filter((value) => !own.has(value));
    });
    this.#kept = new Set([...graph.outputs.map(({ name }) => name), ...read]);
    this.#constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    for (const { name } of graph.inputs) this.#float.set(name, name);
  }

  write(node: Node): void {
    const { blocked, isFloat } = this.#options;
    const inHalf = !blocked.has(node.name);
    const inputs = node.inputs.map((value) => {
      if (value === '' || !isFloat(value)) return this.#asItIs(value);
      return inHalf ? this.#inHalf(value, node) : this.#inFloat(value, node);
    });
    const outputs = node.outputs.map((value) => {
      if (value === '' || !isFloat(value)) return value;
      if (!inHalf) {
        this.#float.set(value, value);
        return value;
      }
      const made = this.#kept.has(value) ? `${value}_half` : value;
      this.#half.set(value, made);
      return made;
    });
    this.#nodes.push({ ...(inHalf ? convertsToHalf(node) : node), inputs, outputs });
    for (const value of node.outputs) {
      if (inHalf && this.#kept.has(value) && isFloat(value)) this.#inFloat(value, node, value);
    }
  }

  finish(): HalfGraph {
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    for (const name of this.#kept) if (this.#constants.has(name)) this.#asItIs(name);
    const graph = {
      ...this.#graph,
      // Old models list their weights among the inputs.
      inputs: this.#graph.inputs.filter(({ name }) => !this.#constants.has(name)),
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()].filter(({ name }) => used.has(name) || this.#kept.has(name)),
      // Types have changed; the runtime infers them.
      valueInfos: [],
    };
    return { graph, sources: this.#sources, clamped: this.#clamped };
  }

  #asItIs(value: string): string {
    const constant = this.#constants.get(value);
    if (constant !== undefined) this.#initializers.set(value, constant);
    return value;
  }

  #inHalf(value: string, reader: Node): string {
    const known = this.#half.get(value);
    if (known !== undefined) return known;
    const constant = this.#constants.get(value);
    const name = `${value}_half`;
    this.#half.set(value, name);
    if (constant === undefined) {
      this.#cast(castToHalfNode([value], name, { name: `${value}_to_half` }), reader);
      return name;
    }
    const { values, clamped } = withTensorValues(constant, (all) => toHalf(all as Float32Array));
    this.#clamped += clamped;
    this.#initializers.set(name, makeTensor(name, 'float16', constant.dims, values));
    free(values);
    return name;
  }

  #inFloat(value: string, reader: Node, name = `${value}_float`): string {
    if (this.#constants.has(value)) return this.#asItIs(value);
    const known = this.#float.get(value);
    if (known !== undefined) return known;
    this.#float.set(value, name);
    const half = this.#half.get(value) ?? value;
    this.#cast(castToFloatNode([half], name, { name: `${value}_to_float` }), reader);
    return name;
  }

  #cast(node: Node, reader: Node): void {
    this.#nodes.push(node);
    this.#sources.set(node.name, [reader.name]);
  }
}

/** Values within what half precision holds; infinities stay. */
export function toHalf(values: Float32Array): { readonly values: Float32Array; readonly clamped: number } {
  const within = values.slice();
  let clamped = 0;
  for (let i = 0; i < within.length; i++) {
    const value = within[i]!;
    const size = Math.abs(value);
    if (size > LARGEST_HALF && size < Infinity) {
      within[i] = Math.sign(value) * LARGEST_HALF;
      clamped++;
    } else if (size > 0 && size < SMALLEST_HALF) {
      within[i] = Math.sign(value) * SMALLEST_HALF;
    }
  }
  return { values: within, clamped };
}
