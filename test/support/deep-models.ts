/**
 * Topologies of well-known deep networks, with random weights of the size that training begins with: values neither vanish nor
 * grow along the depth, so that what is measured on them (sums, losses, solutions) are sound numbers.
 */
import type { Model } from '../../main/engine/graph/ir.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { graph, type GraphBuilder } from './graph-builder.ts';

/** How much a residual branch adds: tens of blocks then keep the stream's size. */
const BRANCH = 0.3;

/** A chain of layers, each with weights of variance 2 / fan-in. */
class Net {
  readonly builder: GraphBuilder;
  readonly #random = seededRandom(7);

  constructor(name: string, input: readonly (number | string)[]) {
    this.builder = graph(name).input('x', 'float32', [...input]);
  }

  get value(): string {
    return this.builder.current;
  }

  from(value: string): this {
    this.builder.from(value);
    return this;
  }

  /** Float32 weights, normal with this deviation around `mean`. */
  weights(name: string, dims: readonly number[], deviation: number, mean = 0): string {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    const values = Float32Array.from({ length: count }, () => mean + deviation * normal());
    this.builder.initializer(name, 'float32', dims, values);
    return name;
  }

  ints(name: string, values: readonly number[]): string {
    this.builder.initializer(name, 'int64', [values.length], BigInt64Array.from(values, BigInt));
    return name;
  }

  scalar(name: string, value: number): string {
    this.builder.initializer(name, 'float32', [], [value]);
    return name;
  }

  node(name: string, op: string, others: readonly string[] = [], attributes = {}): this {
    this.builder.node(op, [this.value, ...others], attributes, [`${name}.out`], { name });
    return this;
  }

  conv(name: string, of: { in: number; out: number; k?: number; s?: number; group?: number; gain?: number }): this {
    const { in: inputs, out, k = 1, s = 1, group = 1, gain = Math.SQRT2 } = of;
    const fan = (inputs / group) * k * k;
    const weight = this.weights(`${name}.weight`, [out, inputs / group, k, k], gain / Math.sqrt(fan));
    const bias = this.weights(`${name}.bias`, [out], 0.05);
    const pad = BigInt((k - 1) >> 1);
    return this.node(name, 'Conv', [weight, bias], {
      kernel_shape: [BigInt(k), BigInt(k)],
      strides: [BigInt(s), BigInt(s)],
      pads: [pad, pad, pad, pad],
      group: BigInt(group),
    });
  }

  /** Batch normalization of values whose variance is about 1. */
  norm(name: string, channels: number, gain = 1): this {
    const scale = this.weights(`${name}.scale`, [channels], 0.1 * gain, gain);
    const [shift, mean] = ['shift', 'mean'].map((part) => this.weights(`${name}.${part}`, [channels], 0.05));
    this.builder.initializer(`${name}.var`, 'float32', [channels], new Float32Array(channels).fill(1));
    return this.node(name, 'BatchNormalization', [scale, shift!, mean!, `${name}.var`]);
  }

  layerNorm(name: string, width: number): this {
    const [scale, shift] = [
      this.weights(`${name}.weight`, [width], 0.1, 1),
      this.weights(`${name}.bias`, [width], 0.05),
    ];
    return this.node(name, 'LayerNormalization', [scale, shift], { axis: -1n });
  }

  /** MatMul and Add, as exporters write a linear layer. */
  linear(name: string, of: { in: number; out: number; gain?: number }): this {
    const { in: inputs, out, gain = 1 } = of;
    const weight = this.weights(`${name}.weight`, [inputs, out], gain / Math.sqrt(inputs));
    const bias = this.weights(`${name}.bias`, [out], 0.05);
    return this.node(`${name}.matmul`, 'MatMul', [weight]).node(`${name}.add`, 'Add', [bias]);
  }

  /** x·σ(x). */
  swish(name: string): this {
    const before = this.value;
    return this.node(`${name}.sigmoid`, 'Sigmoid').node(`${name}.mul`, 'Mul', [before]);
  }

  /** GELU of the error function, in five nodes as exporters write it before opset 20. */
  gelu(name: string): this {
    const before = this.value;
    const [root, one, half] = [
      this.scalar(`${name}.root`, Math.SQRT2),
      this.scalar(`${name}.one`, 1),
      this.scalar(`${name}.half`, 0.5),
    ];
    this.node(`${name}.div`, 'Div', [root]).node(`${name}.erf`, 'Erf').node(`${name}.add`, 'Add', [one]);
    return this.node(`${name}.times`, 'Mul', [before]).node(`${name}.halved`, 'Mul', [half]);
  }

