import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node, Shape, Tensor } from '../graph/ir.ts';
import { clipBounds } from '../operators/clip-bounds.ts';
import { inferModel } from '../operators/infer.ts';
import {
  concatNode,
  globalMaxPoolNode,
  largestNode,
  maximumNode,
  maxPoolNode,
  minimumNode,
  reshapeNode,
  sliceNode,
} from '../operators/nodes.ts';
import type { ObservedTensor, OutputPart } from '../runtime/protocol.ts';

/** Of tensors with so many elements in a sample, only some are counted in the histogram. */
const LARGE = 2048;
/** Every 7th, with another start in each batch: a prime, so that every column of a matrix is met. */
export const STEP = 7;
/** The input that says where to start. */
export const START = 'lapidary_start';
/** Of images every 4th pixel of every 4th row; of those with so many elements every 8th. */
const HUGE = 2 ** 17;
const PIXEL_STEPS = { large: 4, huge: 8 } as const;
/** The output that depends on all others. */
const ALL = 'lapidary_all';
/** Elements of a sample in tensors that are looked at together. */
const STRETCH = 2 ** 19;
const [FLAT, END, FIRST_AXIS, EVERY] = ['lapidary_flat', 'lapidary_end', 'lapidary_axis', 'lapidary_step'] as const;

/** A model that gives what there is to know of some tensors, as its only outputs, and where each of them finds it. */
export interface WatchedModel {
  readonly model: Model;
  /** In the order of the tensors. */
  readonly observed: readonly ObservedTensor[];
}

/**
 * Adds what finds the extremes of tensors, and takes some of their values. Images stay in the layout in which convolutions compute
 * (pools read it): to write MobileNetV2's images out for every reduction took three times as long as inference itself. What has the same
 * form is joined, so that one node brings it into the layout of outputs: the runtime takes some 15 μs for each node and output.
 *
 * Tensors are looked at soon after they were computed: the runtime takes what the last output depends on in the order of the nodes that
 * its operator reads, so one output depends on all that is found, that of the first tensors first; what is joined reaches over
 * {@link STRETCH} elements of a sample at most. Else it looks when all is computed, and holds every tensor until then.
 * @param model opset ≥ 10, float32 where `tensors` are; not modified. It gets a further input, START
 */
export function watchTensors(model: Model, tensors: readonly string[]): WatchedModel {
  const { values } = inferModel(model);
  const index = indexGraph(model.graph);
  const places = new Map(
    model.graph.nodes.flatMap(({ outputs }, at) => outputs.map((output) => [output, at] as const)),
  );
  const placeOf = (name: string): number => places.get(name) ?? -1;
  const watch = new Watch();
  const found = new Map(
    tensors
      .toSorted((a, b) => placeOf(a) - placeOf(b))
      .map((name) => {
        const producer = index.producer(name);
        const low = producer === undefined ? undefined : clipBounds(producer, index)?.low;
        return [name, watch.tensor(name, values.get(name)?.shape ?? undefined, low === undefined || low < 0)];
      }),
  );
  const { nodes, constants, outputs } = watch.finish();
  const graph = {
    ...model.graph,
    inputs: [...model.graph.inputs, makeValueInfo(START, 'int64', [1])],
    initializers: [...model.graph.initializers, ...constants],
    nodes: [...model.graph.nodes, ...nodes],
    outputs: outputs.map((name) => makeValueInfo(name, 'float32', undefined)),
  };
  return { model: { ...model, graph }, observed: tensors.map((name) => found.get(name)!) };
}

/** Values of one form, to be joined along their second axis. */
interface Group {
  readonly output: string;
  readonly rank: number;
  readonly members: string[];
  width: number;
}

class Watch {
  readonly #nodes: Node[] = [];
  /** In the order in which they are found. */
  readonly #outputs: { readonly name: string; readonly rank: number }[] = [];
  #groups = new Map<string, Group>();
  /** Of a sample, in the tensors that the groups are of. */
  #elements = 0;
  #count = 0;

