/** Rewrites of quantization, precision and storage, against the runtime. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { intAttribute } from '../../../../main/engine/graph/attributes.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
import { compareOutputs, runOnce } from '../../../../main/engine/passes/compare-outputs.ts';
import { removeDeadCode } from '../../../../main/engine/passes/dead-code.ts';
import { fixSizes } from '../../../../main/engine/passes/fix-sizes.ts';
import { floatLayers } from '../../../../main/engine/passes/float-layers.ts';
import { fusableQuantization } from '../../../../main/engine/passes/fusable-quantization.ts';
import { removeNoOps } from '../../../../main/engine/passes/no-ops.ts';
import { fastPackedWeights, packedProducts, slowSettings } from '../../../../main/engine/passes/packed-weights.ts';
import { shareWeights } from '../../../../main/engine/passes/share-weights.ts';
import { storeCodes } from '../../../../main/engine/passes/store-codes.ts';
import { toFloat32 } from '../../../../main/engine/passes/to-float32.ts';
import { checkFusion } from '../../../../main/engine/quantize/check-fusion.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { packBits } from '../../../../main/engine/tensor/packing.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';
import { between, pair, quantizedConv } from '../../../support/quantized-graphs.ts';
import { randomFeed } from '../quantize/oracle.ts';
import { expectEqual } from './expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const ops = ({ graph: { nodes } }: Model): string[] => nodes.map(({ opType }) => opType);
const IMAGE = [1, 4, 8, 8];

async function decibels(before: Model, after: Model, feeds: HostTensors): Promise<number> {
  const run = (model: Model) => runOnce(model, feeds, runner, quietContext());
  return compareOutputs(await run(before), await run(after))[0]!.sqnrDb;
}

describe('float-layers', () => {
  it('leaves no conversion where all layers go back: a float convolution with the values of its codes', async () => {
    const { model } = floatLayers(quantizedConv(), undefined);
    expect(ops(model)).toEqual(['Conv', 'Identity']);
    expect(await decibels(quantizedConv(), model, randomFeed(IMAGE))).toBeGreaterThan(25);
  });

  it('takes one of two layers back, and keeps the runtime from fusing it with the conversions that stay', async () => {
    const b = graph().input('x', 'float32', IMAGE);
    b.initializer('s', 'float32', [], [0.02]).initializer('z', 'uint8', [], [128]);
    pair(b, 'x', 'a', ['s', 'z']);
    b.node('Sigmoid', ['a'], {}, ['m'], { name: 'first' });
    pair(b, 'm', 'n', ['s', 'z']);
    b.node('Add', ['n', 'n'], {}, ['o'], { name: 'second' });
    pair(b, 'o', 'y', ['s', 'z']);
    const model = b.output('y').build({ opset: 13 });
    const { model: mixed } = floatLayers(model, new Set(['first']));
    expect(ops(mixed)).toEqual([
      'Sigmoid',
      'Max',
      'QuantizeLinear',
      'DequantizeLinear',
      'Add',
      'QuantizeLinear',
      'DequantizeLinear',
    ]);
    expect(await decibels(model, mixed, randomFeed(IMAGE))).toBeGreaterThan(20);
    const fused = await checkFusion(mixed, runner, quietContext());
    expect([fused.get('first') ?? false, fused.get('second')]).toEqual([false, true]);
  });

  it('takes dynamic quantization out, scale and all', async () => {
    const model = graph()
      .input('x', 'float32', [1, 16])
      .node('DynamicQuantizeLinear', ['x'], {}, ['q', 's', 'z'], { name: 'quantize' })
      .initializer(
        'w',
        'int8',
        [16, 4],
        Array.from({ length: 64 }, (_, at) => ((at * 29) % 255) - 127),
      )
      .node('MatMulInteger', ['q', 'w', 'z'], {}, ['i'], { name: 'product' })
      .node('Cast', ['i'], { to: 1n }, ['f'], { name: 'cast' })
      .initializer('ws', 'float32', [], [0.01])
      .node('Mul', ['s', 'ws'], {}, ['sw'], { name: 'scales' })
      .node('Mul', ['f', 'sw'], {}, ['y'], { name: 'scale' })
      .output('y')
      .build({ opset: 13 });
    const { model: float } = floatLayers(model, undefined);
    expect(ops(float)).not.toContain('DynamicQuantizeLinear');
    expect(await decibels(model, float, randomFeed([1, 16]))).toBeGreaterThan(30);
  });

  it('writes integer kernels of the file out first', async () => {
    const b = graph().input('x', 'float32', [1, 16]);
    b.initializer('s', 'float32', [], [0.01]).initializer('z', 'uint8', [], [128]).initializer('wz', 'int8', [], [0]);
    b.initializer(
      'w',
      'int8',
      [16, 4],
      Array.from({ length: 64 }, (_, at) => ((at * 29) % 101) - 50),
    );
    b.node('QuantizeLinear', ['x', 's', 'z'], {}, ['q'], { name: 'in' });
    b.initializer('t', 'float32', [], [0.05]);
    b.node('QLinearMatMul', ['q', 's', 'z', 'w', 's', 'wz', 't', 'z'], {}, ['p'], { name: 'product' });
    b.node('DequantizeLinear', ['p', 't', 'z'], {}, ['y'], { name: 'out' });
    const model = b.output('y').build({ opset: 13 });
    const { model: float } = floatLayers(model, undefined);
    expect(ops(float)).toEqual(['MatMul', 'Identity']);
    expect(await decibels(model, float, randomFeed([1, 16]))).toBeGreaterThan(25);
  });
});

describe('fusable-quantization', () => {
  it('gives the bias the scale of its products: 0.0004·100 = 0.0002·200', () => {
    const { model } = fusableQuantization(quantizedConv({ biasFactor: 2 }));
    const index = indexGraph(model.graph);
    const bias = index.producer(index.nodeByName('conv')!.inputs[2]!)!;
    const [codes, scale] = bias.inputs.map((name) => tensorValues(index.initializer(name)!));
    expect(Array.from(codes as Int32Array)).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400]);
    expect(scale![0]).toBeCloseTo(0.0002, 9);
  });

  it.each([
    ['a bias scale', quantizedConv({ biasFactor: 2 })],
    ['a float bias', quantizedConv({ bias: 'float' })],
    ['a range behind a Relu', quantizedConv({ activation: 'Relu', outputZeroPoint: 100 })],
  ])('keeps what is computed, to rounding: %s', async (_what, model) => {
    expect(await decibels(model, fusableQuantization(model).model, randomFeed(IMAGE))).toBeGreaterThan(25);
  });

  it('leaves what fuses as it is', () => {
    const right = quantizedConv({ activation: 'Relu' });
    expect(fusableQuantization(right).model).toBe(right);
  });
});

describe('remove-no-ops', () => {
  it('takes out identities, dropout and transpositions that cancel, whatever else reads between', async () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 4])
      .node('Identity', ['x'], {}, ['a'], { name: 'identity' })
      .node('Dropout', ['a'], {}, ['b'], { name: 'dropout' })
      .node('Transpose', ['b'], { perm: [2n, 0n, 1n] }, ['c'], { name: 'there' })
      .node('Transpose', ['c'], { perm: [1n, 2n, 0n] }, ['d'], { name: 'back' })
      .node('Relu', ['d'], {}, ['y'], { name: 'relu' })
      .output('y')
      .build();
    const { model: short } = removeNoOps(model);
    expect(ops(short)).toEqual(['Relu']);
    await expectEqual(runner, model, short);
  });

  it('keeps transpositions that do not cancel, and dropout that drops', () => {
    const model = graph()
      .input('x', 'float32', [2, 3, 4])
      .node('Transpose', ['x'], { perm: [2n, 0n, 1n] }, ['c'])
      .node('Transpose', ['c'], { perm: [2n, 0n, 1n] }, ['d'])
      .initializer('ratio', 'float32', [], [0.5])
      .initializer('training', 'bool', [], [1])
      .node('Dropout', ['d', 'ratio', 'training'], {}, ['e'])
      .node('Relu', ['e'], {}, ['y'])
      .output('y')
      .build();
    expect(removeNoOps(model).model).toBe(model);
  });
});

describe('share-weights and remove-dead', () => {
  it('store equal and transposed weights once', async () => {
    const values = Array.from({ length: 40 * 16 }, (_, at) => Math.sin(at));
    const turned = Array.from({ length: 640 }, (_, at) => values[(at % 16) * 40 + Math.floor(at / 16)]!);
    const model = graph()
      .input('x', 'float32', [1, 16])
      .initializer('w1', 'float32', [16, 40], values)
      .initializer('w2', 'float32', [16, 40], values)
      .initializer('w3', 'float32', [40, 16], turned)
      .node('MatMul', ['x', 'w1'], {}, ['a'])
      .node('MatMul', ['x', 'w2'], {}, ['b'])
      .node('Add', ['a', 'b'], {}, ['c'])
      .node('MatMul', ['c', 'w3'], {}, ['y'])
      .output('y')
      .build();
    const { model: shared } = shareWeights(model);
    expect(shared.graph.initializers.map(({ name }) => name)).toEqual(['w1']);
    await expectEqual(runner, model, shared);
  });

  it('drop what nothing uses, and keep what an output or a subgraph uses', () => {
    const model = graph()
      .input('x', 'float32', [2])
      .weights('spare', [4])
      .weights('given', [2])
      .relu()
      .output()
      .output('given')
      .build();
    expect(removeDeadCode(model).model.graph.initializers.map(({ name }) => name)).toEqual(['given']);
  });
});

describe('quantize-weights', () => {
  it('stores the codes that QuantizeLinear makes: halves to even, by channel, within the type', async () => {
    const model = graph()
      .input('x', 'float32', [1, 4])
      .initializer('w', 'float32', [4, 2], [0.5, 1, 1.5, 3, 2.5, 600, -300, -1])
      .initializer('s', 'float32', [2], [1, 2])
      .initializer('z', 'int8', [2], [0, 0])
      .node('QuantizeLinear', ['w', 's', 'z'], { axis: 1n }, ['wq'])
      .node('DequantizeLinear', ['wq', 's', 'z'], { axis: 1n }, ['wr'])
      .node('MatMul', ['x', 'wr'], {}, ['y'])
      .output('y')
      .build({ opset: 13 });
    const { model: stored } = storeCodes(model);
    const codes = stored.graph.initializers.find(({ name }) => name === 'wq')!;
    expect(Array.from(tensorValues(codes) as Int8Array)).toEqual([0, 0, 2, 2, 2, 127, -128, 0]);
    await expectEqual(runner, model, stored);
  });
});

describe('float32', () => {
  it.each([
    ['float64', 70],
    ['float16', 40],
  ] as const)('writes %s as float32 and keeps the types of inputs and outputs', async (dtype, leastDb) => {
    const random = seededRandom(1);
    const model = graph()
      .input('x', dtype, [1, 8])
      .tensor(
        makeTensor(
          'w',
          dtype,
          [8, 8],
          Float64Array.from({ length: 64 }, () => random() - 0.5),
        ),
      )
      .node('MatMul', ['x', 'w'], {}, ['m'])
      .node('Relu', ['m'], {}, ['y'])
      .output('y', dtype, [1, 8])
      .build();
    const { model: single } = toFloat32(model);
    expect(single.graph.initializers.map((tensor) => tensor.dtype)).toEqual(['float32']);
    const type = (info: (typeof single.graph.inputs)[number]) =>
      info.type?.kind === 'tensor' ? info.type.dtype : undefined;
    expect([...single.graph.inputs, ...single.graph.outputs].map(type)).toEqual([dtype, dtype]);
    const data =
      dtype === 'float64' ? Float64Array.from({ length: 8 }, () => random()) : new Uint16Array(8).fill(0x3800);
    expect(await decibels(model, single, { x: { dtype, dims: [1, 8], data } })).toBeGreaterThan(leastDb);
  });
});

describe('fix-sizes', () => {
  it('gives named and nameless dimensions their sizes', () => {
    const model = graph().input('x', 'float32', ['N', null, 8]).relu().output().build();
    const { model: fixed } = fixSizes(model, { N: 2, 'x[1]': 5 });
    const [input] = fixed.graph.inputs;
    expect(input?.type?.kind === 'tensor' && input.type.shape).toEqual([2, 5, 8]);
    expect(fixSizes(model, { M: 3 }).model).toBe(model);
  });
});

describe('fast-packed-weights', () => {
  const K = 512;
  const N = 8;
  interface Packed {
    readonly bits: 2 | 4;
    readonly block: number;
    readonly attributes?: Readonly<Record<string, bigint>>;
    readonly zeros?: 'none' | 'float' | 'packed';
    readonly groupIndex?: boolean;
  }
  function product({ bits, block, attributes = {}, zeros = 'none', groupIndex = false }: Packed): Model {
    const random = seededRandom(4);
    const blocks = Math.ceil(K / block);
    const b = graph().input('x', 'float32', [1, K]);
    const codes = Array.from({ length: N * blocks * block }, () => Math.floor(random() * 2 ** bits));
    b.initializer('b', 'uint8', [N, blocks, (block * bits) / 8], packBits(codes, bits));
    b.initializer(
      's',
      'float32',
      [N * blocks],
      Array.from({ length: N * blocks }, () => 0.01 + random() / 50),
    );
    const middle = Array.from({ length: N * blocks }, (_, at) => at % 2 ** bits);
    if (zeros === 'float') b.initializer('z', 'float32', [N * blocks], middle);
    if (zeros === 'packed') {
      const bytes = Math.ceil((blocks * bits) / 8);
      const rows = Array.from({ length: N }, (_, row) => [
        ...packBits(middle.slice(row * blocks, (row + 1) * blocks), bits),
      ]);
      b.initializer('z', 'uint8', [N * bytes], rows.flat());
    }
    if (groupIndex)
      b.initializer(
        'g',
        'int32',
        [K],
        Array.from({ length: K }, (_, k) => Math.floor(k / block)),
      );
    const inputs = [
      'x',
      'b',
      's',
      ...(zeros === 'none' ? (groupIndex ? [''] : []) : ['z']),
      ...(groupIndex ? ['g'] : []),
    ];
    const all = { K: BigInt(K), N: BigInt(N), bits: BigInt(bits), block_size: BigInt(block), ...attributes };
    return b
      .node('MatMulNBits', inputs, all, ['y'], { name: 'packed', domain: 'com.microsoft' })
      .output('y')
      .build({ domains: { 'com.microsoft': 1 } });
  }
  const slow = (model: Model) => packedProducts(indexGraph(model.graph)).flatMap(slowSettings);

  it.each([
    ['accuracy level', { bits: 4, block: 32 }, ['accuracy-level']],
    ['float zero points', { bits: 4, block: 32, zeros: 'float' }, ['float-zero-points', 'accuracy-level']],
    ['a group index', { bits: 4, block: 64, groupIndex: true }, ['group-index', 'accuracy-level']],
    ['2 bits in blocks of 256', { bits: 2, block: 256, attributes: { accuracy_level: 4n } }, ['block-of-2-bits']],
    [
      'the same with zero points',
      { bits: 2, block: 256, attributes: { accuracy_level: 4n }, zeros: 'packed' },
      ['block-of-2-bits'],
    ],
  ] as const)(
    'mends %s; the product stays what it was, to the rounding of its data',
    async (_what, packed, settings) => {
      const model = product(packed);
      expect(slow(model)).toEqual(settings);
      const { model: fast } = fastPackedWeights(model);
      expect(slow(fast)).toEqual([]);
      expect(await decibels(model, fast, randomFeed([1, K]))).toBeGreaterThan(30);
    },
  );

  it('leaves what it cannot mend: 2 bits in blocks of 16, a group index that permutes', () => {
    const small = product({ bits: 2, block: 16, attributes: { accuracy_level: 4n } });
    expect(fastPackedWeights(small).model).toBe(small);
    const fast = fastPackedWeights(product({ bits: 4, block: 32 })).model;
    expect(intAttribute(fast.graph.nodes[0]!, 'accuracy_level', 0)).toBe(4);
    expect(fastPackedWeights(fast).model).toBe(fast);
  });
});

describe('rewrites of what has nothing to rewrite', () => {
  it.each([fusableQuantization, removeNoOps, shareWeights, storeCodes, toFloat32, fastPackedWeights])(
    'give the model itself: %o',
    (pass) => {
      const model = between('Sigmoid');
      expect(pass(model).model).toBe(model);
    },
  );
});
