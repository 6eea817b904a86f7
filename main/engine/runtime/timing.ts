import { median } from '../../judge/statistics/median.ts';
import { Blocks, type BlocksHost } from './blocks.ts';

/** How long to time. Unset limits take the defaults below. */
export interface TimingPlan {
  /** Runs before the measurement; null: until stable, see {@link warmUp}. */
  readonly warmup?: number | null;
  /** Exactly this many timed runs; null: as many as the limits below say. */
  readonly runs?: number | null;
  /** Enough runs once `minSeconds` have passed too. Default 100. */
  readonly enoughRuns?: number;
  /** Seconds before `enoughRuns` may end the measurement. Default 0.5: a hundred runs of a tiny model are over before the clock settles. */
  readonly minSeconds?: number;
  /** Seconds that end the measurement once `minRuns` are done. Default 2. */
  readonly enoughSeconds?: number;
  /** Default 10. */
  readonly minRuns?: number;
  /** Seconds that end the measurement whatever the number of runs (one at least); for models that take seconds. Default 30. */
  readonly maxSeconds?: number;
}

export interface MemorySample {
  /** Since the first timed run. */
  readonly ms: number;
  readonly bytes: number;
}

/** What a timed series gave: raw times in the order of the runs. */
export interface Timing {
  readonly timesMs: Float64Array;
  readonly warmup: number;
  /** Whether the warm-up ended because the times had settled (always true for a fixed number of warm-up runs). */
  readonly stable: boolean;
  readonly memory: readonly MemorySample[];
  /**
   * Which of the runs after the warm-up do not count, by their place among all of them: they warmed up again after others
   * had the machine between two blocks.
   */
  readonly uncounted: readonly number[];
}

/** What the loop needs from the world; `run` does one inference. */
export interface TimingHost extends BlocksHost {
  readonly run: (session: number) => Promise<unknown>;
  readonly residentBytes: () => number;
  readonly progress: (stage: 'Warming up' | 'Timing', done: number, total: number | undefined) => void;
}

const WINDOW = 5;
const STABLE_RATIO = 0.02;
const WARMUP_MAX_MS = 3000;
const WARMUP_MAX_RUNS = 200;
/** What others left in the caches is gone after this; a run at least. */
const WARM_AGAIN_MS = 40;
const SAMPLE_EVERY_MS = 20;
const MAX_SAMPLES = 1000;

/** Whether the last five times have the same median as the five before them, to 2 %. */
export function isSettled(timesMs: readonly number[]): boolean {
  if (timesMs.length < 2 * WINDOW) return false;
  const last = median(timesMs.slice(-WINDOW));
  const before = median(timesMs.slice(-2 * WINDOW, -WINDOW));
  return Math.abs(last - before) <= STABLE_RATIO * before;
}

/**
 * Runs until the times settle ({@link isSettled}), or for 3 s, or 200 times; or exactly `count` times. Times from before
 * others had the machine do not count towards settling.
 * @returns how many runs it took and whether they settled
 */
export async function warmUp(
  host: TimingHost,
  session: number,
  count: number | null,
  blocks: Blocks = new Blocks(host),
): Promise<{ readonly runs: number; readonly stable: boolean }> {
  let times: number[] = [];
  let runs = 0;
  const begin = blocks.now();
  for (;;) {
    if (count !== null && runs >= count) return { runs, stable: true };
    if (count === null && isSettled(times)) return { runs, stable: true };
    if (count === null && (runs >= WARMUP_MAX_RUNS || (runs > 0 && blocks.now() - begin > WARMUP_MAX_MS))) {
      return { runs, stable: false };
    }
    if (await blocks.next()) times = [];
    times.push(await blocks.time(() => host.run(session)));
    runs++;
    host.progress('Warming up', runs, count ?? undefined);
  }
}

/**
 * Times several sessions A B C A B C …, so that what changes on the machine meanwhile (clock rates, other programs) meets
 * all of them alike. With one session it is the plain loop. Only the runs themselves are inside the clock. The runs are cut
 * into blocks between which others get the machine; after they did, all sessions warm up again before a run counts.
 * @returns one series for each session, in the order given; memory samples stand in the first
 */
export async function timeSessions(
  host: TimingHost,
  sessions: readonly number[],
  plan: TimingPlan,
): Promise<readonly Timing[]> {
  const blocks = new Blocks(host);
  const warmups: { readonly runs: number; readonly stable: boolean }[] = [];
  for (const session of sessions) warmups.push(await warmUp(host, session, plan.warmup ?? null, blocks));
  const series = sessions.map((session) => ({ session, timesMs: [] as number[], uncounted: [] as number[] }));
  const warmAgain = async (): Promise<void> => {
    const until = blocks.now() + WARM_AGAIN_MS;
    do {
      for (const { session, timesMs, uncounted } of series) {
        await blocks.time(() => host.run(session));
        uncounted.push(timesMs.length + uncounted.length);
      }
    } while (blocks.now() < until);
  };
  const memory: MemorySample[] = [];
  let timedMs = 0;
  let sampledAt = -Infinity;
  for (let round = 0; !isEnough(round, timedMs / 1000, plan); round++) {
    for (const { session, timesMs } of series) {
      if (await blocks.next()) await warmAgain();
      const start = blocks.now();
      timesMs.push(await blocks.time(() => host.run(session)));
      timedMs += blocks.now() - start;
    }
    if (timedMs - sampledAt >= SAMPLE_EVERY_MS && memory.length < MAX_SAMPLES) {
      memory.push({ ms: timedMs, bytes: host.residentBytes() });
      sampledAt = timedMs;
    }
    host.progress('Timing', round + 1, plan.runs ?? undefined);
  }
  return series.map(({ timesMs, uncounted }, index) => ({
    timesMs: Float64Array.from(timesMs),
    warmup: warmups[index]!.runs,
    stable: warmups[index]!.stable,
    memory: index === 0 ? memory : [],
    uncounted,
  }));
}

function isEnough(runs: number, seconds: number, plan: TimingPlan): boolean {
  if (plan.runs !== undefined && plan.runs !== null) return runs >= plan.runs;
  if (runs === 0) return false;
  if (seconds >= (plan.maxSeconds ?? 30)) return true;
  if (runs < (plan.minRuns ?? 10)) return false;
  if (seconds >= (plan.enoughSeconds ?? 2)) return true;
  return runs >= (plan.enoughRuns ?? 100) && seconds >= (plan.minSeconds ?? 0.5);
}
