import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { providerSchema } from '../../contract/machine.ts';
import type { SessionChoice, Sweep, SweepAxis, SweepRequest, SweepRow } from '../../contract/sweep.ts';
import { medianEstimate } from '../../judge/statistics/median.ts';
import { pairedRatio } from '../../judge/statistics/paired-ratio.ts';
import type { OpenedFile } from '../onnx/open.ts';
import { runnableSource } from '../passes/name-nodes.ts';
import { machineInfo } from '../runtime/machine.ts';
import { physicalCores } from '../runtime/physical-cores.ts';
import type { RunnerCallOptions } from '../runtime/protocol.ts';
import { runOnMadeInputs } from '../runtime/run-made.ts';
import type { Runner } from '../runtime/runner.ts';
import type { RunnerSource } from '../runtime/runner-pool.ts';
import type { Session } from '../runtime/session.ts';
import type { SessionSettings } from '../runtime/settings.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { TimingPlan } from '../runtime/timing.ts';

/** Rounds of both: a second or two for each setting, six rounds at least for an interval. */
const PLAN: TimingPlan = { enoughRuns: 120, minSeconds: 0.4, enoughSeconds: 1.5, minRuns: 6, maxSeconds: 20 };
const BATCHES = [1, 2, 4, 8, 16, 32];

/**
 * Times a model under other session settings, each value by itself and in turns with the base (A B A B …), so that what the
 * machine does meanwhile meets both. The values that are surely faster are then put together and timed the same way; they
 * are recommended only where that is surely faster too.
 * @throws RUNTIME_LOAD_FAILED, RUNTIME_RUN_FAILED where the base itself does not run; RUNTIME_DIED, CANCELLED
 */
export async function sweepSettings(
  opened: Pick<OpenedFile, 'model' | 'path'>,
  runners: RunnerSource,
  { base: asked, dims, axes }: SweepRequest,
  { signal, progress }: TaskContext,
): Promise<Sweep> {
  return runners.use(
    async (runner) => {
      const { backends } = runner.about;
      const base = { ...asked, threads: asked.threads ?? physicalCores() };
      const variants = axes.flatMap((axis) => variantsOf(axis, base, backends));
      const total = variants.length + 2;
      const trial = new Trial(opened, runner, dims, { signal });
      progress({ stage: 'Base', done: 0, total });
      const reference = await trial.load(base);
      const batched = { ...base, batch: reference.batch };
      const rows: SweepRow[] = [];
      for (const [at, { axis, value, choice }] of variants.entries()) {
        throwIfCancelled(signal);
        progress({ stage: `${AXIS_NAMES[axis]} ${value}`, done: at + 1, total });
        rows.push({ axis, value, choice, ...(await trial.against(reference, choice)) });
      }
      progress({ stage: 'Recommended', done: total - 1, total });
      const combined = combine(batched, rows);
      const together =
        combined === null
          ? null
          : { axis: null, value: 'together', choice: combined, ...(await trial.against(reference, combined)) };
      return {
        machine: machineInfo(runner.about.onnxruntime, { provider: base.provider, threads: base.threads }),
        base: batched,
        rows: together === null ? rows : [...rows, together],
        recommended: recommend(batched, rows, together),
        notes: notesOf(rows),
      };
    },
    { signal, fresh: true },
  );
}

const AXIS_NAMES: Readonly<Record<SweepAxis, string>> = {
  threads: 'Threads',
  batch: 'Batch',
  optimization: 'Optimisation',
  execution: 'Execution',
  arena: 'Arena',
  provider: 'Provider',
};

interface Variant {
  readonly axis: SweepAxis;
  readonly value: string;
  readonly choice: SessionChoice;
}

/** The values of an axis other than the base's. */
function variantsOf(
  axis: SweepAxis,
  base: SessionChoice & { readonly threads: number },
  backends: readonly string[],
): readonly Variant[] {
  const each = <V>(
    values: readonly V[],
    own: V,
    write: (value: V) => Partial<SessionChoice>,
    say: (value: V) => string = String,
  ): Variant[] =>
    values
      .filter((value) => value !== own)
      .map((value) => ({ axis, value: say(value), choice: { ...base, ...write(value) } }));
  switch (axis) {
    case 'threads':
      return each(threadCounts(base.threads), base.threads, (threads) => ({ threads }));
    case 'batch':
      return each(BATCHES, base.batch, (batch) => ({ batch }));
    case 'optimization':
      return each(['all', 'extended', 'basic', 'disabled'] as const, base.optimization, (optimization) => ({
        optimization,
      }));
    case 'execution':
      return each(['sequential', 'parallel'] as const, base.execution, (execution) => ({ execution }));
    case 'arena':
      return each(
        [true, false],
        base.arena,
        (arena) => ({ arena }),
        (arena) => (arena ? 'on' : 'off'),
      );
    case 'provider': {
      const here = providerSchema.options.filter((name) => backends.includes(name));
      return each(here, base.provider, (provider) => ({ provider }));
    }
  }
}

/** 1, 2, 4 … up to the physical cores, these themselves, and twice as many: some models gain by a core's second thread. */
export function threadCounts(own: number, cores = physicalCores()): readonly number[] {
  const counts = new Set([own, cores, 2 * cores]);
  for (let count = 1; count < cores; count *= 2) counts.add(count);
  return [...counts].sort((a, b) => a - b);
}

