import type { MachinePeaks } from '../../contract/machine-peaks.ts';
import type { Provider } from '../../contract/machine.ts';
import { StudioError } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { median } from '../../judge/statistics/median.ts';
import { encodeModelBytes } from '../onnx/encode-model.ts';
import { machineInfo } from '../runtime/machine.ts';
import type { Runner } from '../runtime/runner.ts';
import { measureProfiled } from './measure.ts';
import { PRODUCT, productModel, SUM, sumChainModel } from './peak-models.ts';
import { tracedRuns } from './trace.ts';

/** Rows and columns of the matrices: 2.1 · 10⁹ operations, and 4 MiB each in float32. */
const SIZE = 1024;
/** Enough that some are undisturbed on a machine that does other work too. */
const PRODUCT_RUNS = 40;
const SUM_RUNS = 10;
const SUMS = 8;
const MIB = 2 ** 20;
/** Bytes of the two arrays that a sum keeps using: from within a core's cache to beyond every cache. */
const SETS = [MIB / 2, MIB, 4 * MIB, 16 * MIB, 64 * MIB, 256 * MIB];

/**
 * The higher of two measurements of one machine: other work on it only ever lowers what is reached. Date and runs are
 * those of the later one.
 */
export function higherPeaks(earlier: MachinePeaks, later: MachinePeaks): MachinePeaks {
  const before = new Map(earlier.bandwidth.map(({ setBytes, gbPerSecond }) => [setBytes, gbPerSecond]));
  return {
    ...later,
    float32: Math.max(earlier.float32, later.float32),
    int8: earlier.int8 === null || later.int8 === null ? later.int8 : Math.max(earlier.int8, later.int8),
    bandwidth: later.bandwidth.map(({ setBytes, gbPerSecond }) => ({
      setBytes,
      gbPerSecond: Math.max(gbPerSecond, before.get(setBytes) ?? 0),
    })),
    kernelUs: Math.min(earlier.kernelUs, later.kernelUs),
  };
}

interface Setup {
  readonly provider: Provider;
  /** null: one for each physical core. */
  readonly threads: number | null;
}

/**
 * What this machine can do at most, through the same runtime: the product of two large matrices for arithmetic, sums of two
 * arrays for bandwidth (two reads and a write for each element, as in McCalpin's STREAM), the sum of two numbers for
 * what every kernel costs. Times of kernels under the profiler, as those that they are compared with; the fastest run counts,
 * since a roof is what can be reached. About 5 s.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED, RUNTIME_DIED, PROVIDER_UNAVAILABLE, CANCELLED
 */
export async function measurePeaks(
  runner: Runner,
  setup: Setup,
  { signal, progress }: TaskContext,
): Promise<MachinePeaks> {
  const total = SETS.length + 3;
  let done = 0;
  const step = (stage: string): void => progress({ stage, done: done++, total });
  const gigaOps = async (dtype: 'float32' | 'int8'): Promise<number> => {
    step(`Peak in ${dtype}`);
    const bytes = encodeModelBytes(productModel(SIZE, dtype));
    const us = await kernelTimes(runner, { bytes, setup, kernel: PRODUCT, length: SIZE, runs: PRODUCT_RUNS }, signal);
    return (2 * SIZE ** 3) / Math.min(...us) / 1000;
  };
  const sums = encodeModelBytes(sumChainModel(SUMS));
  const sumTimes = (length: number): Promise<readonly number[]> =>
    kernelTimes(runner, { bytes: sums, setup, kernel: SUM, length, runs: SUM_RUNS }, signal);
  const float32 = await gigaOps('float32');
  const int8 = await unlessRefused(() => gigaOps('int8'));
  const bandwidth: { setBytes: number; gbPerSecond: number }[] = [];
  for (const setBytes of SETS) {
    step('Bandwidth');
    const length = setBytes / 8;
    const us = await sumTimes(length);
    bandwidth.push({ setBytes, gbPerSecond: (12 * length) / fastest(us) / 1000 });
  }
  step('Cost of a kernel');
  return {
    machine: machineInfo(runner.about.onnxruntime, setup),
    at: Date.now(),
    size: SIZE,
    runs: PRODUCT_RUNS,
    float32,
    int8,
    bandwidth,
    kernelUs: Math.max(0.5, median(await sumTimes(1))),
  };
}

/** Not the single fastest of many short kernels: the clock counts whole microseconds. */
function fastest(us: readonly number[]): number {
  const sorted = us.toSorted((a, b) => a - b);
  return Math.max(0.5, sorted[Math.floor(sorted.length / 10)]!);
}

interface KernelTimesOf {
  readonly bytes: Uint8Array;
  readonly setup: Setup;
  /** What the names of the counted kernels begin with. */
  readonly kernel: string;
  readonly length: number;
  readonly runs: number;
}

/** µs of each execution of a model's kernels of that name. */
async function kernelTimes(
  runner: Runner,
  { bytes, setup, kernel, length, runs }: KernelTimesOf,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const feeds = { length: { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(length)) } } as const;
  const profiled = await measureProfiled(runner, { source: { bytes }, settings: setup, feeds, runs }, { signal });
  const counted = tracedRuns(profiled.events).slice(-runs);
  const times = counted.flatMap(({ kernels, gpu }) => {
    const onGpu = gpu.filter((shader) => shader.kernel.startsWith(kernel));
    const executions = onGpu.length > 0 ? onGpu : kernels.filter(({ name }) => name.startsWith(kernel));
    return executions.map(({ durationUs }) => Math.max(0.5, durationUs));
  });
  if (times.length === 0) throw new StudioError('RUNTIME_RUN_FAILED', 'The runtime told no kernel of the peaks’ model');
  return times;
}

async function unlessRefused(measure: () => Promise<number>): Promise<number | null> {
  try {
    return await measure();
  } catch (error) {
    const refused = ['RUNTIME_LOAD_FAILED', 'RUNTIME_RUN_FAILED'];
    if (error instanceof StudioError && refused.includes(error.code)) return null;
    throw error;
  }
}
