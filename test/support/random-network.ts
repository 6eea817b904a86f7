/**
 * Networks put together by chance, of every kind of operator that ties channels: for properties of pruning. A program is a
 * list of numbers, so that fast-check shrinks it.
 */
import type { Model } from '../../main/engine/graph/ir.ts';
import { graph, type GraphBuilder } from './graph-builder.ts';
import { sequenceNetwork } from './random-sequence-network.ts';
import type { NetworkProgram, NetworkStep } from './network-program.ts';

/** A value [1, channels, height, width], or [1, steps, features]. */
interface Value {
  readonly name: string;
  readonly dims: readonly number[];
}

/** The model of a program; steps that do not fit the shapes at hand are left out. */
export function randomNetwork({ family, seed, width, steps }: NetworkProgram): Model {
  const builder = graph('random', seed);
  return family === 'image' ? imageNetwork(builder, width, steps) : sequenceNetwork(builder, width, steps);
}

function imageNetwork(builder: GraphBuilder, width: number, steps: readonly NetworkStep[]): Model {
  builder.input('x', 'float32', [1, 3, 8, 8]);
  const net = new ImageNetwork(builder);
  net.conv({ name: 'x', dims: [1, 3, 8, 8] }, width);
  for (const step of steps) net.add(step);
  const last = net.current;
  builder.from(last.name);
  if (steps.length % 2 === 0) {
    builder.globalAveragePool().flatten();
    builder.gemm({ inputs: last.dims[1]!, outputs: 4 });
  } else {
    builder.flatten();
    builder.matmul({ inputs: last.dims.slice(1).reduce((product, size) => product * size, 1), outputs: 4 });
  }
  return builder.output(builder.current, 'float32', [1, 4]).build();
}

const UNARY = ['Relu', 'Sigmoid', 'HardSwish', 'Tanh', 'LeakyRelu', 'Softplus', 'Abs', 'Elu', 'Identity', 'Erf'];

class ImageNetwork {
  readonly #builder: GraphBuilder;
  readonly #pool: Value[] = [];
  #count = 0;

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  get current(): Value {
    return this.#pool.at(-1)!;
  }

