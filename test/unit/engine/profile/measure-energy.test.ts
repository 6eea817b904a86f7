import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { runSettingsSchema } from '../../../../main/contract/machine.ts';
import { measureEnergy } from '../../../../main/engine/profile/measure-energy.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { RunnerPool } from '../../../../main/engine/runtime/runner-pool.ts';
import { graph } from '../../../support/graph-builder.ts';

let folder = '';
const runners = new RunnerPool();
const model = graph()
  .input('x', 'float32', [2, 64])
  .gemm({ inputs: 64, outputs: 64 })
  .output()
  .build({ opset: 17, irVersion: 9 });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lapidary-energy-'));
  writeFileSync(join(folder, 'model.onnx'), encodeModelBytes(model));
});
afterAll(() => {
  runners.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const measure = (sys: string) =>
  measureEnergy(
    { model, path: join(folder, 'model.onnx') },
    {
      runners,
      settings: runSettingsSchema.parse({ threads: 1, batch: 2 }),
      place: { platform: 'linux', sys, run: () => Promise.reject(new Error('none')) },
      lasting: { idleSeconds: 0.3, runSeconds: 0.4 },
    },
    quietContext(),
  );

it('reckons the counters of the runs for a sample, in all and above the idle machine', async () => {
  const zone = join(folder, 'sys/class/powercap/intel-rapl:0');
  mkdirSync(zone, { recursive: true });
  writeFileSync(join(zone, 'name'), 'package-0\n');
  const start = performance.now();
  // A machine that takes 20 W whatever it does: 20 microjoules each microsecond. Renamed, so that it is never read half written.
  const count = (): void => {
    writeFileSync(join(zone, 'next'), String(Math.round((performance.now() - start) * 20_000)));
    renameSync(join(zone, 'next'), join(zone, 'energy_uj'));
  };
  count();
  const timer = setInterval(count, 2);
  const { measured, sensors } = await measure(join(folder, 'sys'));
  clearInterval(timer);
  expect(sensors).toEqual([{ kind: 'rapl', name: 'package-0', readable: true, reason: null }]);
  expect(measured!.batch).toBe(2);
  expect(measured!.from).toContain('package-0');
  expect(measured!.joules).toBeCloseTo((measured!.watts * measured!.seconds) / (2 * measured!.runs), 9);
  expect(measured!.netJoules).toBeCloseTo(
    ((measured!.watts - measured!.idleWatts) * measured!.seconds) / (2 * measured!.runs),
    9,
  );
  expect(measured!.watts).toBeGreaterThan(0);
  expect(measured!.idleWatts).toBeGreaterThan(0);
});

it('measures nothing, and estimates nothing, where no sensor can be read', async () => {
  expect(await measure(join(folder, 'nothing'))).toEqual({ sensors: [], measured: null });
});
