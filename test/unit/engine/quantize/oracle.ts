/** ONNX Runtime as numeric oracle for the tests of this room. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import type { Int8StaticStep } from '../../../../main/contract/recipe/quantize-static.ts';
import { quantizeStepSchema } from '../../../../main/contract/recipe/quantize.ts';
import type { Runner } from '../../../../main/engine/runtime/runner.ts';
import type { SessionSettings } from '../../../../main/engine/runtime/settings.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** Uniform in [−1, 1), the same for the same seed. */
export function randomFeed(dims: readonly number[], seed = 1, input = 'x'): HostTensors {
  const random = seededRandom(seed);
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { [input]: { dtype: 'float32', dims, data: Float32Array.from({ length: count }, () => random() * 2 - 1) } };
}

/** Batches of random feeds with the seeds 1, 2, … */
export async function* randomBatches(dims: readonly number[], count: number): AsyncGenerator<HostTensors> {
  for (let seed = 1; seed <= count; seed++) yield randomFeed(dims, seed);
}

/** The float outputs of one run, by name. */
export async function outputsOf(
  runner: Runner,
  model: Model,
  feeds: HostTensors,
  settings: Partial<SessionSettings> = {},
): Promise<Record<string, Float32Array>> {
  const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: 1, ...settings });
  const found = await session.run(feeds);
  await session.close();
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The largest absolute difference of two arrays of the same length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/**
 * A quantize step with what the test does not care about filled in. Weights in 7 bits: with 8 the kernels of a CPU without
 * VNNI saturate, and their layers stay float.
 */
export function quantizeStep(step: Partial<Int8StaticStep> = {}): Int8StaticStep {
  const given = { scheme: 'int8-static', reduceRange: true, samples: 8, ...step };
  return quantizeStepSchema.parse(given) as Int8StaticStep;
}

/** The model that the runtime executes, one level below the last, which only changes layouts. */
export async function executedModel(runner: Runner, model: Model): Promise<Model> {
  using folder = tempFolder();
  const optimizedModelPath = folder.file('optimized.onnx');
  const settings = { provider: 'cpu', threads: 1, optimization: 'extended', optimizedModelPath } as const;
  const session = await runner.load(sourceOfModel(model), settings);
  await session.close();
  return (await openModel(optimizedModelPath)).model;
}

/** The operators of one run, in the order in which the runtime executes them. */
export async function operatorsRun(runner: Runner, model: Model, feeds: HostTensors): Promise<readonly string[]> {
  using folder = tempFolder();
  const settings = { provider: 'cpu', threads: 1, profilePrefix: folder.file('trace') } as const;
  const session = await runner.load(sourceOfModel(model), settings);
  await session.run(feeds);
  await session.endProfiling();
  await session.close();
  const [trace] = readdirSync(folder.path);
  const events = JSON.parse(readFileSync(join(folder.path, trace!), 'utf8')) as {
    cat: string;
    name: string;
    ts: number;
    args: { op_name: string };
  }[];
  return events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
    .toSorted((a, b) => a.ts - b.ts)
    .map(({ args }) => args.op_name);
}
