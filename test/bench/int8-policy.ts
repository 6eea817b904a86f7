/**
 * Mixed policies of ResNet-20, where the assets lie beside the repository: what they take beside every layer in int8, timed in turns in
 * several rounds, and how near each is to the float model. Times are those of the runs that were disturbed least: on a quiet machine they
 * settle within a per cent.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietContext } from '../../main/base/progress.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { TurnTimes } from '../../main/engine/quantize/speed/time-in-turns.ts';
import { applyRecipe } from '../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { sqnrDb } from '../../main/judge/signal-error.ts';
import { atMost, told, type BenchRow } from './bench-row.ts';

const ASSETS = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const PREPROCESSING = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** Ranges, biases and equalization cost no time when the model runs: they are those that are found in seconds. */
const STEP = { calibrator: 'mse', biasCorrection: 'empirical', speed: 'all' } as const;
const TAIL = { '/GlobalAveragePool': 'float', '/linear/Gemm': 'float' } as const;
const POLICIES = {
  'all in int8': {},
  'images in two codes': { splitInputs: true },
  'images in two codes, tail in float': { splitInputs: true, layers: TAIL },
  'first convolution in float': { layers: { '/conv1/Conv': 'float' } },
  'first convolution and tail in float': { layers: { '/conv1/Conv': 'float', ...TAIL } },
} as const;
const ROUNDS = 4;
const MOST = 1.03;

export async function mixedPolicies(): Promise<BenchRow[]> {
  const folder = join(ASSETS, 'models/resnet20-cifar10');
  if (!existsSync(folder)) return [];
  using runner = await startRunner();
  const { model } = await openModel(
    join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.onnx'))!,
    ),
  );
  const images: HostTensors[] = [];
  const dataset = await openDataset(join(ASSETS, 'data/cifar10-test-1k'), { preprocessing: PREPROCESSING });
  for await (const { feeds } of dataset.batches(inputPorts(model), 20)) images.push(feeds);
  const made = async (policy: object): Promise<Model> => {
    const steps = [{ equalize: { method: 'cross-layer' } }, { quantize: { ...STEP, ...policy } }];
    async function* calibration(): AsyncGenerator<HostTensors> {
      yield* images.slice(0, 10);
    }
    const { vnni } = machineInfo('');
    const surroundings = { calibration, runner, sampleFeeds: () => Promise.resolve(images[0]), vnni };
    return (await applyRecipe(model, recipeSchema.parse({ version: 2, steps }), surroundings, quietContext())).model;
  };
  const expected = await logitsOf(runner, model, images.slice(25));
  const rows: BenchRow[] = [];
  const models: Model[] = [];
  for (const [name, policy] of Object.entries(POLICIES)) {
    const one = await made(policy);
    models.push(one);
    const given = await logitsOf(runner, one, images.slice(25));
    rows.push(told(`ResNet-20, ${name}: dB of the logits`, decibels(expected, given)));
    rows.push(told(`ResNet-20, ${name}: share that agrees`, agreement(expected, given)));
  }
  const rounds: (readonly TurnTimes[])[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await race(runner, models, images[0]!));
  const ratios = Object.keys(POLICIES)
    .slice(1)
    .map((name, at) => {
      const times = rounds.map((round) => round[at]!);
      const spread = times.map(({ calmRatio }) => calmRatio.toFixed(3)).join(', ');
      const together = times.reduce((sum, one) => sum.and(one));
      return atMost(`ResNet-20, ${name} / all in int8 (${spread})`, together.calmRatio, MOST);
    });
  return [...rows, ...ratios];
}

/** All in turns on one image. @returns of each but the first, against the first */
async function race(runner: Runner, models: readonly Model[], batch: HostTensors): Promise<readonly TurnTimes[]> {
  const feeds = Object.fromEntries(
    Object.entries(batch).map(([name, { dtype, dims, data }]) => {
      const size = data.length / dims[0]!;
      return [name, { dtype, dims: [1, ...dims.slice(1)], data: data.slice(0, size) }];
    }),
  ) as HostTensors;
  const settings = { provider: 'cpu', threads: null, takesTurns: true } as const;
  const sessions = [];
  for (const model of models) sessions.push(await runner.load(sourceOfModel(model), settings));
  const entries = sessions.map((session) => ({ session, feeds }));
  const plan = { enoughRuns: 2000, minSeconds: 2, enoughSeconds: 10 };
  const [first, ...others] = await runner.timeInterleaved(entries, plan);
  for (const session of sessions) await session.close();
  return others.map(({ timesMs }) => new TurnTimes(timesMs, first!.timesMs));
}

async function logitsOf(runner: Runner, model: Model, batches: readonly HostTensors[]): Promise<Float32Array> {
  const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null });
  const logits: number[] = [];
  for (const feeds of batches) logits.push(...((await session.run(feeds))['logits']!.data as Float32Array));
  await session.close();
  return Float32Array.from(logits);
}

function decibels(expected: Float32Array, given: Float32Array): number {
  const power = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  const difference = expected.map((value, at) => value - given[at]!);
  return sqnrDb({ reference: power(expected), difference: power(difference) });
}

const CLASSES = 10;

function agreement(expected: Float32Array, given: Float32Array): number {
  const best = (values: Float32Array): number => values.indexOf(Math.max(...values));
  const count = expected.length / CLASSES;
  let same = 0;
  for (let at = 0; at < count; at++) {
    const [a, b] = [expected, given].map((values) => best(values.subarray(at * CLASSES, (at + 1) * CLASSES)));
    if (a === b) same++;
  }
  return same / count;
}