  /** Squeeze and excitation: channels weighed by what their means say. */
  excite(name: string, channels: number, hidden: number, gate: 'HardSigmoid' | 'Sigmoid'): this {
    const before = this.value;
    this.node(`${name}.pool`, 'GlobalAveragePool').conv(`${name}.reduce`, { in: channels, out: hidden });
    this.node(`${name}.relu`, 'Relu').conv(`${name}.expand`, { in: hidden, out: channels });
    const attributes = gate === 'HardSigmoid' ? { alpha: 1 / 6, beta: 0.5 } : {};
    return this.node(`${name}.gate`, gate, [], attributes).node(`${name}.scale`, 'Mul', [before]);
  }

  head(channels: number, classes: number): Model {
    this.node('pool', 'GlobalAveragePool').node('flatten', 'Flatten');
    const weight = this.weights('fc.weight', [classes, channels], 2 / Math.sqrt(channels));
    const bias = this.weights('fc.bias', [classes], 0.05);
    return this.node('fc', 'Gemm', [weight, bias], { transB: 1n }).finish(classes);
  }

  finish(classes: number): Model {
    return this.builder.output(this.value, 'float32', ['batch', classes]).build({ opset: 17, irVersion: 8 });
  }
}

/**
 * ResNet for 32 × 32 images, 6n + 2 layers, with projections as shortcuts.
 * @param blocks n of each of the three stages: 9 are ResNet-56
 * @see He et al. 2016, section 4.2
 */
export function cifarResNet(blocks = 9): Model {
  const net = new Net('resnet-cifar', ['batch', 3, 32, 32]);
  net.conv('stem', { in: 3, out: 16, k: 3 }).norm('stem.bn', 16).node('stem.relu', 'Relu');
  let inputs = 16;
  for (const [stage, channels] of [16, 32, 64].entries()) {
    for (let block = 0; block < blocks; block++) {
      const name = `stage${stage}.${block}`;
      const s = stage > 0 && block === 0 ? 2 : 1;
      const before = net.value;
      net.conv(`${name}.conv1`, { in: inputs, out: channels, k: 3, s }).norm(`${name}.bn1`, channels);
      net.node(`${name}.relu1`, 'Relu').conv(`${name}.conv2`, { in: channels, out: channels, k: 3 });
      net.norm(`${name}.bn2`, channels, BRANCH);
      const residual = net.value;
      if (s === 2) net.from(before).conv(`${name}.shortcut`, { in: inputs, out: channels, s, gain: 1 });
      else net.from(before);
      net.node(`${name}.add`, 'Add', [residual]).node(`${name}.relu2`, 'Relu');
      inputs = channels;
    }
  }
  return net.head(64, 10);
}

/** Kernel, hidden and output channels, squeeze and excitation, hard swish, stride. @see Howard et al. 2019, table 2 */
const MOBILE_SMALL = [
  [3, 16, 16, true, false, 2],
  [3, 72, 24, false, false, 2],
  [3, 88, 24, false, false, 1],
  [5, 96, 40, true, true, 2],
  [5, 240, 40, true, true, 1],
  [5, 240, 40, true, true, 1],
  [5, 120, 48, true, true, 1],
  [5, 144, 48, true, true, 1],
  [5, 288, 96, true, true, 2],
  [5, 576, 96, true, true, 1],
  [5, 576, 96, true, true, 1],
] as const;

