/** What the studio's timing says against what a bare loop around `session.run` in a script of its own says. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Model } from '../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { quantile } from '../../main/engine/profile/latency.ts';
import { makeInputs } from '../../main/engine/runtime/make-inputs.ts';
import { physicalCores } from '../../main/engine/runtime/physical-cores.ts';
import { withRunner } from '../../main/engine/runtime/runner-pool.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { graph } from '../support/graph-builder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';

const ROUNDS = 20;
/** Settles caches and threads after the other process's turn; not counted on either side. */
const WARMUP = 20;

/** A CNN of five convolutions, about 2 ms on one core: 8 to 32 channels at 56 × 56. */
function network(): Model {
  const chain = graph('bench').input('x', 'float32', [1, 3, 56, 56]);
  for (const channels of [8, 16, 32, 32, 32]) chain.conv({ channels }).relu();
  return chain.globalAveragePool().output().build();
}

/**
 * The p50 of the studio's timed series over that of the bare loop, in turns: each round runs both for about a tenth of
 * a second, the median of the rounds' ratios counts.
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lapidary-bench-'));
  const path = join(folder, 'model.onnx');
  writeFileSync(path, encodeModelBytes(network()));
  const threads = physicalCores();
  const script = fileURLToPath(new URL('./bare-loop.ts', import.meta.url));
  const bare = fork(script, [path, String(threads)], {
    serialization: 'advanced',
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  try {
    return await withRunner(async (runner) => {
      const session = await runner.load({ path }, { provider: 'cpu', threads });
      const { feeds } = makeInputs(session.inputs, { batch: 1, dims: {} });
      const probe = await session.time(feeds, { warmup: WARMUP, runs: 20 });
      const runs = Math.max(20, Math.round(100 / p50(probe.timesMs)));
      const ratios: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // who goes first changes each round, so that a drift of the machine favours neither
        const order = round % 2 === 0 ? ['bare', 'studio'] : ['studio', 'bare'];
        const times: Record<string, number> = {};
        for (const side of order) {
          times[side] =
            side === 'bare'
              ? p50((await bareRuns(bare, feeds, WARMUP + runs)).slice(WARMUP))
              : p50((await session.time(feeds, { warmup: WARMUP, runs })).timesMs);
        }
        ratios.push(times['studio']! / times['bare']!);
      }
      const ratio = median(ratios);
      return [atMost("profile: how far p50 is from a bare loop's", Math.abs(ratio - 1), 0.03)];
    });
  } finally {
    bare.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function p50(timesMs: ArrayLike<number>): number {
  return quantile(Float64Array.from(timesMs).sort(), 0.5);
}

async function bareRuns(bare: ChildProcess, feeds: HostTensors, runs: number): Promise<readonly number[]> {
  bare.send({ feeds, runs });
  const [times] = (await once(bare, 'message')) as [readonly number[]];
  return times;
}
