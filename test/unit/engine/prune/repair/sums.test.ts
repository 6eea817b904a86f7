import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { inferModel } from '../../../../../main/engine/operators/infer.ts';
import { collectGrams } from '../../../../../main/engine/prune/repair/layer-sums.ts';
import { readWeights } from '../../../../../main/engine/linear/layer-weights.ts';
import { squaredError, type GroupSums } from '../../../../../main/engine/sums/group-sums.ts';
import { solvableLayers } from '../../../../../main/engine/linear/solvable-layers.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { randomFeed } from '../../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** The sums of a model's only layer, with the model itself as what it should be. */
async function sumsOf(model: Model, feeds: readonly HostTensors[], steps: readonly number[] = []) {
  const { layers, leftOut } = solvableLayers(model, { excluded: new Set(), known: () => true });
  expect(leftOut).toEqual([]);
  const [layer] = layers;
  const target = { value: layer!.output, less: undefined };
  const on = {
    runner,
    async *batches() {
      yield* feeds;
    },
  };
  const pair = { float: model, pruned: model, kept: new Map() };
  const { signal } = new AbortController();
  const [groups] = await collectGrams(pair, [{ layer: layer!, target, steps }], on, { signal });
  return { layer: layer!, groups: groups! };
}

/** Whether the float output is what weights and columns give: Σ t·xᵀ = W·Σ x·xᵀ + b·Σ xᵀ. */
function crossError(groups: readonly GroupSums[], weights: ReturnType<typeof readWeights>): number {
  let largest = 0;
  for (const [at, { columns, outputs, gram, cross, columnTotals }] of groups.entries()) {
    const { weights: w, bias } = weights[at]!;
    for (let m = 0; m < outputs; m++) {
      for (let j = 0; j < columns; j++) {
        let expected = bias[m]! * columnTotals[j]!;
        for (let k = 0; k < columns; k++) expected += w[m * columns + k]! * gram[k * columns + j]!;
        largest = Math.max(largest, Math.abs(expected - cross[m * columns + j]!) / (1 + Math.abs(expected)));
      }
    }
  }
  return largest;
}

const image = (channels = 4, size = 7): HostTensors[] =>
  [1, 2].map((seed) => randomFeed([3, channels, size, size], seed));
const net = (attributes: Record<string, bigint | bigint[] | string>, weight: number[], op = 'Conv', outputs = weight[0]!): Model =>
  graph()
    .input('x', 'float32', ['N', 4, 7, 7])
    .weights('w', weight)
    .weights('b', [outputs])
    .node(op, ['x', 'w', 'b'], attributes, ['y'], { name: 'layer' })
    .output('y')
    .build(); // prettier-ignore

