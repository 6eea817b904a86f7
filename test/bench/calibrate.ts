/**
 * What it costs to collect all that observers need, against bare inference of the same batches: runs A B A B, each on all
 * batches, the least time of each.
 */
import { quietContext } from '../../main/base/progress.ts';
import { calibrate } from '../../main/engine/quantize/calibrate.ts';
import { planQuantization } from '../../main/engine/quantize/plan-quantization.ts';
import { prepareModel } from '../../main/engine/quantize/prepare.ts';
import { calibratedTensors, quantizedTensors } from '../../main/engine/quantize/tensor-schemes.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { makeInputs } from '../../main/engine/runtime/make-inputs.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { lendRunner } from '../../main/engine/runtime/runner-pool.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { mobileNetV2 } from '../support/mobilenet-v2.ts';
import { resnet18 } from '../support/resnet18.ts';
import { atMost, type BenchRow } from './bench-row.ts';

const BATCHES = 20;
const BATCH = 4;
const ROUNDS = 4;
const MOST = 1.5;

export async function bench(): Promise<BenchRow[]> {
  const runner = await startRunner();
  try {
    const cases = [
      ['ResNet-18', resnet18()],
      ['MobileNetV2', mobileNetV2()],
    ] as const;
    const rows: BenchRow[] = [];
    for (const [name, model] of cases) {
      rows.push(atMost(`calibrate: all observers, ${name} / bare inference`, await ratioOf(model, runner), MOST));
    }
    return rows;
  } finally {
    runner.kill();
  }
}

async function ratioOf(source: Model, runner: Runner): Promise<number> {
  const context = quietContext();
  const prepared = await prepareModel(source, { runners: lendRunner(runner) }, context);
  const { model, knowledge } = prepared;
  const plan = planQuantization(model.graph, { knowledge, refused: new Map() });
  const tensors = calibratedTensors(quantizedTensors(model.graph, plan));
  const feeds = Array.from({ length: BATCHES }, (_, seed) =>
    makeInputs(inputPorts(model), { batch: BATCH, dims: {}, seed }),
  ).map((made) => made.feeds);
  const bare: number[] = [];
  const observed: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareMs(model, feeds, runner));
    observed.push(
      await observedMs(() => calibrate(model, tensors, { runner, batches: each(feeds), samples: 1e9 }, context)),
    );
  }
  return Math.min(...observed) / Math.min(...bare);
}

async function bareMs(model: Model, feeds: readonly HostTensors[], runner: Runner): Promise<number> {
  return observedMs(async () => {
    const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null });
    for (const batch of feeds) await session.run(batch);
    await session.close();
  });
}

async function observedMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function* each(feeds: readonly HostTensors[]): AsyncGenerator<HostTensors> {
  yield* feeds;
}
