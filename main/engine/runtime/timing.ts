import { median } from '../../judge/statistics/median.ts';

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
}

/** What the loop needs from the world; `run` does one inference, the clock is in milliseconds. */
export interface TimingHost {
  readonly run: (session: number) => Promise<unknown>;
  readonly now: () => number;
  readonly residentBytes: () => number;
  readonly progress: (stage: 'Warming up' | 'Timing', done: number, total: number | undefined) => void;
}

const WINDOW = 5;
const STABLE_RATIO = 0.02;
const WARMUP_MAX_MS = 3000;
const WARMUP_MAX_RUNS = 200;
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
 * Runs until the times settle ({@link isSettled}), or for 3 s, or 200 times; or exactly `count` times.
 * @returns how many runs it took and whether they settled
 */
export async function warmUp(
  host: TimingHost,
  session: number,
  count: number | null,
): Promise<{ readonly runs: number; readonly stable: boolean }> {
  const times: number[] = [];
  const begin = host.now();
  for (;;) {
    if (count !== null && times.length >= count) return { runs: times.length, stable: true };
    if (count === null && isSettled(times)) return { runs: times.length, stable: true };
    if (
      count === null &&
      (times.length >= WARMUP_MAX_RUNS || (times.length > 0 && host.now() - begin > WARMUP_MAX_MS))
    ) {
      return { runs: times.length, stable: false };
    }
    const start = host.now();
    await host.run(session);
    times.push(host.now() - start);
    host.progress('Warming up', times.length, count ?? undefined);
  }
}

/**
 * Times several sessions A B C A B C …, so that what changes on the machine meanwhile (clock rates, other programs) meets
 * all of them alike. With one session it is the plain loop. Only the runs themselves are inside the clock.
 * @returns one series for each session, in the order given; memory samples stand in the first
 */
export async function timeSessions(
  host: TimingHost,
  sessions: readonly number[],
  plan: TimingPlan,
): Promise<readonly Timing[]> {
  const warmups: { readonly runs: number; readonly stable: boolean }[] = [];
  for (const session of sessions) warmups.push(await warmUp(host, session, plan.warmup ?? null));
  const times = sessions.map((): number[] => []);
  const memory: MemorySample[] = [];
  const begin = host.now();
  let sampledAt = -Infinity;
  for (let round = 0; !isEnough(round, (host.now() - begin) / 1000, plan); round++) {
    for (const [index, session] of sessions.entries()) {
      const start = host.now();
      await host.run(session);
      times[index]!.push(host.now() - start);
    }
    const ms = host.now() - begin;
    if (ms - sampledAt >= SAMPLE_EVERY_MS && memory.length < MAX_SAMPLES) {
      memory.push({ ms, bytes: host.residentBytes() });
      sampledAt = ms;
    }
    host.progress('Timing', round + 1, plan.runs ?? undefined);
  }
  return sessions.map((_, index) => ({
    timesMs: Float64Array.from(times[index]!),
    warmup: warmups[index]!.runs,
    stable: warmups[index]!.stable,
    memory: index === 0 ? memory : [],
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
