/**
 * What quantizing takes beside the runs of calibration: 25 M weights are planned, checked and written as codes, against the time that
 * one may wait. In time of the processor: what else the machine does counts for nothing.
 */
import { quietContext } from '../../main/base/progress.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { insertQdq } from '../../main/engine/quantize/insert-qdq.ts';
import { planQuantization } from '../../main/engine/quantize/plan-quantization.ts';
import { prepareModel } from '../../main/engine/quantize/prepare.ts';
import { requireFiniteWeights } from '../../main/engine/quantize/require-finite.ts';
import { layerFormats } from '../../main/engine/quantize/schemes.ts';
import { quantizedTensors, tensorSchemes } from '../../main/engine/quantize/tensor-schemes.ts';
import { RunnerPool } from '../../main/engine/runtime/runner-pool.ts';
import { INITIAL_STATIC } from '../../main/contract/recipe/quantize-static.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import { cpuMs } from './processor-time.ts';
import { model25M, WEIGHTS } from './slider-case.ts';

const MOST_MS = 2000;
const RUNS = 3;

export async function bench(): Promise<BenchRow[]> {
  const model = model25M();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = cpuMs();
    await write(model);
    times.push(cpuMs() - start);
  }
  const name = `quantize: ${(WEIGHTS / 1e6).toFixed(0)} M weights, without calibration / 2 s`;
  return [atMost(name, median(times) / MOST_MS, 1)];
}

async function write(source: Model): Promise<void> {
  const { model, knowledge } = await prepareModel(source, { runners: new RunnerPool() }, quietContext());
  const plan = planQuantization(model.graph, { knowledge, refused: new Map() });
  requireFiniteWeights(model.graph, plan);
  const tensors = quantizedTensors(model.graph, plan);
  const formats = layerFormats({ ...INITIAL_STATIC, reduceRange: false });
  const ranges = new Map([...tensors.keys()].map((name) => [name, { min: -1, max: 1 }]));
  const schemes = tensorSchemes(tensors, ranges, () => formats.activations);
  const formatsOf = (): typeof formats => formats;
  const written = {
    schemes,
    perChannel: true,
    axisAllowed: true,
    formatsOf,
    splitInputs: false,
    anyZeroOfWeights: false,
    refused: new Set<string>(),
  };
  insertQdq(model.graph, plan, written);
}
