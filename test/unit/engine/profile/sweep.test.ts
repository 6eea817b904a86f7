import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { sweepRequestSchema, sweepSchema, type SweepAxis } from '../../../../main/contract/sweep.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { sweepSettings, threadCounts } from '../../../../main/engine/profile/sweep.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

const runners = new RunnerPool();
afterAll(() => runners.dispose());

async function sweep(batch: number | string, axes: SweepAxis[], context = quietContext()) {
  using folder = tempFolder();
  const path = folder.file('model.onnx');
  const model = graph().input('x', 'float32', [batch, 4]).gemm({ name: 'fc', inputs: 4, outputs: 3 }).output().build();
  writeFileSync(path, encodeModelBytes(model));
  return await sweepSettings(
    { model, path },
    runners,
    sweepRequestSchema.parse({ base: { threads: 1 }, axes }),
    context,
  );
}

it('tries 1, 2, 4 … threads, the physical cores and twice as many', () => {
  expect(threadCounts(3, 6)).toEqual([1, 2, 3, 4, 6, 12]);
  expect(threadCounts(1, 1)).toEqual([1, 2]);
});

describe('sweepSettings', () => {
  it('times every other value of an axis in turns with the base', async () => {
    const stages: string[] = [];
    const result = await sweep('N', ['execution', 'arena'], {
      ...quietContext(),
      progress: ({ stage }) => stages.push(stage),
    });
    expect(sweepSchema.parse(result)).toEqual(result);
    const own = result.rows.filter(({ axis }) => axis !== null);
    expect(own.map(({ axis, value }) => `${axis} ${value}`)).toEqual(['execution parallel', 'arena off']);
    for (const { ratio, latencyMs, runs, reason } of own) {
      expect(reason).toBe(null);
      expect(runs).toBeGreaterThanOrEqual(6);
      expect(latencyMs!.value).toBeGreaterThan(0);
      expect(ratio!.low! <= ratio!.value && ratio!.value <= ratio!.high!).toBe(true);
    }
    // what is recommended is the base, or surely faster than it
    const { ratio, choice } = result.recommended;
    if (ratio === null) expect(choice).toEqual(result.base);
    else expect(ratio.high!).toBeLessThan(1);
    expect(stages).toContain('Execution parallel');
  }, 60_000);

  it('says why a batch cannot be tried', async () => {
    const { rows } = await sweep(1, ['batch']);
    expect(rows.map(({ value, latencyMs }) => [value, latencyMs])).toEqual(
      [2, 4, 8, 16, 32].map((batch) => [String(batch), null]),
    );
    expect(rows[0]!.reason).toMatch(/batch is fixed at 1, got 2/);
  }, 60_000);

  it('stops when cancelled', async () => {
    const abort = new AbortController();
    const progress = ({ stage }: { readonly stage: string }): void => {
      if (stage.startsWith('Arena')) abort.abort();
    };
    await expect(sweep('N', ['arena'], { signal: abort.signal, progress })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});
