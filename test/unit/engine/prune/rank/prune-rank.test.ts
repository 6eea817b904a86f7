import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { RankPruning } from '../../../../../main/contract/recipe/prune-rank.ts';
import { pruneStepSchema } from '../../../../../main/contract/recipe/prune.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { factorableLayers } from '../../../../../main/engine/prune/rank/factorable-layers.ts';
import { factorize } from '../../../../../main/engine/prune/rank/factorize.ts';
import { pruneRank, type PrunedRank } from '../../../../../main/engine/prune/rank/prune-rank.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { externalData } from '../../../../support/external-data.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { tempFolder } from '../../../../support/temp-folder.ts';
import { expectEqual } from '../../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** One layer of each kind that can be split. */
function threeKinds(): Model {
  const net = graph()
    .input('x', 'float32', [2, 3, 6, 6])
    .conv({ channels: 8, name: 'conv', stride: 2 })
    .relu()
    .flatten()
    .matmul({ inputs: 72, outputs: 10, name: 'matmul' })
    .gemm({ inputs: 10, outputs: 6, name: 'gemm' });
  return net.output(net.current, 'float32', [2, 6]).build();
}

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 1 : 0));
}

function prune(model: Model, settings: object, samples: () => AsyncGenerator<HostTensors>): Promise<PrunedRank> {
  const step = pruneStepSchema.parse({ structure: 'rank', align: 1, ...settings }) as RankPruning;
  return pruneRank(model, step, { runner, calibration: samples }, quietContext());
}

async function* images(): AsyncGenerator<HostTensors> {
  const random = seededRandom(5);
  for (let batch = 0; batch < 8; batch++) {
    const data = Float32Array.from({ length: 2 * 3 * 36 }, () => random() - 0.5);
    yield { x: { dtype: 'float32', dims: [2, 3, 6, 6], data } };
  }
}

/** Three products of the same input, which take far longer than their sum. */
function wideMatrices(): Model {
  const net = graph().input('x', 'float32', [1, 4096]);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => net.from('x').matmul({ inputs: 4096, outputs: 96, name }).current);
  net.from(a!).addTo(b!).addTo(c!);
  return net.output(net.current, 'float32', [1, 96]).build();
}

async function* rows(): AsyncGenerator<HostTensors> {
  const random = seededRandom(5);
  for (let batch = 0; batch < 4; batch++) {
    const data = Float32Array.from({ length: 4096 }, () => random() - 0.5);
    yield { x: { dtype: 'float32', dims: [1, 4096], data } };
  }
}

describe('factorize', () => {
  it('computes the same with all directions, for kernels and for matrices either way round', async () => {
    const model = threeKinds();
    const layers = factorableLayers(model, new Set());
    expect(layers.map(({ node, outputs, columns, rowsFirst }) => [node.name, outputs, columns, rowsFirst])).toEqual([
      ['conv', 8, 27, true],
      ['matmul', 10, 72, false],
      ['gemm', 6, 10, true],
    ]);
    const whole = factorize(
      model,
      layers.map((layer) => ({ layer, rank: layer.outputs, directions: identity(layer.outputs) })),
    );
    expect(whole.sources.get('conv_rank')).toEqual(['conv']);
    await expectEqual(runner, model, whole.model);
  });
});

