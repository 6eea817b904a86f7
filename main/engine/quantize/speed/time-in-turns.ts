import type { TaskContext } from '../../../base/progress.ts';
import { pairedRatio } from '../../../judge/statistics/paired-ratio.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { Session } from '../../runtime/session.ts';
import type { TimingPlan } from '../../runtime/timing.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';

const PLAN: TimingPlan = { warmup: 3, enoughRuns: 60, minSeconds: 0.3, minRuns: 10, enoughSeconds: 1, maxSeconds: 10 };

/** What a model takes, and the reference that was timed with it in turns: all runs, round by round. */
export class TurnTimes {
  readonly timesMs: Float64Array;
  readonly referenceMs: Float64Array;

  constructor(timesMs: Float64Array, referenceMs: Float64Array) {
    this.timesMs = timesMs;
    this.referenceMs = referenceMs;
  }

  /** Of the runs that were disturbed least: what others do on the machine meanwhile makes runs slower, none faster. */
  get calmRatio(): number {
    return calmMs(this.timesMs) / calmMs(this.referenceMs);
  }

  /** Whether its median is above the reference's, beyond doubt. */
  get surelySlower(): boolean {
    const { low } = pairedRatio(this.timesMs, this.referenceMs);
    return low !== null && low > 1;
  }

  /** These runs and those of another time. */
  and(more: TurnTimes): TurnTimes {
    return new TurnTimes(joined(this.timesMs, more.timesMs), joined(this.referenceMs, more.referenceMs));
  }
}

/** Milliseconds of a run that is disturbed little: a tenth of the runs stays below. */
export function calmMs(timesMs: Float64Array): number {
  return timesMs.toSorted()[Math.floor(timesMs.length / 10)]!;
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Times models beside one that stays loaded. */
export class TurnClock {
  readonly #runner: Runner;
  readonly #reference: Session;
  readonly #feeds: HostTensors;
  readonly #threads: number | null;
  readonly #signal: AbortSignal;

  private constructor(of: {
    runner: Runner;
    reference: Session;
    feeds: HostTensors;
    threads: number | null;
    signal: AbortSignal;
  }) {
    this.#runner = of.runner;
    this.#reference = of.reference;
    this.#feeds = of.feeds;
    this.#threads = of.threads;
    this.#signal = of.signal;
  }

  /** Loads the reference. @throws RUNTIME_…, CANCELLED */
  static async start(
    reference: Model,
    by: { readonly runner: Runner; readonly feeds: HostTensors; readonly threads: number | null },
    { signal }: Pick<TaskContext, 'signal'>,
  ): Promise<TurnClock> {
    return new TurnClock({ ...by, reference: await load(reference, by, signal), signal });
  }

  /** Times models and the reference A B C A B C …; in the order given. */
  async time(models: readonly Model[]): Promise<readonly TurnTimes[]> {
    const sessions: Session[] = [];
    try {
      for (const model of models) {
        sessions.push(await load(model, { runner: this.#runner, threads: this.#threads }, this.#signal));
      }
      const entries = [this.#reference, ...sessions].map((session) => ({ session, feeds: this.#feeds }));
      const [own, ...others] = await this.#runner.timeInterleaved(entries, PLAN, { signal: this.#signal });
      return others.map(({ timesMs }) => new TurnTimes(timesMs, own!.timesMs));
    } finally {
      if (this.#runner.alive) for (const session of sessions) await session.close();
    }
  }

  async close(): Promise<void> {
    if (this.#runner.alive) await this.#reference.close();
  }
}

function load(
  model: Model,
  { runner, threads }: { readonly runner: Runner; readonly threads: number | null },
  signal: AbortSignal,
): Promise<Session> {
  return runner.load(sourceOfModel(model), { provider: 'cpu', threads, takesTurns: true }, { signal });
}
