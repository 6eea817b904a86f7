/**
 * What static int8 takes against float, timed in turns: networks of which most gains, and one that is no faster in int8. Layers
 * that would be slower stay in float, so nothing may take longer than in float.
 */
import { fileURLToPath } from 'node:url';
import { quietContext } from '../../main/base/progress.ts';
import { int8Static } from '../../main/contract/recipe/quantize-static.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { quantizeStatic } from '../../main/engine/quantize/quantize-static.ts';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { runOnMadeInputs } from '../../main/engine/runtime/run-made.ts';
import { startRunner } from '../../main/engine/runtime/runner.ts';
import { pairedRatio } from '../../main/judge/statistics/paired-ratio.ts';
import { mobileNetV2 } from '../support/mobilenet-v2.ts';
import { resnet18 } from '../support/resnet18.ts';
import { atMost, type BenchRow } from './bench-row.ts';

const sample = async (name: string): Promise<Model> =>
  (await openModel(fileURLToPath(new URL(`../../resources/samples/${name}`, import.meta.url)))).model;

/** Without VNNI a product of bytes takes three instructions: the same networks gain less there. */
const vnni = machineInfo('').vnni === true;
const CASES = [
  { name: 'ResNet-18 in int8 / float', limit: 1 / 1.8, model: () => Promise.resolve(resnet18()) },
  { name: 'MobileNetV2 in int8 / float', limit: vnni ? 1 / 1.6 : 1 / 1.3, model: () => Promise.resolve(mobileNetV2()) },
  {
    name: 'ViT sample, layers in int8 where that is faster / float',
    limit: 1.05,
    model: () => sample('glyph-vit.onnx'),
  },
  {
    name: 'GRU sample, layers in int8 where that is faster / float',
    limit: 1.05,
    model: () => sample('glyph-gru.onnx'),
  },
] as const;

export async function bench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, limit, model } of CASES) {
    const ratio = await int8Ratio(await model());
    rows.push(atMost(name, ratio, limit));
  }
  return rows;
}

async function int8Ratio(model: Model): Promise<number> {
  using runner = await startRunner();
  const settings = { provider: 'cpu', threads: null, takesTurns: true } as const;
  const float = await runner.load(sourceOfModel(model), settings);
  const { inputs } = await runOnMadeInputs(float, model, { batch: 1, dims: {} });
  async function* calibration(): AsyncGenerator<typeof inputs.feeds> {
    yield inputs.feeds;
  }
  const step = int8Static.parse({ scheme: 'int8-static', calibrator: 'minmax', speed: 'measured' });
  const { vnni: known } = machineInfo('');
  const quantized = await quantizeStatic(model, { step, calibration, runner, vnni: known }, quietContext());
  const int8 = await runner.load(sourceOfModel(quantized.model), settings);
  const entries = [float, int8].map((session) => ({ session, feeds: inputs.feeds }));
  const [a, b] = await runner.timeInterleaved(entries, { enoughRuns: 100, minSeconds: 1, enoughSeconds: 4 });
  return pairedRatio(b!.timesMs, a!.timesMs).value;
}
