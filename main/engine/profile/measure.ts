import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { parseModel } from '../onnx/parse.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { RunnerCallOptions } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { ModelSource, SessionSettings } from '../runtime/settings.ts';
import { median } from '../../judge/statistics/median.ts';
import type { Timing, TimingPlan } from '../runtime/timing.ts';
import { parseTrace, type TraceEvent } from './trace.ts';

/** Time and memory of the model as users run it, without the profiler. */
export interface PlainMeasurement {
  readonly timing: Timing;
  /** Highest resident memory during the timed runs over what the runner held before the session was made. */
  readonly peakBytes: number;
  /** Resident memory along the runs, over the same; its highest is no more than the peak. */
  readonly memory: Timing['memory'];
}

/** Times a loaded session on a runner that did nothing before, so that memory is the session's own. */
export async function measurePlain(
  session: Session,
  feeds: HostTensors,
  { plan, ...call }: RunnerCallOptions & { readonly plan: TimingPlan },
): Promise<PlainMeasurement> {
  await session.memory(true, call);
  const timing = await session.time(feeds, plan, call);
  const { peakBytes, peakIsFresh } = await session.memory(false, call);
  const sampled = Math.max(0, ...timing.memory.map((sample) => sample.bytes));
  const peak = peakIsFresh ? Math.max(peakBytes, sampled) : sampled;
  const over = (bytes: number): number => Math.max(0, bytes - session.beforeBytes);
  const memory = timing.memory.map(({ ms, bytes }) => ({ ms, bytes: over(bytes) }));
  return { timing, peakBytes: over(peak), memory };
}

/** What the profiler saw. */
export interface ProfiledMeasurement {
  readonly timing: Timing;
  /** Of the session without the profiler; null: there was none. */
  readonly beside: Timing | null;
  readonly events: readonly TraceEvent[];
  /** The graph that the runtime executed; null when it could not write it. */
  readonly optimised: Model | null;
}

const WARMUP_RUNS = 3;
/** Traced kernels: each takes about 1 KB of trace. */
const MAX_EVENTS = 20_000;
const MAX_RUNS = 50;
const MAX_MS = 3000;

/** Runs to profile: enough for means, few enough for a trace of some 20 MB and three seconds; `wanted` at most. */
export function profiledRuns(plain: Timing, nodes: number, wanted: number | null): number {
  const byTime = Math.floor(MAX_MS / median(plain.timesMs));
  const bySize = Math.floor(MAX_EVENTS / Math.max(1, nodes));
  return Math.max(1, Math.min(wanted ?? MAX_RUNS, Math.max(3, Math.min(MAX_RUNS, byTime, bySize))));
}

/**
 * Runs the model under the runtime's profiler, after three runs to warm up, and lets it write the graph that it executes.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED, RUNTIME_DIED, CANCELLED
 */
export async function measureProfiled(
  runner: Runner,
  profiled: {
    readonly source: ModelSource;
    readonly settings: SessionSettings;
    readonly feeds: HostTensors;
    readonly runs: number;
    /** The same model without the profiler, to be timed in turns with it. */
    readonly beside?: Session;
  },
  call: RunnerCallOptions,
): Promise<ProfiledMeasurement> {
  const folder = await mkdtemp(join(tmpdir(), 'lapidary-profile-'));
  try {
    const session = await loadProfiled(runner, folder, profiled, call);
    const sessions = profiled.beside === undefined ? [session] : [session, profiled.beside];
    const [timing, beside = null] = await timeInBlocks(sessions, profiled, call);
    await session.endProfiling(call);
    await session.close(call);
    return { timing: timing!, beside, events: await readTrace(folder), optimised: await readOptimised(folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Blocks that take turns, where there are runs enough. */
const BLOCKS = 5;
const ENOUGH_FOR_BLOCKS = 10;
/** Threads of the session that waits spin no longer than that. */
const WARM_AGAIN_RUNS = 2;

/** Times sessions block by block, A A A B B B A A A B B B …, so that what the machine does meanwhile meets all alike. */
async function timeInBlocks(
  sessions: readonly Session[],
  { feeds, runs }: { readonly feeds: HostTensors; readonly runs: number },
  call: RunnerCallOptions,
): Promise<readonly Timing[]> {
  const blocks = sessions.length > 1 && runs >= ENOUGH_FOR_BLOCKS ? BLOCKS : 1;
  const series: Timing[][] = sessions.map(() => []);
  for (let block = 0; block < blocks; block++) {
    const count = Math.floor(((block + 1) * runs) / blocks) - Math.floor((block * runs) / blocks);
    for (const [at, session] of sessions.entries()) {
      const warmup = block === 0 && at === 0 ? WARMUP_RUNS : WARM_AGAIN_RUNS;
      series[at]!.push(await session.time(feeds, { warmup, runs: count }, call));
    }
  }
  return series.map(joinBlocks);
}

/** Blocks as one series: warm-ups after the first block's are runs that do not count. */
function joinBlocks(blocks: readonly Timing[]): Timing {
  const [first] = blocks;
  const uncounted: number[] = [];
  let places = 0;
  for (const [at, block] of blocks.entries()) {
    const warmup = at === 0 ? 0 : block.warmup;
    for (let place = 0; place < warmup; place++) uncounted.push(places + place);
    for (const place of block.uncounted) uncounted.push(places + warmup + place);
    places += warmup + block.timesMs.length + block.uncounted.length;
  }
  return { ...first!, timesMs: Float64Array.from(blocks.flatMap(({ timesMs }) => [...timesMs])), uncounted };
}

async function loadProfiled(
  runner: Runner,
  folder: string,
  { source, settings }: { readonly source: ModelSource; readonly settings: SessionSettings },
  call: RunnerCallOptions,
): Promise<Session> {
  const profiling = { ...settings, profilePrefix: join(folder, 'trace') };
  try {
    return await runner.load(source, { ...profiling, optimizedModelPath: join(folder, OPTIMISED) }, call);
  } catch (error) {
    // graphs with compiled parts or above 2 GB cannot be written: profile without the picture of them
    if (!(error instanceof StudioError && error.code === 'RUNTIME_LOAD_FAILED')) throw error;
    return await runner.load(source, profiling, call);
  }
}

const OPTIMISED = 'optimised.onnx';

async function readTrace(folder: string): Promise<readonly TraceEvent[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('trace') && name.endsWith('.json'));
  const events: TraceEvent[] = [];
  for (const name of names) events.push(...parseTrace(await readFile(join(folder, name), 'utf8')));
  return events.some((event) => event.cat === 'Session' && event.name === 'model_run') ? events : [];
}

async function readOptimised(folder: string): Promise<Model | null> {
  try {
    return parseModel(new Uint8Array(await readFile(join(folder, OPTIMISED))), folder);
  } catch {
    return null; // not written, see loadProfiled, or with types that this version does not know
  }
}