/** MobileNetV3-Small: depthwise kernels, squeeze and excitation, hard swish. @param size pixels of a side */
export function mobileNetV3(size = 224, classes = 1000): Model {
  const net = new Net('mobilenet-v3', ['batch', 3, size, size]);
  net.conv('stem', { in: 3, out: 16, k: 3, s: 2 }).node('stem.act', 'HardSwish');
  let inputs = 16;
  MOBILE_SMALL.forEach(([k, hidden, out, excites, swishes, s], block) => {
    const name = `block${block}`;
    const act = swishes ? 'HardSwish' : 'Relu';
    const before = net.value;
    if (hidden !== inputs) net.conv(`${name}.expand`, { in: inputs, out: hidden }).node(`${name}.act1`, act);
    net.conv(`${name}.depthwise`, { in: hidden, out: hidden, k, s, group: hidden }).node(`${name}.act2`, act);
    if (excites) net.excite(`${name}.se`, hidden, 8 * Math.ceil(hidden / 32), 'HardSigmoid');
    net.conv(`${name}.project`, { in: hidden, out, gain: s === 1 && inputs === out ? BRANCH : 1 });
    if (s === 1 && inputs === out) net.node(`${name}.add`, 'Add', [before]);
    inputs = out;
  });
  net.conv('last', { in: 96, out: 576 }).node('last.act', 'HardSwish');
  return net.head(576, classes);
}

/** Expansion, kernel, channels, repetitions, stride. @see Tan & Le 2019, table 1 */
const EFFICIENT = [
  [1, 3, 16, 1, 1],
  [6, 3, 24, 2, 2],
  [6, 5, 40, 2, 2],
  [6, 3, 80, 3, 2],
  [6, 5, 112, 3, 1],
  [6, 5, 192, 4, 2],
  [6, 3, 320, 1, 1],
] as const;

/** EfficientNet-B0: swish of two nodes, squeeze and excitation. @param size pixels of a side */
export function efficientNet(size = 224, classes = 1000): Model {
  const net = new Net('efficientnet-b0', ['batch', 3, size, size]);
  net.conv('stem', { in: 3, out: 32, k: 3, s: 2 }).swish('stem');
  let inputs = 32;
  EFFICIENT.forEach(([expansion, k, out, count, stride], stage) => {
    for (let block = 0; block < count; block++) {
      const name = `stage${stage}.${block}`;
      const s = block === 0 ? stride : 1;
      const before = net.value;
      const hidden = inputs * expansion;
      if (expansion > 1) net.conv(`${name}.expand`, { in: inputs, out: hidden }).swish(`${name}.expand`);
      net.conv(`${name}.depthwise`, { in: hidden, out: hidden, k, s, group: hidden }).swish(`${name}.depthwise`);
      net.excite(`${name}.se`, hidden, Math.max(1, inputs / 4), 'Sigmoid');
      const joins = s === 1 && inputs === out;
      net.conv(`${name}.project`, { in: hidden, out, gain: joins ? BRANCH : 1 });
      if (joins) net.node(`${name}.add`, 'Add', [before]);
      inputs = out;
    }
  });
  net.conv('last', { in: 320, out: 1280 }).swish('last');
  return net.head(1280, classes);
}

/** A vision transformer with a fused qkv layer, as timm exports it. @see Dosovitskiy et al. 2021 */
export function visionTransformer({
  size = 224,
  patch = 16,
  width = 192,
  heads = 3,
  depth = 12,
  classes = 1000,
} = {}): Model {
  const net = new Net('vit', ['batch', 3, size, size]);
  const places = (size / patch) ** 2;
  const head = width / heads;
  const deviation = 1 / Math.sqrt(3 * patch * patch);
  const weight = net.weights('patch.weight', [width, 3, patch, patch], deviation);
  const bias = net.weights('patch.bias', [width], 0.05);
  const both = [BigInt(patch), BigInt(patch)];
  net.node('patch', 'Conv', [weight, bias], { kernel_shape: both, strides: both });
  net.node('patch.flat', 'Reshape', [net.ints('patch.shape', [0, width, -1])]);
  net.node('patch.tokens', 'Transpose', [], { perm: [0n, 2n, 1n] });
  net.node('position', 'Add', [net.weights('position.table', [1, places, width], 0.2)]);
  for (let block = 0; block < depth; block++) {
    const name = `blocks.${block}`;
    const before = net.value;
    net.layerNorm(`${name}.norm1`, width).linear(`${name}.qkv`, { in: width, out: 3 * width });
    net.node(`${name}.qkv.split`, 'Reshape', [net.ints(`${name}.qkv.shape`, [0, 0, 3, heads, head])]);
    net.node(`${name}.qkv.first`, 'Transpose', [], { perm: [2n, 0n, 3n, 1n, 4n] });
    const [first] = [net.value];
    const [q, k, v] = [0, 1, 2].map((part) => {
      const at = net.builder.initializer(`${name}.at${part}`, 'int64', [], BigInt64Array.of(BigInt(part)));
      at.from(first);
      return net.node(`${name}.gather${part}`, 'Gather', [`${name}.at${part}`], { axis: 0n }).value;
    });
    net.from(k!).node(`${name}.k.turned`, 'Transpose', [], { perm: [0n, 1n, 3n, 2n] });
    const turned = net.value;
    net.from(q!).node(`${name}.q.scaled`, 'Mul', [net.scalar(`${name}.scale`, head ** -0.5)]);
    net.node(`${name}.scores`, 'MatMul', [turned]).node(`${name}.softmax`, 'Softmax', [], { axis: -1n });
    net.node(`${name}.mixed`, 'MatMul', [v!]).node(`${name}.back`, 'Transpose', [], { perm: [0n, 2n, 1n, 3n] });
    net.node(`${name}.joined`, 'Reshape', [net.ints(`${name}.joined.shape`, [0, 0, width])]);
    net.linear(`${name}.proj`, { in: width, out: width }).node(`${name}.add1`, 'Add', [before]);
    const middle = net.value;
    net.layerNorm(`${name}.norm2`, width).linear(`${name}.fc1`, { in: width, out: 4 * width, gain: 1.4 });
    net.gelu(`${name}.gelu`).linear(`${name}.fc2`, { in: 4 * width, out: width });
    net.node(`${name}.add2`, 'Add', [middle]);
  }
  net.layerNorm('norm', width).node('mean', 'ReduceMean', [], { axes: [1n], keepdims: 0n });
  return net.linear('classes', { in: width, out: classes, gain: 2 }).finish(classes);
}

