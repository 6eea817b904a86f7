/** What `evaluate` makes of the runtime's speed: its throughput against a bare loop on batches of the same data. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch, Dataset, InputSpec } from '../../main/engine/dataset/dataset.ts';
import { evaluateModel } from '../../main/engine/dataset/evaluate.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { quietContext } from '../../main/base/progress.ts';
import { physicalCores } from '../../main/engine/runtime/physical-cores.ts';
import { withRunner } from '../../main/engine/runtime/runner-pool.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { npyBytes, npzBytes } from '../support/data-files.ts';
import { graph } from '../support/graph-builder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';

const ROUNDS = 7;
const SAMPLES = 1024;
const BATCH = 32;
const SIDE = 32;

/** A CNN of the size of a CIFAR classifier: about 14 million multiply–accumulates a sample. */
function network(): Model {
  const chain = graph('bench').input('x', 'float32', ['N', 3, SIDE, SIDE]);
  for (const channels of [16, 16, 32]) chain.conv({ channels }).relu();
  chain.conv({ channels: 64, stride: 2 }).relu();
  return chain.globalAveragePool().flatten().gemm({ inputs: 64, outputs: 10 }).output().build();
}

/** Compressed bytes with labels, as data sets come. */
function data(): Uint8Array {
  const random = seededRandom(1);
  const pixels = Uint8Array.from({ length: SAMPLES * SIDE * SIDE * 3 }, () => random() * 256);
  const labels = Int32Array.from({ length: SAMPLES }, () => random() * 10);
  return npzBytes({ x: npyBytes(pixels, [SAMPLES, SIDE, SIDE, 3]), y: npyBytes(labels, [SAMPLES]) });
}

async function firstBatch(dataset: Dataset, inputs: readonly InputSpec[]): Promise<Batch> {
  for await (const batch of dataset.batches(inputs, BATCH, { limit: BATCH })) return batch;
  throw new Error('The data set is empty');
}

/**
 * Time of the bare loop for as many batches, over that of the evaluation from file to result, in turns; the median of the
 * rounds counts. 90 % of the throughput is a ratio of 1.111.
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lapidary-bench-'));
  const path = join(folder, 'model.onnx');
  writeFileSync(path, encodeModelBytes(network()));
  writeFileSync(join(folder, 'data.npz'), data());
  const threads = physicalCores();
  const script = fileURLToPath(new URL('./bare-loop.ts', import.meta.url));
  const bare = fork(script, [path, String(threads)], {
    serialization: 'advanced',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  try {
    return await withRunner(async (runner) => {
      const dataset = await openDataset(join(folder, 'data.npz'));
      const settings = { provider: 'cpu', threads } as const;
      const probe = await runner.load({ path }, settings);
      const { feeds } = await firstBatch(dataset, probe.inputs);
      await probe.close();

      const bareRate = async (): Promise<number> => {
        bare.send({ feeds, runs: SAMPLES / BATCH });
        const [times] = (await once(bare, 'message')) as [readonly number[]];
        return SAMPLES / (times.reduce((sum, ms) => sum + ms, 0) / 1000);
      };
      const ownRate = async (): Promise<number> => {
        const request = { model: { path }, dataset, runner, settings, batch: BATCH };
        return (await evaluateModel(request, quietContext())).samplesPerSecond;
      };
      await bareRate();
      await ownRate();

      const ratios: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // who goes first changes each round, so that a drift of the machine favours neither
        const sides = round % 2 === 0 ? [bareRate, ownRate] : [ownRate, bareRate];
        const rates = new Map<unknown, number>();
        for (const side of sides) rates.set(side, await side());
        ratios.push(rates.get(bareRate)! / rates.get(ownRate)!);
      }
      return [atMost("evaluate: a bare loop's throughput over its own", median(ratios), 1.111)];
    });
  } finally {
    bare.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