  conv(from: Value, channels: number, options: { kernel?: number; group?: number; stride?: number } = {}): Value {
    const { kernel = 1, group = 1, stride = 1 } = options;
    const pad = (kernel - 1) / 2;
    const inputs = from.dims[1]!;
    this.#builder.conv({
      from: from.name,
      to: this.#name('conv'),
      name: `conv_${this.#count}`,
      inputs,
      channels,
      kernel,
      group,
      stride,
      pad,
      bias: this.#count % 3 !== 0,
    });
    const size = (axis: number): number => Math.floor((from.dims[axis]! + 2 * pad - kernel) / stride) + 1;
    return this.#push([1, channels, size(2), size(3)]);
  }

  add({ pick, detail, other }: NetworkStep): void {
    const from = this.current;
    const [, c = 1, h = 1, w = 1] = from.dims;
    const choices: readonly (() => void)[] = [
      () => this.conv(from, 2 + (detail % 9)),
      () => this.conv(from, 2 + (detail % 7), { kernel: 3, stride: h > 4 ? 1 + (other % 2) : 1 }),
      () => this.conv(from, c, { kernel: 3, group: c }),
      () => c % 2 === 0 && this.conv(from, 2 * (1 + (detail % 4)), { group: 2 }),
      () => this.conv(from, c * 2, { group: c }),
      () => this.#transposed(from, 2 + (detail % 5), c % 2 === 0 && other % 3 === 0 ? 2 : 1),
      () => this.#norm('BatchNormalization', from, ['scale', 'B', 'mean', 'var']),
      () => this.#norm('InstanceNormalization', from, ['scale', 'B']),
      () => this.#groupNorm(from, detail),
      () => this.#node(UNARY[detail % UNARY.length]!, [from.name], from.dims),
      () => this.#node('PRelu', [from.name, this.#weights([c, 1, 1])], from.dims),
      () => this.#node(other % 2 === 0 ? 'Mul' : 'Add', [from.name, this.#weights([1, c, 1, 1])], from.dims),
      () => this.#join(from, detail, other),
      () => this.#squeezeExcite(from, 1 + (detail % 4)),
      () => this.#concat(from, detail, other),
      () => this.#splitSwap(from, detail),
      () => this.#slice(from, detail, other),
      () => this.#gather(from, detail),
      () => this.#padChannels(from, detail % 3, other % 3),
      () =>
        h < 16 &&
        this.#node('Resize', [from.name, '', this.#floats([1, 1, 2, 2])], [1, c, 2 * h, 2 * w], { mode: 'nearest' }),
      () =>
        h < 16 &&
        this.#node('Resize', [from.name, '', '', this.#ints([1, c, 2 * h, w])], [1, c, 2 * h, w], { mode: 'nearest' }),
      () => this.#pooled(detail % 2 === 0 ? 'MaxPool' : 'AveragePool', from),
      () =>
        c % 4 === 0 &&
        this.#node('DepthToSpace', [from.name], [1, c / 4, 2 * h, 2 * w], {
          blocksize: 2n,
          mode: detail % 2 === 0 ? 'DCR' : 'CRD',
        }),
      () =>
        h % 2 === 0 &&
        w % 2 === 0 &&
        this.#node('SpaceToDepth', [from.name], [1, c * 4, h / 2, w / 2], { blocksize: 2n }),
      () => this.#channelsLast(from),
      () => c < 16 && this.#node('Tile', [from.name, this.#ints([1, 2, 1, 1])], [1, 2 * c, h, w]),
      () => this.#shuffle(from, detail),
      () => this.#expand(from),
      () => this.#node('LRN', [from.name], from.dims, { size: 3n }),
      () => this.#node('ReduceMean', [from.name, this.#ints([2, 3])], [1, c, 1, 1], { keepdims: 1n }),
      () => this.#node('Softmax', [from.name], from.dims, { axis: BigInt(detail % 2 === 0 ? 1 : 3) }),
      () => this.#where(from),
      () => this.#chunkedByShape(from),
      () => this.#reshapeRoundTrip(from),
    ];
    choices[pick % choices.length]!();
  }

  #name(stem: string): string {
    return `${stem}_${++this.#count}_out`;
  }

  #push(dims: readonly number[], name = this.#builder.current): Value {
    const value = { name, dims };
    this.#pool.push(value);
    return value;
  }

  #node(opType: string, inputs: readonly string[], dims: readonly number[], attributes = {}): Value {
    const name = this.#name(opType.toLowerCase());
    this.#builder.node(opType, inputs, attributes, [name], { name: name.replace(/_out$/, '') });
    return this.#push(dims);
  }

  #weights(dims: readonly number[]): string {
    const name = `w_${++this.#count}`;
    this.#builder.weights(name, dims);
    return name;
  }

  #floats(values: readonly number[]): string {
    const name = `f_${++this.#count}`;
    this.#builder.initializer(name, 'float32', [values.length], values);
    return name;
  }

  #ints(values: readonly number[]): string {
    const name = `i_${++this.#count}`;
    this.#builder.initializer(name, 'int64', [values.length], values.map(BigInt));
    return name;
  }

  #transposed(from: Value, channels: number, group: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (h > 12) return;
    const made = channels - (channels % group) || group;
    const weight = this.#weights([c, made / group, 2, 2]);
    const bias = this.#weights([made]);
    this.#node('ConvTranspose', [from.name, weight, bias], [1, made, h + 1, w + 1], {
      kernel_shape: [2n, 2n],
      group: BigInt(group),
    });
  }

  #norm(opType: string, from: Value, vectors: readonly string[]): void {
    const c = from.dims[1]!;
    const names = vectors.map((vector) => {
      if (vector !== 'var') return this.#weights([c]);
      const name = `var_${++this.#count}`;
      this.#builder.initializer(
        name,
        'float32',
        [c],
        Array.from({ length: c }, (_, at) => 0.5 + (at % 3) / 2),
      );
      return name;
    });
    this.#node(opType, [from.name, ...names], from.dims);
  }

  #groupNorm(from: Value, detail: number): void {
    const c = from.dims[1]!;
    const groups = [2, 3, 4].filter((count) => c % count === 0 && c > count)[detail % 3] ?? 1;
    this.#node('GroupNormalization', [from.name, this.#weights([c]), this.#weights([c])], from.dims, {
      num_groups: BigInt(groups),
    });
  }

  /** Adds an earlier value of the same shape, or a projection of the current one. */
  #join(from: Value, detail: number, other: number): void {
    const same = this.#pool.filter(({ dims, name }) => dims.join() === from.dims.join() && name !== from.name);
    const partner = same[detail % Math.max(1, same.length)] ?? this.conv(from, from.dims[1]!);
    this.#node(other % 2 === 0 ? 'Add' : 'Mul', [from.name, partner.name], from.dims);
  }

  #squeezeExcite(from: Value, hidden: number): void {
    const c = from.dims[1]!;
    const pooled = this.#node('GlobalAveragePool', [from.name], [1, c, 1, 1]);
    const narrow = this.conv(pooled, hidden);
    const active = this.#node('Relu', [narrow.name], narrow.dims);
    const wide = this.conv(active, c);
    const gate = this.#node('Sigmoid', [wide.name], wide.dims);
    this.#node('Mul', [from.name, gate.name], from.dims);
  }

  #concat(from: Value, detail: number, other: number): void {
    const [, c = 1, h, w] = from.dims;
    if (c > 20) return;
    const fitting = this.#pool.filter(({ dims }) => dims[2] === h && dims[3] === w && dims[1]! < 12);
    const partner = fitting[detail % Math.max(1, fitting.length)] ?? this.conv(from, 2 + (other % 4));
    const parts = other % 2 === 0 ? [from, partner] : [partner, from];
    const channels = parts.reduce((sum, { dims }) => sum + dims[1]!, 0);
    this.#node(
      'Concat',
      parts.map(({ name }) => name),
      [1, channels, h!, w!],
      { axis: 1n },
    );
  }

  /** Splits the channels in two and joins them in the other order. */
  #splitSwap(from: Value, detail: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (c < 2) return;
    const first = 1 + (detail % (c - 1));
    const outputs = [this.#name('part'), this.#name('part')];
    const name = `split_${++this.#count}`;
    this.#builder.node('Split', [from.name, this.#ints([first, c - first])], { axis: 1n }, outputs, { name });
    this.#push([1, c - first, h, w], outputs[1]!);
    const active = this.#node('Relu', [outputs[0]!], [1, first, h, w]);
    this.#node('Concat', [outputs[1]!, active.name], from.dims, { axis: 1n });
  }

  #slice(from: Value, detail: number, other: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (c < 3) return;
    const start = detail % (c - 1);
    const step = other % 3 === 0 ? 2 : 1;
    const end = other % 4 === 1 ? 2 ** 31 - 1 : c - (other % 2);
    const count = Math.ceil((Math.min(end, c) - start) / step);
    if (count < 1) return;
    const settings = [[start], [end], [1], [step]].map((values) => this.#ints(values));
    this.#node('Slice', [from.name, ...settings], [1, count, h, w]);
  }

  #gather(from: Value, detail: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    const indices = Array.from({ length: Math.max(2, c - 1) }, (_, at) => (at * 3 + detail) % c);
    this.#node('Gather', [from.name, this.#ints(indices)], [1, indices.length, h, w], { axis: 1n });
  }

  #padChannels(from: Value, before: number, after: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (c > 16) return;
    const pads = this.#ints([0, before, 0, 0, 0, after, 0, 0]);
    this.#node('Pad', [from.name, pads, this.#scalar(0.25)], [1, c + before + after, h, w]);
  }

  #scalar(value: number): string {
    const name = `s_${++this.#count}`;
    this.#builder.initializer(name, 'float32', [], [value]);
    return name;
  }

  #pooled(opType: string, from: Value): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (h < 3 || w < 3) return;
    this.#node(opType, [from.name], [1, c, h - 1, w - 1], { kernel_shape: [2n, 2n] });
  }

  /** To channels last, scaled there, and back. */
  #channelsLast(from: Value): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    const last = this.#node('Transpose', [from.name], [1, h, w, c], { perm: [0n, 2n, 3n, 1n] });
    const scaled = this.#node('Mul', [last.name, this.#weights([c])], last.dims);
    const mixed = this.#node('MatMul', [scaled.name, this.#weights([c, c + 1])], [1, h, w, c + 1]);
    this.#node('Transpose', [mixed.name], [1, c + 1, h, w], { perm: [0n, 3n, 1n, 2n] });
  }

  #shuffle(from: Value, detail: number): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    const groups = [2, 3, 4].find((count, at) => c % count === 0 && at >= detail % 3);
    if (groups === undefined) return;
    const apart = this.#node('Reshape', [from.name, this.#ints([1, groups, c / groups, h, w])], []);
    const turned = this.#node('Transpose', [apart.name], [], { perm: [0n, 2n, 1n, 3n, 4n] });
    this.#node('Reshape', [turned.name, this.#ints([1, c, h, w])], from.dims);
  }

  #expand(from: Value): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    const row = this.#weights([1, c, 1, 1]);
    const wide = this.#node('Expand', [row, this.#ints([1, c, h, w])], from.dims);
    this.#node('Add', [from.name, wide.name], from.dims);
  }

  #where(from: Value): void {
    const positive = this.#name('greater');
    this.#builder.node('Greater', [from.name, this.#scalar(0)], {}, [positive], { name: `${positive}_node` });
    this.#node('Where', [positive, from.name, this.#weights([1, from.dims[1]!, 1, 1])], from.dims);
  }

  /** Two halves by a size that the model computes, added: as exporters write chunk() of dynamic shapes. */
  #chunkedByShape(from: Value): void {
    const [, c = 1, h = 1, w = 1] = from.dims;
    if (c % 2 !== 0) return;
    const shape = this.#node('Shape', [from.name], []);
    const size = this.#node('Gather', [shape.name, this.#ints([1])], []);
    const half = this.#node('Div', [size.name, this.#ints([2])], []);
    const first = this.#node('Slice', [from.name, this.#ints([0]), half.name, this.#ints([1])], []);
    const second = this.#node('Slice', [from.name, half.name, size.name, this.#ints([1])], []);
    this.#node('Add', [first.name, second.name], [1, c / 2, h, w]);
  }

  /** To [1, c, h·w] and back, by a shape that the model computes in part. */
  #reshapeRoundTrip(from: Value): void {
    const [, , h = 1, w = 1] = from.dims;
    const flat = this.#node('Reshape', [from.name, this.#ints([0, 0, -1])], []);
    const shape = this.#node('Shape', [flat.name], []);
    const front = this.#node('Slice', [shape.name, this.#ints([0]), this.#ints([2])], []);
    const whole = this.#node('Concat', [front.name, this.#ints([h, w])], [], { axis: 0n });
    this.#node('Reshape', [flat.name, whole.name], from.dims);
  }
}