/** ConvNeXt-Tiny: 7 × 7 depthwise kernels, LayerNormalization over channels that stand last, layer scale. @see Liu et al. 2022 */
export function convNext({
  size = 224,
  widths = [96, 192, 384, 768],
  depths = [3, 3, 9, 3],
  classes = 1000,
} = {}): Model {
  const net = new Net('convnext', ['batch', 3, size, size]);
  const lastFirst = [0n, 3n, 1n, 2n];
  const firstLast = [0n, 2n, 3n, 1n];
  const shrink = (name: string, of: { in: number; out: number; by: number }): void => {
    const weight = net.weights(`${name}.weight`, [of.out, of.in, of.by, of.by], 1 / Math.sqrt(of.in * of.by ** 2));
    const by = [BigInt(of.by), BigInt(of.by)];
    net.node(name, 'Conv', [weight, net.weights(`${name}.bias`, [of.out], 0.05)], { kernel_shape: by, strides: by });
  };
  const channelNorm = (name: string, width: number): void => {
    net.node(`${name}.last`, 'Transpose', [], { perm: firstLast }).layerNorm(name, width);
    net.node(`${name}.first`, 'Transpose', [], { perm: lastFirst });
  };
  shrink('stem', { in: 3, out: widths[0]!, by: 4 });
  channelNorm('stem.norm', widths[0]!);
  widths.forEach((width, stage) => {
    if (stage > 0) {
      channelNorm(`down${stage}.norm`, widths[stage - 1]!);
      shrink(`down${stage}`, { in: widths[stage - 1]!, out: width, by: 2 });
    }
    for (let block = 0; block < depths[stage]!; block++) {
      const name = `stage${stage}.${block}`;
      const before = net.value;
      net.conv(`${name}.depthwise`, { in: width, out: width, k: 7, group: width, gain: 1 });
      net.node(`${name}.last`, 'Transpose', [], { perm: firstLast }).layerNorm(`${name}.norm`, width);
      net.linear(`${name}.fc1`, { in: width, out: 4 * width, gain: 1.4 }).gelu(`${name}.gelu`);
      net.linear(`${name}.fc2`, { in: 4 * width, out: width });
      net.node(`${name}.scaled`, 'Mul', [net.weights(`${name}.gamma`, [width], 0.05, BRANCH)]);
      net.node(`${name}.first`, 'Transpose', [], { perm: lastFirst }).node(`${name}.add`, 'Add', [before]);
    }
  });
  net.node('pool', 'GlobalAveragePool').node('flatten', 'Flatten');
  const last = widths.at(-1)!;
  return net.layerNorm('norm', last).linear('classes', { in: last, out: classes, gain: 2 }).finish(classes);
}
