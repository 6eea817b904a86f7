import { setTimeout as pause } from 'node:timers/promises';
import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import { allowedWidths, type WidthRules } from '../../../judge/predict/allocate.ts';
import { fitLatency, type LatencyModel, type TimedWidths } from '../../../judge/predict/width-latency.ts';
import { widthTotals, type WidthModel } from '../../../judge/predict/widths.ts';
import { median } from '../../../judge/statistics/median.ts';
import { pairedRatio } from '../../../judge/statistics/paired-ratio.ts';
import type { Estimate } from '../../../judge/statistics/interval.ts';
import type { Model } from '../../graph/ir.ts';
import { clockLayers } from '../../profile/clock-layers.ts';
import type { LayerFacts } from '../../profile/layer-times.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { runOnMadeInputs } from '../../runtime/run-made.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { Session } from '../../runtime/session.ts';
import type { TimingPlan } from '../../runtime/timing.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { seededRandom } from '../../tensor/random.ts';
import { layerMacs } from '../layer-macs.ts';

/** How a model is timed: threads as sessions take them, the batch that inputs are made for. */
export interface TimingSettings {
  readonly threads: number | null;
  readonly batch: number;
}

/** Batch and threads as a model is timed where nobody says otherwise. */
export const TIMING: TimingSettings = { threads: null, batch: 1 };

const PLAN: TimingPlan = { warmup: 3, enoughRuns: 40, minSeconds: 0.1, minRuns: 10, enoughSeconds: 0.5, maxSeconds: 5 };
/** Half of the interval of a ratio, as a share of it, at which it is known well enough, and how often it is timed at most for that. */
const KNOWN_WITHIN = 0.03;
const MOST_TIMED = 5;
/** A series in which the whole model takes so many times what it took before was held up by other work: … */
const HELD_UP = 1.15;
/** … after a rest, each time as much longer, it is timed again. */
const REST_MS = 200;
const PROFILED_MS = 250;
const MOST_PROFILED = 20;
/** Cuts by chance beside the three uniform ones: each layer's time has four parts. */
const DRAWN = 13;
const UNIFORM = [0.75, 0.5, 0.25] as const;

/** Milliseconds of the whole model, and the time of a cut one over them. */
export interface TimedRatio {
  readonly fullMs: number;
  readonly ratio: Estimate;
}

/** Times cut models beside the whole one, which stays loaded. */
export class WidthClock {
  readonly #runner: Runner;
  readonly #settings: TimingSettings;
  readonly #full: Session;
  readonly #feeds: HostTensors;
  readonly #signal: AbortSignal;
  /** What the whole model takes where nothing holds it up, as far as was seen. */
  #quietMs = Infinity;

  private constructor(of: {
    runner: Runner;
    settings: TimingSettings;
    full: Session;
    feeds: HostTensors;
    signal: AbortSignal;
  }) {
    this.#runner = of.runner;
    this.#settings = of.settings;
    this.#full = of.full;
    this.#feeds = of.feeds;
    this.#signal = of.signal;
  }

  /** Loads the whole model, on made inputs. @throws what loading and running it throw; CANCELLED */
  static async start(model: Model, runner: Runner, settings: TimingSettings, signal: AbortSignal): Promise<WidthClock> {
    const full = await load(model, runner, settings, signal);
    const { inputs } = await runOnMadeInputs(full, model, { batch: settings.batch, dims: {} }, { signal });
    return new WidthClock({ runner, settings, full, feeds: inputs.feeds, signal });
  }