describe('collectGrams', () => {
  it('agrees with a bare loop over the patches of a strided, padded and dilated Conv', async () => {
    const model = net(
      { strides: [2n, 1n], pads: [1n, 0n, 2n, 1n], dilations: [1n, 2n], kernel_shape: [3n, 2n] },
      [5, 4, 3, 2],
    );
    const feeds = image();
    const { groups } = await sumsOf(model, feeds);
    const [gram, totals, count] = patchSums(feeds);
    const [sums] = groups as [GroupSums];
    expect(sums.count).toBe(count);
    for (let i = 0; i < 24; i++) {
      expect(sums.columnTotals[i]).toBeCloseTo(totals[i]!, 4);
      for (let j = 0; j < 24; j++) expect(sums.gram[i * 24 + j]).toBeCloseTo(gram[i * 24 + j]!, 3);
    }
  });

  it.each([
    ['Conv', net({ pads: [1n, 1n, 1n, 1n] }, [6, 4, 3, 3])],
    ['Conv 1 × 1', net({}, [3, 4, 1, 1])],
    ['Conv 1 × 1 with strides', net({ strides: [2n, 2n] }, [3, 4, 1, 1])],
    ['Conv with pads that follow from the size', net({ auto_pad: 'SAME_UPPER', strides: [2n, 2n] }, [3, 4, 3, 3])],
    ['Conv in groups', net({ group: 2n, pads: [1n, 1n, 1n, 1n] }, [6, 2, 3, 3])],
    ['depthwise Conv', net({ group: 4n, pads: [1n, 1n, 1n, 1n] }, [8, 1, 3, 3])],
    ['ConvTranspose', net({ strides: [2n, 2n], pads: [1n, 0n, 0n, 1n] }, [4, 3, 3, 2], 'ConvTranspose', 3)],
    ['ConvTranspose in groups', net({ group: 2n }, [4, 3, 2, 2], 'ConvTranspose', 6)],
  ])('has columns whose products with the weights are the output: %s', async (_, model) => {
    const { layer, groups } = await sumsOf(model, image());
    expect(crossError(groups, readWeights(layer))).toBeLessThan(1e-4);
  });

  const EVERY_THIRD = [3, 3];
  it.each([
    ['Conv', EVERY_THIRD, net({ pads: [1n, 1n, 1n, 1n] }, [6, 4, 3, 3])],
    ['Conv along one axis', [1, 3], net({ pads: [1n, 1n, 1n, 1n] }, [6, 4, 3, 3])],
    [
      'strided Conv',
      EVERY_THIRD,
      net({ strides: [1n, 2n], pads: [0n, 1n, 1n, 0n], dilations: [2n, 1n] }, [6, 4, 3, 3]),
    ],
    ['Conv 1 × 1', EVERY_THIRD, net({}, [3, 4, 1, 1])],
  ])('looks at every third position only, where that is enough: %s', async (_, steps, model) => {
    const all = await sumsOf(model, image());
    const { layer, groups } = await sumsOf(model, image(), steps);
    const spatial = inferModel(model).values.get('y')!.shape!.slice(2) as number[];
    const [rows, thinned] = [[1, 1], steps].map(
      (each) => 6 * spatial.reduce((product, dim, axis) => product * Math.ceil(dim / each[axis]!), 1),
    );
    expect([all.groups[0]!.count, groups[0]!.count]).toEqual([rows, thinned]);
    expect(crossError(groups, readWeights(layer))).toBeLessThan(1e-4);
  });

  it.each([
    ['Gemm', { transB: 1n }, [3, 5], 13],
    ['Gemm with factors', { alpha: 0.5, beta: 2 }, [5, 3], 17],
    ['Gemm of an old opset', { transB: 1n }, [3, 5], 9],
  ] as const)('reads the weights of %s in the units of its output', async (_, attributes, dims, opset) => {
    const model = graph()
      .input('x', 'float32', ['N', 5])
      .weights('w', dims)
      .weights('b', [3])
      .node('Gemm', ['x', 'w', 'b'], attributes, ['y'], { name: 'layer' })
      .output('y')
      .build({ opset, irVersion: 6 });
    const { layer, groups } = await sumsOf(model, [randomFeed([40, 5])]);
    expect(crossError(groups, readWeights(layer))).toBeLessThan(1e-5);
    expect(squaredError(groups[0]!, readWeights(layer)[0]!)).toBeLessThan(1e-5);
  });

  it('counts the constant that an Add gives to a MatMul as its bias', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 'T', 6])
      .matmul({ name: 'layer', inputs: 6, outputs: 4, to: 'product' })
      .weights('b', [4])
      .addTo('b', { name: 'add', to: 'y' })
      .output('y')
      .build();
    const { layer, groups } = await sumsOf(model, [randomFeed([2, 5, 6])]);
    expect([layer.output, layer.bias?.node.name, groups[0]!.count]).toEqual(['y', 'add', 10]);
    expect(squaredError(groups[0]!, readWeights(layer)[0]!)).toBeLessThan(1e-5);
  });

  it('names layer and samples where activations are NaN', async () => {
    const bad = randomFeed([3, 4, 7, 7]);
    (bad['x']!.data as Float32Array)[5] = Number.NaN;
    await expect(sumsOf(net({}, [3, 4, 1, 1]), [...image(), bad])).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: "The activations around layer 'layer' are NaN or infinite on calibration samples 7 to 9",
    });
  });
});

/** Σ x·xᵀ and Σ x over the patches of the first test, in double precision. */
function patchSums(feeds: readonly HostTensors[]): [Float64Array, Float64Array, number] {
  const gram = new Float64Array(24 * 24);
  const totals = new Float64Array(24);
  let count = 0;
  for (const { x } of feeds) {
    for (let n = 0; n < 3; n++) {
      // (7 + 1 + 2 − 3) / 2 + 1 rows and 7 + 0 + 1 − 2 columns
      for (let row = 0; row < 4; row++) {
        for (let col = 0; col < 6; col++, count++) {
          const patch = new Float64Array(24);
          for (let c = 0; c < 4; c++) {
            for (let i = 0; i < 3; i++) {
              for (let j = 0; j < 2; j++) {
                const [r, s] = [row * 2 - 1 + i, col + j * 2];
                if (r < 0 || r > 6 || s > 6) continue;
                patch[c * 6 + i * 2 + j] = Number(x!.data[((n * 4 + c) * 7 + r) * 7 + s]);
              }
            }
          }
          for (let i = 0; i < 24; i++) {
            totals[i]! += patch[i]!;
            for (let j = 0; j < 24; j++) gram[i * 24 + j]! += patch[i]! * patch[j]!;
          }
        }
      }
    }
  }
  return [gram, totals, count];
}
