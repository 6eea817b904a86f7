/**
 * Speed of coding weights alone: 25 M of them, against the time that one may wait and against one bare pass over them. In time of
 * the processor: what else the machine does counts for nothing.
 */
import { quantizeStepSchema } from '../../main/contract/recipe/quantize.ts';
import type { WeightOnlyStep } from '../../main/contract/recipe/quantize-weight-only.ts';
import { quietContext } from '../../main/base/progress.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../../main/engine/graph/make.ts';
import { quantizeWeightOnly } from '../../main/engine/quantize/weight-only/quantize-weight-only.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import { inputScaling } from '../../main/engine/steps/input-scaling.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { atMost, median, told, type BenchRow } from './bench-row.ts';
import { barePassMs, cpuMs } from './processor-time.ts';

const LAYERS = 12;
const WIDTH = 1448;
const MOST_MS = 2000;
const RUNS = 3;

/** Twelve square matrices in a row: 25.2 M weights. */
function model25M(): Model {
  const random = seededRandom(1);
  const values = Float32Array.from({ length: WIDTH * WIDTH }, () => (random() + random() + random() - 1.5) / 20);
  const names = Array.from({ length: LAYERS }, (_, at) => `w${at}`);
  return makeModel(
    makeGraph({
      nodes: names.map((name, at) =>
        makeNode('MatMul', [at === 0 ? 'x' : `h${at - 1}`, name], [`h${at}`], { name: `m${at}` }),
      ),
      initializers: names.map((name) => makeTensor(name, 'float32', [WIDTH, WIDTH], values.slice())),
      inputs: [makeValueInfo('x', 'float32', [1, WIDTH])],
      outputs: [makeValueInfo(`h${LAYERS - 1}`, 'float32', [1, WIDTH])],
    }),
  );
}

const STEPS: readonly (readonly [string, Record<string, unknown>, number])[] = [
  ['4 bits to nearest', { scheme: 'int4-weight' }, 1],
  ['8 bits to nearest', { scheme: 'int8-weight' }, 1],
  ['2 bits to nearest', { scheme: 'int2-weight' }, 1],
  ['4 bits by HQQ', { scheme: 'int4-weight', method: 'hqq', symmetric: true }, Infinity],
];

async function msOf(model: Model, settings: Record<string, unknown>, runner: Runner): Promise<number> {
  const step = quantizeStepSchema.parse(settings) as WeightOnlyStep;
  const calibration = (): never => {
    throw new Error('these methods take no data');
  };
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const start = cpuMs();
    await quantizeWeightOnly(
      model,
      { step, calibration, runner, scalingOf: inputScaling, sampleFeeds: async () => undefined },
      quietContext(),
    );
    times.push(cpuMs() - start);
  }
  return median(times);
}

/** About 30 s. */
export async function bench(): Promise<BenchRow[]> {
  const model = model25M();
  const bare = barePassMs(model, RUNS);
  const runner = await startRunner();
  try {
    const rows: BenchRow[] = [];
    for (const [name, settings, limit] of STEPS) {
      const ms = await msOf(model, settings, runner);
      rows.push(atMost(`weights: 25 M in ${name} / 2 s`, ms / MOST_MS, limit));
      rows.push(told(`weights: 25 M in ${name} / a bare pass`, ms / bare));
    }
    return rows;
  } finally {
    runner.kill();
  }
}
