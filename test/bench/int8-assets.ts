/**
 * Real models, where a folder of them lies beside the repository: how many are slower after static int8 quantization than in float,
 * when layers that would be slower stay in float. Timed in turns; slower is what is so in the median beyond its 95 % interval, and
 * by more than 3 % in the runs that were disturbed least.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietContext } from '../../main/base/progress.ts';
import { int8Static } from '../../main/contract/recipe/quantize-static.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { quantizeStatic } from '../../main/engine/quantize/quantize-static.ts';
import { TurnTimes } from '../../main/engine/quantize/speed/time-in-turns.ts';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { runOnMadeInputs } from '../../main/engine/runtime/run-made.ts';
import { startRunner } from '../../main/engine/runtime/runner.ts';
import { atMost, told, type BenchRow } from './bench-row.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/assets/models', import.meta.url));
const LEAST = 1.03;

export async function bench(): Promise<BenchRow[]> {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER) : [];
  const rows: BenchRow[] = [];
  const slower: string[] = [];
  for (const name of names) {
    const file = readdirSync(join(FOLDER, name)).find((each) => each.endsWith('.onnx'));
    if (file === undefined) continue;
    // Some are broken on purpose.
    const times = await timesOf(join(FOLDER, name, file)).catch(() => undefined);
    if (times === undefined) continue;
    rows.push(told(`${name}: int8 where that is faster / float`, times.calmRatio));
    if (times.surelySlower && times.calmRatio > LEAST) slower.push(name);
  }
  const which = slower.length === 0 ? '' : ` (${slower.join(', ')})`;
  return names.length === 0
    ? []
    : [...rows, atMost(`of ${rows.length} real models slower in int8${which}`, slower.length, 0)];
}

/** Of a quantized model beside its source; undefined: no layer of it can run in int8, or it does not run at all. */
async function timesOf(path: string): Promise<TurnTimes | undefined> {
  const { model: opened } = await openModel(path);
  const model: Model = nameNodes(opened).model;
  using runner = await startRunner();
  const settings = { provider: 'cpu', threads: null, takesTurns: true } as const;
  const float = await runner.load(sourceOfModel(model), settings);
  const { inputs } = await runOnMadeInputs(float, model, { batch: 1, dims: {} });
  async function* calibration(): AsyncGenerator<typeof inputs.feeds> {
    yield inputs.feeds;
  }
  const step = int8Static.parse({ scheme: 'int8-static', calibrator: 'minmax', speed: 'measured' });
  const { vnni } = machineInfo('');
  const quantized = await quantizeStatic(model, { step, calibration, runner, vnni }, quietContext());
  const slow = 'slow' in quantized.step ? (quantized.step.slow ?? []) : [];
  if (slow.length === 0 && quantized.layers.every((layer) => !layer.quantized)) return undefined;
  const int8 = await runner.load(sourceOfModel(quantized.model), settings);
  const entries = [float, int8].map((session) => ({ session, feeds: inputs.feeds }));
  const [a, b] = await runner.timeInterleaved(entries, { enoughRuns: 200, minSeconds: 1, enoughSeconds: 6 });
  return new TurnTimes(b!.timesMs, a!.timesMs);
}
