/** What follows from the file alone: each finding on a model that is made for it, and not on one without that fault. */
import { describe, expect, it } from 'vitest';
import type { FindingCode } from '../../../../main/contract/doctor.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { saturation } from '../../../../main/engine/doctor/look/scales.ts';
import { slowPacked } from '../../../../main/engine/doctor/look/packed.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizedConv } from '../../../support/quantized-graphs.ts';
import { found, OPENED } from './examined.ts';

const linear = (): ReturnType<typeof graph> => graph().input('x', 'float32', [1, 8]);
const clean = linear().gemm({ name: 'g', inputs: 8, outputs: 8 }).output().build();

const equalWeights = (second: readonly number[]): Model =>
  linear()
    .initializer(
      'w1',
      'float32',
      [8, 40],
      Array.from({ length: 320 }, (_, at) => at),
    )
    .node('MatMul', ['x', 'w1'], {}, ['h'], { name: 'first' })
    .initializer('w2', 'float32', [40, 8], second)
    .node('MatMul', ['h', 'w2'], {}, ['y'], { name: 'second' })
    .output('y')
    .build();
const transposed = Array.from({ length: 320 }, (_, at) => (at % 8) * 40 + Math.floor(at / 8));

const cast = (dtype: 'float16' | 'float64', to: bigint): Model =>
  linear()
    .node('Cast', ['x'], { to }, ['h'])
    .tensor(makeTensor('w', dtype, [8, 8], new Float64Array(64).fill(0.5)))
    .node('MatMul', ['h', 'w'], {}, ['m'], { name: 'product' })
    .node('Cast', ['m'], { to: 1n }, ['y'])
    .output('y')
    .build();

const lateQuantized = (): Model =>
  linear()
    .weights('w', [8, 8])
    .initializer('s', 'float32', [], [0.01])
    .initializer('z', 'int8', [], [0])
    .node('QuantizeLinear', ['w', 's', 'z'], {}, ['wq'])
    .node('DequantizeLinear', ['wq', 's', 'z'], {}, ['wr'])
    .node('MatMul', ['x', 'wr'], {}, ['y'], { name: 'product' })
    .output('y')
    .build();

const packed = (attributes: Readonly<Record<string, bigint>>, zeros?: readonly number[]): Model => {
  const builder = graph()
    .input('x', 'float32', [1, 64])
    .initializer('b', 'uint8', [8, 2, 16], new Uint8Array(256).fill(0x99))
    .initializer('s', 'float32', [16], new Float32Array(16).fill(0.1));
  if (zeros !== undefined) builder.initializer('z', 'float32', [16], zeros);
  return builder
    .node(
      'MatMulNBits',
      ['x', 'b', 's', ...(zeros === undefined ? [] : ['z'])],
      { K: 64n, N: 8n, bits: 4n, block_size: 32n, ...attributes },
      ['y'],
      {
        name: 'packed',
        domain: 'com.microsoft',
      },
    )
    .output('y')
    .build({ domains: { 'com.microsoft': 1 } });
};

const batchNorm = (attributes: Readonly<Record<string, bigint>> = {}, behind = true): Model => {
  const builder = graph().input('x', 'float32', [1, 3, 8, 8]);
  if (behind) builder.conv({ name: 'c', channels: 3, to: 'h' });
  for (const name of ['gamma', 'beta', 'mean']) builder.weights(name, [3]);
  builder.initializer('variance', 'float32', [3], [1, 2, 3]);
  return builder
    .node('BatchNormalization', [behind ? 'h' : 'x', 'gamma', 'beta', 'mean', 'variance'], { ...attributes }, ['y'], {
      name: 'norm',
    })
    .output('y')
    .build();
};

const CASES: readonly (readonly [FindingCode, string, Model, Model, readonly string[]])[] = [
  [
    'weights-unused',
    'a stored tensor that nothing uses',
    linear().gemm({ name: 'g', inputs: 8, outputs: 8 }).output().weights('spare', [9]).build(),
    clean,
    [],
  ],
  [
    'weights-doubled',
    'a weight that is the transpose of another',
    equalWeights(transposed),
    equalWeights(transposed.with(7, 0.5)),
    ['second'],
  ],
  ['double-weights', 'weights in 64 bits', cast('float64', 11n), clean, ['product']],
  ['half-no-speed', 'layers in half precision', cast('float16', 10n), clean, ['product']],
  ['weights-quantized-late', 'a QuantizeLinear of a stored weight', lateQuantized(), quantizedConv(), ['product']],
  [
    'float-weights',
    'a quantized model with float weights',
    quantizedConv({ weightDtype: 'float32', bias: 'float' }),
    quantizedConv(),
    ['conv'],
  ],
  [
    'packed-slow',
    'float zero points',
    packed(
      { accuracy_level: 4n },
      Array.from({ length: 16 }, () => 8),
    ),
    packed({ accuracy_level: 4n }),
    ['packed'],
  ],
  ['bad-scale', 'a scale of 0', quantizedConv({ outputScale: 0 }), quantizedConv(), ['conv']],
  [
    'weights-waste',
    'one scale for small and large channels',
    quantizedConv({ smallChannels: 4, largest: 127 }),
    quantizedConv({ largest: 127 }),
    ['conv'],
  ],
  ['could-saturate', 'weights of 8 bits', quantizedConv({ largest: 127 }), quantizedConv({ largest: 60 }), ['conv']],
  ['batchnorm-left', 'a normalization behind a convolution', batchNorm(), batchNorm({}, false), ['norm']],
  ['training-left', 'a normalization in training mode', batchNorm({ training_mode: 1n }), batchNorm(), ['norm']],
  [
    'constants-left',
    'a product of two stored numbers',
    linear()
      .initializer(
        'a',
        'float32',
        [8],
        Array.from({ length: 8 }, () => 2),
      )
      .node('Mul', ['a', 'a'], {}, ['aa'], { name: 'square' })
      .node('Add', ['x', 'aa'], {}, ['y'])
      .output('y')
      .build(),
    clean,
    ['square'],
  ],
  [
    'no-effect',
    'an Identity in the middle',
    linear().node('Identity', ['x'], {}, ['h'], { name: 'same' }).relu({ to: 'y' }).output('y').build(),
    clean,
    ['same'],
  ],
  [
    'no-effect',
    'transpositions that cancel each other',
    linear()
      .node('Transpose', ['x'], { perm: [1n, 0n] }, ['t'])
      .node('Transpose', ['t'], { perm: [1n, 0n] }, ['u'], { name: 'back' })
      .relu({ to: 'y' })
      .output('y')
      .build(),
    linear()
      .node('Transpose', ['x'], { perm: [1n, 0n] }, ['t'])
      .relu({ to: 'y' })
      .output('y')
      .build(),
    ['back'],
  ],
  [
    'dead-layers',
    'a layer that no output needs',
    linear().relu({ name: 'dead' }).from('x').gemm({ name: 'g', inputs: 8, outputs: 8 }).output().build(),
    clean,
    ['dead'],
  ],
  [
    'old-opset',
    'a model of opset 11',
    linear().gemm({ name: 'g', inputs: 8, outputs: 8 }).output().build({ opset: 11 }),
    clean,
    [],
  ],
  ['stays-float', 'a bias of another scale', quantizedConv({ biasFactor: 2 }), quantizedConv(), ['conv']],
];