  tensor(name: string, shape: Shape | undefined, negative: boolean): ObservedTensor {
    const elements = elementsOf(shape);
    if (this.#elements + elements > STRETCH) this.#close();
    this.#elements += elements;
    const image = shape?.length === 4;
    return {
      values: this.#some(name, shape),
      least: negative ? this.#extreme(minimumNode, name, shape) : null,
      // Without a least value it is known that none is negative, and a range begins at 0 at the latest.
      greatest: image && !negative ? this.#channels(name, shape) : this.#extreme(maximumNode, name, shape),
    };
  }

  finish(): {
    readonly nodes: readonly Node[];
    readonly constants: readonly Tensor[];
    readonly outputs: readonly string[];
  } {
    this.#close();
    const signs = this.#outputs.map(({ name, rank }) => firstElement(name, rank));
    const all = largestNode(
      signs.flatMap(({ outputs }) => outputs),
      ALL,
      { name: ALL },
    );
    const ranks = [...new Set(this.#outputs.map(({ rank }) => rank))].filter((rank) => rank > 0);
    const constants = [
      constant(FLAT, [-1n]),
      constant(END, [2n ** 62n]),
      constant(FIRST_AXIS, [0n]),
      constant(EVERY, [BigInt(STEP)]),
      ...ranks.flatMap((rank) => [
        constant(zeros(rank), Array(rank).fill(0n)),
        constant(ones(rank), Array(rank).fill(1n)),
      ]),
    ];
    // Of what an operator reads the runtime takes the last node first.
    const nodes = [...this.#nodes, ...signs.toReversed(), all];
    return { nodes, constants, outputs: [...this.#outputs.map(({ name }) => name), ALL] };
  }

  /** What comes from now on is joined by itself. */
  #close(): void {
    for (const { output, rank, members } of this.#groups.values()) {
      this.#nodes.push(concatNode(members, output, { name: output, attributes: { axis: 1n } }));
      this.#outputs.push({ name: output, rank });
    }
    this.#groups = new Map();
    this.#elements = 0;
  }

  /** The least or greatest of all; those of one rank together. */
  #extreme(make: typeof minimumNode, name: string, shape: Shape | undefined): OutputPart {
    const rank = shape?.length ?? 0;
    const extreme = this.#fresh('extreme');
    this.#nodes.push(make([name], extreme, { name: extreme, attributes: { keepdims: rank < 2 ? 0n : 1n } }));
    return rank < 2 ? this.#whole(extreme, 0) : this.#join(`rank ${rank}`, extreme, { rank, count: 1 });
  }

  /** The greatest of each channel. */
  #channels(name: string, shape: Shape): OutputPart {
    const channels = this.#fresh('channels');
    this.#nodes.push(globalMaxPoolNode([name], channels, { name: channels }));
    const [batch, width] = shape;
    if (batch === null || typeof width !== 'number') return this.#whole(channels, 4);
    return this.#join(`channels ${batch}`, channels, { rank: 4, count: width });
  }

  /** The values that are counted. */
  #some(name: string, shape: Shape | undefined): OutputPart {
    const some = this.#fresh('some');
    const elements = elementsOf(shape);
    if (elements < LARGE) {
      this.#nodes.push(reshapeNode([name, FLAT], some, { name: some }));
      return this.#whole(some, 1);
    }
    if (shape?.length !== 4) {
      const flat = this.#fresh('flat');
      this.#nodes.push(reshapeNode([name, FLAT], flat, { name: flat }));
      this.#nodes.push(sliceNode([flat, START, END, FIRST_AXIS, EVERY], some, { name: some }));
      return this.#whole(some, 1);
    }
    const step = elements < HUGE ? PIXEL_STEPS.large : PIXEL_STEPS.huge;
    const strides = [BigInt(step), BigInt(step)];
    this.#nodes.push(maxPoolNode([name], some, { name: some, attributes: { kernel_shape: [1n, 1n], strides } }));
    const [batch, width, ...sizes] = shape;
    const left = sizes.map((size) => (typeof size === 'number' ? Math.ceil(size / step) : undefined));
    if (batch === null || typeof width !== 'number' || left.includes(undefined)) return this.#whole(some, 4);
    return this.#join(`pixels ${batch} ${left.join(' ')}`, some, { rank: 4, count: width });
  }

  #whole(output: string, rank: number): OutputPart {
    this.#outputs.push({ name: output, rank });
    return { output, indices: null };
  }

  #join(form: string, value: string, { rank, count }: { readonly rank: number; readonly count: number }): OutputPart {
    const group = this.#groups.get(form) ?? { output: this.#fresh('joined'), rank, members: [], width: 0 };
    this.#groups.set(form, group);
    const part = { output: group.output, indices: { from: group.width, count } };
    group.members.push(value);
    group.width += count;
    return part;
  }

  #fresh(what: string): string {
    return `lapidary_${what}_${this.#count++}`;
  }
}

/** Of a sample, as far as they are known. */
function elementsOf(shape: Shape | undefined): number {
  return (shape ?? []).filter((dim) => typeof dim === 'number').reduce((product, dim) => product * dim, 1);
}

/** A node that gives one element of an output. */
function firstElement(output: string, rank: number): Node {
  const sign = `${output}_first`;
  const [inputs, make] = rank === 0 ? [[output, FLAT], reshapeNode] : [[output, zeros(rank), ones(rank)], sliceNode];
  return make(inputs, sign, { name: sign });
}

const zeros = (rank: number): string => `lapidary_zeros_${rank}`;
const ones = (rank: number): string => `lapidary_ones_${rank}`;

function constant(name: string, values: readonly bigint[]): Tensor {
  return makeTensor(name, 'int64', [values.length], BigInt64Array.from(values));
}