  /**
   * Milliseconds of the whole model and of a cut one over it, in turns; longer where the machine does much else. What holds both up alike
   * makes the ratio of small models come near to one: a series with that does not count, unless the machine stays so.
   */
  async ratio(cut: Model): Promise<TimedRatio> {
    const session = await load(cut, this.#runner, this.#settings, this.#signal);
    const entries = [this.#full, session].map((one) => ({ session: one, feeds: this.#feeds }));
    const times: { readonly full: number[]; readonly own: number[] } = { full: [], own: [] };
    try {
      for (let timed = 1; ; timed++) {
        const [full, own] = await this.#runner.timeInterleaved(entries, PLAN, { signal: this.#signal });
        const fullMs = median(full!.timesMs);
        if (fullMs > HELD_UP * this.#quietMs && timed < MOST_TIMED) {
          await pause(REST_MS * timed, undefined, { signal: this.#signal }).catch(() => undefined);
          throwIfCancelled(this.#signal, 'Timing widths');
          continue;
        }
        this.#quietMs = timed < MOST_TIMED ? Math.min(this.#quietMs, fullMs) : fullMs;
        times.full.push(...full!.timesMs);
        times.own.push(...own!.timesMs);
        const ratio = pairedRatio(times.own, times.full);
        if (timed === MOST_TIMED || isKnown(ratio)) return { fullMs: median(times.full), ratio };
      }
    } finally {
      if (this.#runner.alive) await session.close();
    }
  }

  /** Milliseconds of each node of any model with the same inputs, by name. @param wholeMs about, for how often it is run */
  async nodes(model: Model, wholeMs: number): Promise<ReadonlyMap<string, number>> {
    const macs = layerMacs({ model, layerOf: (node, layer) => ({ name: layer, op: node.opType }) });
    const facts = new Map(
      model.graph.nodes.map(({ name, opType }) => [name, { name, op: opType, macs: macs.get(name) ?? null }]),
    );
    return this.#profiled(model, facts, wholeMs);
  }

  /** Milliseconds of each layer of a width model, in a cut of it. @param wholeMs of the cut model, for how often it is run */
  async layers(cut: Model, widths: WidthModel, kept: ArrayLike<number>, wholeMs: number): Promise<Float64Array> {
    const { layerMacs } = widthTotals(widths, kept);
    const facts = new Map(
      cut.graph.nodes.map(({ name, opType }) => [name, { name, op: opType, macs: 0 as number | null }]),
    );
    widths.layers.forEach(({ name, op }, at) => facts.set(name, { name, op, macs: layerMacs[at]! }));
    const times = await this.#profiled(cut, facts, wholeMs);
    return Float64Array.from(widths.layers, ({ name }) => times.get(name) ?? 0);
  }

  #profiled(
    model: Model,
    facts: ReadonlyMap<string, LayerFacts>,
    wholeMs: number,
  ): Promise<ReadonlyMap<string, number>> {
    const runs = Math.max(3, Math.min(MOST_PROFILED, Math.round(PROFILED_MS / wholeMs)));
    const timing = { feeds: this.#feeds, runs, threads: this.#settings.threads, facts };
    return clockLayers(model, timing, this.#runner, { signal: this.#signal });
  }

  async close(): Promise<void> {
    if (this.#runner.alive) await this.#full.close();
  }
}

function isKnown({ low, high }: Estimate): boolean {
  return low !== null && high !== null && high / low <= (1 + KNOWN_WITHIN) ** 2;
}

function load(model: Model, runner: Runner, { threads }: TimingSettings, signal: AbortSignal): Promise<Session> {
  return runner.load(sourceOfModel(model), { provider: 'cpu', threads, takesTurns: true }, { signal });
}

/**
 * Times some cuts of a model, whole and by layer, and learns how its time depends on widths. What the weights are makes no
 * difference to the time, so atoms are cut from the end.
 * @param cutAt the model when group g keeps its first `kept[g]` atoms
 */
export async function learnLatency(
  of: { readonly widths: WidthModel; readonly rules: WidthRules; readonly cutAt: (kept: ArrayLike<number>) => Model },
  clock: WidthClock,
  { signal, progress }: TaskContext,
): Promise<LatencyModel> {
  const { widths, rules, cutAt } = of;
  const plans = [widths.groups.map(({ atoms }) => atoms), ...drawWidths(widths, rules)];
  const timed: TimedWidths[] = [];
  const fullTimes: number[] = [];
  for (const [done, kept] of plans.entries()) {
    throwIfCancelled(signal, 'Timing widths');
    progress({ stage: 'Timing widths', done, total: plans.length });
    const cut = cutAt(kept);
    const { fullMs, ratio } = await clock.ratio(cut);
    fullTimes.push(fullMs);
    timed.push({ kept, ratio: ratio.value, layerMs: await clock.layers(cut, widths, kept, fullMs * ratio.value) });
  }
  return fitLatency(widths, median(Float64Array.from(fullTimes)), timed);
}

/** Widths to time: the same share everywhere, and shares by chance, spread evenly for each group (Latin hypercube). */
function drawWidths(widths: WidthModel, rules: WidthRules): readonly (readonly number[])[] {
  const random = seededRandom(1);
  const allowed = widths.groups.map((group) => allowedWidths(group, rules));
  const at = (own: readonly number[], share: number): number =>
    own[Math.min(own.length - 1, Math.floor(share * own.length))]!;
  const uniform = UNIFORM.map((share) => allowed.map((own) => at(own, share)));
  const orders = allowed.map(() => shuffled(DRAWN, random));
  const drawn = Array.from({ length: DRAWN }, (_, round) =>
    allowed.map((own, group) => at(own, (orders[group]![round]! + random()) / DRAWN)),
  );
  return [...uniform, ...drawn];
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