describe('a look at the file', () => {
  it.each(CASES)('finds %s: %s', async (code, _what, wrong, right, layers) => {
    const finding = await found(code, wrong);
    expect(finding?.layers.map(({ name }) => name)).toEqual(layers);
    expect(finding?.measured).toBe(false);
    expect(await found(code, right)).toBeUndefined();
  });

  it('says that half precision is slow on x86 alone', async () => {
    expect(await found('half-no-speed', cast('float16', 10n), { arch: 'arm64' })).toBeUndefined();
  });

  it('warns of saturation where the CPU has no VNNI, and hints where it has', async () => {
    const wide = quantizedConv({ largest: 127 });
    expect((await found('could-saturate', wide, { vnni: false }))?.severity).toBe('warning');
    expect((await found('could-saturate', wide, { vnni: true }))?.severity).toBe('hint');
  });

  it('writes a fix of what the recipe quantized as a change of its quantization', async () => {
    const origin = { sources: new Map([['conv', ['features/conv1']]]), quantizes: true };
    const made = await found('bad-scale', quantizedConv({ outputScale: 0 }), { origin });
    expect(made?.layers.map(({ name }) => name)).toEqual(['features/conv1']);
    expect(made?.fix?.edits).toEqual([{ change: { kind: 'quantize', settings: { exclude: ['features/conv1'] } } }]);
    expect((await found('bad-scale', quantizedConv({ outputScale: 0 }), { origin: OPENED }))?.fix?.edits).toEqual([
      { add: { rewrite: { pass: 'float-layers', layers: ['conv'] } } },
    ]);
  });
});

describe('the bound on sums of two products', () => {
  const codes = (values: readonly number[]) => ({
    axis: 0,
    stored: {
      codes: makeTensor('w', 'int8', [2, 2], Float64Array.from(values)),
      values: Int8Array.from(values),
      scales: Float32Array.of(1),
      zeroPoints: undefined,
      scaleOf: () => 0,
      axis: undefined,
    },
  });

  it('takes the largest code of data times both weights: 255·(64 + 64) fits 16 bits, 255·(65 + 64) does not', () => {
    expect(saturation(codes([64, 64, 1, 1]))).toEqual({ worst: 32640, channels: 0, of: 2 });
    expect(saturation(codes([65, 64, 1, 1]))).toEqual({ worst: 32895, channels: 1, of: 2 });
  });

  it('sums each sign by itself', () => {
    expect(saturation(codes([127, -127, 1, 1])).worst).toBe(255 * 127);
  });
});

describe('packed weights of which some can be mended', () => {
  it('stand apart: what a fix leaves slow is told of those alone', () => {
    const builder = graph().input('x', 'float32', [1, 64]);
    const add = (name: string, zeros: readonly number[]): void => {
      builder
        .initializer(`${name}.b`, 'uint8', [8, 2, 16], new Uint8Array(256).fill(0x99))
        .initializer(`${name}.s`, 'float32', [16], new Float32Array(16).fill(0.1))
        .initializer(`${name}.z`, 'float32', [16], zeros)
        .node(
          'MatMulNBits',
          ['x', `${name}.b`, `${name}.s`, `${name}.z`],
          { K: 64n, N: 8n, bits: 4n, block_size: 32n, accuracy_level: 4n },
          [`${name}.y`],
          { name, domain: 'com.microsoft' },
        )
        .output(`${name}.y`);
    };
    add(
      'whole',
      Array.from({ length: 16 }, () => 8),
    );
    add(
      'between',
      Array.from({ length: 16 }, () => 7.5),
    );
    const model = builder.build({ domains: { 'com.microsoft': 1 } });
    const findings = slowPacked({ index: indexGraph(model.graph) });
    expect(findings.map(({ layers, fix }) => [layers.map(({ name }) => name), fix !== null])).toEqual([
      [['whole'], true],
      [['between'], false],
    ]);
    expect(findings[0]!.text).not.toContain('Not mended');
    expect(findings[1]!.text).toContain('Not mended without quantizing again: float zero points.');
  });
});