interface Loaded {
  readonly session: Session;
  readonly feeds: HostTensors;
  readonly batch: number;
}

type Outcome = Pick<SweepRow, 'latencyMs' | 'ratio' | 'runs' | 'reason'>;

/** Sessions of one model under several settings, against a first one. */
class Trial {
  readonly #opened: Pick<OpenedFile, 'model' | 'path'>;
  readonly #runner: Runner;
  readonly #dims: Readonly<Record<string, number>>;
  readonly #call: RunnerCallOptions;

  constructor(
    opened: Pick<OpenedFile, 'model' | 'path'>,
    runner: Runner,
    dims: Readonly<Record<string, number>>,
    call: RunnerCallOptions,
  ) {
    this.#opened = opened;
    this.#runner = runner;
    this.#dims = dims;
    this.#call = call;
  }

  async load(choice: SessionChoice): Promise<Loaded> {
    const session = await this.#runner.load(runnableSource(this.#opened), settingsOf(choice), this.#call);
    try {
      const asked = { batch: choice.batch, dims: this.#dims };
      const { inputs } = await runOnMadeInputs(session, this.#opened.model, asked, this.#call);
      return { session, feeds: inputs.feeds, batch: inputs.batch };
    } catch (error) {
      // a cancelled call has ended the runner with everything in it
      if (this.#call.signal?.aborted !== true) await session.close(this.#call);
      throw error;
    }
  }

  /** Times a choice in turns with the reference; what does not run says why. */
  async against(reference: Loaded, choice: SessionChoice): Promise<Outcome> {
    const nothing = { latencyMs: null, ratio: null, runs: 0 };
    let loaded: Loaded;
    try {
      loaded = await this.load(choice);
    } catch (error) {
      if (!(error instanceof StudioError) || !REFUSALS.has(error.code)) throw error;
      return { ...nothing, reason: error.message };
    }
    try {
      if (loaded.batch !== choice.batch) {
        return { ...nothing, reason: `the model takes batches of ${loaded.batch} only` };
      }
      const [own, base] = await this.#runner.timeInterleaved([loaded, reference], PLAN, this.#call);
      const { value, low, high } = medianEstimate(own!.timesMs.toSorted());
      const ratio = pairedRatio(own!.timesMs, base!.timesMs);
      const samples = reference.batch / loaded.batch;
      const scaled = (bound: number | null): number | null => (bound === null ? null : bound * samples);
      return {
        latencyMs: { value, low, high },
        ratio: { value: ratio.value * samples, low: scaled(ratio.low), high: scaled(ratio.high) },
        runs: own!.timesMs.length,
        reason: null,
      };
    } finally {
      if (this.#call.signal?.aborted !== true) await loaded.session.close(this.#call);
    }
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'RUNTIME_LOAD_FAILED',
  'RUNTIME_RUN_FAILED',
  'PROVIDER_UNAVAILABLE',
  'SHAPE_MISMATCH',
]);

function settingsOf({ provider, threads, optimization, execution, arena }: SessionChoice): SessionSettings {
  return { provider, threads, optimization, execution, arena, takesTurns: true };
}

const isFaster = ({ ratio }: Pick<SweepRow, 'ratio'>): boolean =>
  ratio !== null && ratio.high !== null && ratio.high < 1;

/** Of each axis but the batch, which changes what is answered, the best value that is surely faster; null: there are none. */
function combine(base: SessionChoice, rows: readonly SweepRow[]): SessionChoice | null {
  const best = new Map<SweepAxis, SweepRow>();
  for (const row of rows) {
    if (row.axis === null || row.axis === 'batch' || !isFaster(row)) continue;
    const known = best.get(row.axis);
    if (known === undefined || row.ratio!.value < known.ratio!.value) best.set(row.axis, row);
  }
  if (best.size < 2) return null;
  return [...best].reduce((choice, [axis, row]) => ({ ...choice, [axis]: row.choice[axis] }), base);
}

function recommend(base: SessionChoice, rows: readonly SweepRow[], together: SweepRow | null): Sweep['recommended'] {
  const candidates = [...rows.filter(({ axis }) => axis !== 'batch'), ...(together === null ? [] : [together])];
  const faster = candidates.filter(isFaster).sort((a, b) => a.ratio!.value - b.ratio!.value);
  const [best] = faster;
  if (best === undefined) {
    return { choice: base, ratio: null, why: 'No other setting is surely faster here than the one that you have.' };
  }
  const what =
    best.axis === null ? 'The settings that are faster each, together,' : `${AXIS_NAMES[best.axis]} ${best.value}`;
  return {
    choice: best.choice,
    ratio: best.ratio,
    why: `${what} took ${best.ratio!.value.toFixed(2)} of the base’s time, timed in turns with it over ${best.runs} rounds.`,
  };
}

function notesOf(rows: readonly SweepRow[]): string[] {
  const batches = rows
    .filter(({ axis, ratio }) => axis === 'batch' && ratio !== null)
    .sort((a, b) => a.ratio!.value - b.ratio!.value);
  const [best] = batches;
  if (best === undefined || !isFaster(best)) return [];
  return [
    `In batches of ${best.value} a sample takes ${best.ratio!.value.toFixed(2)} of the time: worth it where answers may wait for each other.`,
  ];
}