describe('pruneRank', () => {
  it('loses nothing where outputs vary in few directions', async () => {
    // The second matrix has rank 1: its 4 outputs are multiples of each other.
    const model = graph()
      .input('x', 'float32', [2, 4])
      .gemm({ inputs: 4, outputs: 4, name: 'a', weight: [1, 2, 3, 4].flatMap((m) => [m, 2 * m, -m, m]), bias: false })
      .relu()
      .gemm({ inputs: 4, outputs: 2, name: 'b' })
      .output()
      .build();
    async function* samples(): AsyncGenerator<HostTensors> {
      yield { x: { dtype: 'float32', dims: [2, 4], data: Float32Array.of(1, 2, 3, 4, -1, 5, 2, 0) } };
    }
    // For each of 2 samples 16 + 8 multiply–accumulates become 4·1 + 1·4 + 8.
    const { model: pruned, result } = await prune(model, { target: { macs: 16 / 24 } }, samples);
    expect(result.macs).toEqual({ before: 48, after: 32 });
    expect(result.layers).toEqual([{ name: 'a', op: 'Gemm', sparsity: 0.5, channels: { before: 4, after: 1 } }]);
    await expectEqual(runner, model, pruned);
  });

  it('meets the target, and says how far it gets where it cannot', async () => {
    const { result, model } = await prune(threeKinds(), { target: { macs: 0.6 } }, images);
    expect(result.macs.after / result.macs.before).toBeLessThanOrEqual(0.6);
    expect(model.graph.nodes.length).toBeGreaterThan(threeKinds().graph.nodes.length);
    await expect(prune(threeKinds(), { target: { macs: 0.01 } }, images)).rejects.toThrow(/The lowest ranks keep \d/);
  });

  it('takes models whose weights lie in a file beside them', async () => {
    using folder = tempFolder();
    const { model } = await prune(externalData(threeKinds(), folder.path), { target: { macs: 0.6 } }, images);
    const inside = await prune(threeKinds(), { target: { macs: 0.6 } }, images);
    await expectEqual(runner, inside.model, model);
  });

  it('times ranks for a latency, and keeps those that it chose', async () => {
    // Idle cores get far below; busy ones may not find 60 % of the time.
    const found = await prune(wideMatrices(), { align: 16, target: { latency: 0.85 } }, rows);
    const { ranks } = found.settings;
    expect(found.result.layers.map(({ name, channels }) => [name, channels?.after])).toEqual(Object.entries(ranks));
    expect(Object.keys(ranks).length).toBeGreaterThan(0);
    expect(found.result.sparsity.requested).toBeCloseTo(0.15, 9);
    expect(found.result.notes.at(-1)).toMatch(/^Latency here, batch 1: .* asked for were 85\.0 %\.$/);
    // The recipe that is kept gives the same model where times differ.
    const again = await prune(wideMatrices(), found.settings, rows);
    await expectEqual(runner, found.model, again.model);
    expect(again.settings).toEqual(found.settings);
    expect(again.result.notes).toEqual([]);
  });

  it('says how little of the latency the lowest ranks leave', async () => {
    const wished = prune(wideMatrices(), { align: 16, target: { latency: 0.0001 } }, rows);
    await expect(wished).rejects.toThrow(/The lowest ranks keep [\d.]+ % of the latency, the target is 0\.0 %/);
  });

  it('takes ranks that are given, and refuses those that no layer can have', async () => {
    const target = { macs: 0.9 };
    const { result } = await prune(threeKinds(), { target, ranks: { matmul: 3 } }, images);
    expect(result.layers).toEqual([
      { name: 'matmul', op: 'MatMul', sparsity: 1 - (3 * 82) / 720, channels: { before: 10, after: 3 } },
    ]);
    await expect(prune(threeKinds(), { target, ranks: { relu: 3 } }, images)).rejects.toThrow(
      "'relu' cannot be written as two layers",
    );
    await expect(prune(threeKinds(), { target, ranks: { matmul: 11 } }, images)).rejects.toThrow(
      "The rank of 'matmul' is 11, expected at most 10",
    );
  });

  it('says that there is nothing to split, and which layer gives numbers that are none', async () => {
    const plain = graph().input('x', 'float32', [1, 2]).relu().output().build();
    await expect(prune(plain, { target: { macs: 0.5 } }, images)).rejects.toThrow(
      /no layer that could be written as two/,
    );
    async function* broken(): AsyncGenerator<HostTensors> {
      yield { x: { dtype: 'float32', dims: [2, 3, 6, 6], data: new Float32Array(216).fill(Number.NaN) } };
    }
    await expect(prune(threeKinds(), { target: { macs: 0.5 } }, broken)).rejects.toThrow(/'conv' gives NaN/);
  });
});
