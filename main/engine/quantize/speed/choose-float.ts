import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { hasTrait } from '../../operators/ask.ts';
import { clockKernels, type ClockedKernel } from '../../profile/clock-kernels.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { WrittenPlan } from '../settle-plan.ts';
import type { Unit } from '../unit.ts';
import { clockConversions } from './clock-conversions.ts';
import { fastestPartition, partitionMs } from './partition.ts';
import { calmMs, TurnClock, type TurnTimes } from './time-in-turns.ts';
import { NOTHING_WRITTEN, refined, sortTimes, timedPlan, type TimedPlan, type WrittenNodes } from './unit-times.ts';
import { valueSizes } from './value-sizes.ts';

export interface SpeedTask {
  readonly float: Model;
  /** With everything in integers that can be. */
  readonly integer: WrittenPlan;
  /** By layer: whether the runtime fuses its integer kernel. */
  readonly fused: ReadonlyMap<string, boolean>;
  /** Writes the model with some more layers left in float, by name. */
  readonly write: (float: ReadonlySet<string>) => WrittenPlan;
  /** One sample. */
  readonly feeds: HostTensors;
}

export interface SpeedChoice {
  /** Layers to leave in float, and why. */
  readonly float: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

/** Threads as a model is run where nobody says otherwise. */
const THREADS = null;
/** How often a choice is corrected by what it shows of the times. */
const ROUNDS = 3;
/** Slower by no more than this is no slower: a repetition on the same machine differs as much. */
const NOISE = 0.01;
/** Predicted to be faster by less than this share, a choice is not tried. */
const WORTH = 0.005;
/** How often the best are timed again at most, and from which difference to float on that is plain. */
const FINAL_ROUNDS = 2;
const PLAIN = 0.05;
/** Traced kernels, as a bound for the runs under the profiler; and seconds. */
const PROFILED = { mostKernels: 8000, ms: 600, mostRuns: 40 } as const;

/**
 * Finds the layers that make a model slower in integers than in float on this machine. Each layer is timed both ways, in the
 * model all of float and in the one with everything in integers; conversions by their size. The partition with the least sum is
 * written, timed beside the float model in turns, and profiled for what its layers take there; then the partition is made
 * again, until it stays the same. What was measured fastest is taken; where nothing is faster than float, all of float.
 * @throws RUNTIME_…, CANCELLED
 */
export async function chooseFloat(task: SpeedTask, runner: Runner, context: TaskContext): Promise<SpeedChoice> {
  const { units } = task.integer.plan;
  const clock = await TurnClock.start(task.float, { runner, feeds: task.feeds, threads: THREADS }, context);
  try {
    const search = new Search(task, clock, runner, context);
    await search.measure(units.map(() => true));
    let timed = await search.firstTimes();
    const first = timed;
    for (let round = 0; round < ROUNDS; round++) {
      const { integer, ms: predicted } = fastestPartition(timed.units, timed.values);
      const before = Math.min(...search.tried.map((tried) => partitionMs(timed.units, timed.values, tried.integer)));
      if (before - predicted < WORTH * calmMs(search.tried[0]!.time.referenceMs)) break;
      const tried = await search.measure(integer);
      if (tried === undefined) break;
      timed = refined(timed, tried.integer, await search.times(tried));
    }
    return describe(units, { ...(await search.best()), first, timed });
  } finally {
    await clock.close();
  }
}

/** What every layer and conversion takes either way, and the model as a whole: all of float, and all in integers. */
export interface TimedUnits extends TimedPlan {
  readonly floatMs: number;
  readonly integerMs: number;
}

/** Times the layers of a model both ways. @throws RUNTIME_…, CANCELLED */
export async function timeUnits(task: SpeedTask, runner: Runner, context: TaskContext): Promise<TimedUnits> {
  const clock = await TurnClock.start(task.float, { runner, feeds: task.feeds, threads: THREADS }, context);
  try {
    const search = new Search(task, clock, runner, context);
    await search.measure(task.integer.plan.units.map(() => true));
    const { time } = search.tried[0]!;
    const plan = await search.firstTimes();
    return { ...plan, floatMs: calmMs(time.referenceMs), integerMs: calmMs(time.timesMs) };
  } finally {
    await clock.close();
  }
}

/** A choice that was written and timed. */
interface Tried {
  /** For each unit of the whole plan. */
  readonly integer: readonly boolean[];
  readonly written: WrittenPlan;
  readonly time: TurnTimes;
}

class Search {
  readonly tried: Tried[] = [];
  readonly #task: SpeedTask;
  readonly #clock: TurnClock;
  readonly #runner: Runner;
  readonly #context: TaskContext;

  constructor(task: SpeedTask, clock: TurnClock, runner: Runner, context: TaskContext) {
    this.#task = task;
    this.#clock = clock;
    this.#runner = runner;
    this.#context = context;
  }

  /** Writes and times a choice; undefined where that was done before, or nothing would run in integers. */
  async measure(wanted: readonly boolean[]): Promise<Tried | undefined> {
    const { units } = this.#task.integer.plan;
    const all = wanted.every(Boolean);
    const float = new Set(units.filter((_, at) => wanted[at] !== true).map(({ layer }) => layer));
    const written = all ? this.#task.integer : this.#task.write(float);
    // The plan itself leaves out what no integer layer is left beside.
    const kept = new Set(written.plan.units.map(({ layer }) => layer));
    const integer = units.map(({ layer }) => kept.has(layer));
    const known = this.tried.some((other) => other.integer.every((value, at) => value === integer[at]));
    if (known || kept.size === 0) return undefined;
    this.#context.progress({ stage: 'Timing int8 against float', done: this.tried.length, total: ROUNDS + 1 });
    const [time] = await this.#clock.time([written.model]);
    const tried = { integer, written, time: time! };
    this.tried.push(tried);
    return tried;
  }

  /** The partition's problem from the float model and the one all of integers. */
  async firstTimes(): Promise<TimedPlan> {
    const { float, integer, fused, feeds } = this.#task;
    const [all] = this.tried as [Tried];
    const referenceMs = calmMs(all.time.referenceMs);
    const { units } = integer.plan;
    const elementsOf = valueSizes(float, feeds);
    const inFloat = sortTimes(units, await this.#profile(float, referenceMs), NOTHING_WRITTEN);
    const most = Math.max(1, ...units.flatMap(({ node }) => [...node.inputs, ...node.outputs].map(elementsOf)));
    return timedPlan(float.graph, units, {
      float: inFloat,
      integer: await this.times(all),
      unfused: new Set(units.map(({ layer }) => layer).filter((layer) => fused.get(layer) === false)),
      conversions: await clockConversions(most, this.#runner, THREADS, this.#context),
      elementsOf,
    });
  }

  /** What the layers and conversions of a choice take. */
  async times({ written, time }: Tried): Promise<ReturnType<typeof sortTimes>> {
    const kernels = await this.#profile(written.model, calmMs(time.timesMs));
    return sortTimes(this.#task.integer.plan.units, kernels, writtenNodes(written));
  }

  #profile(model: Model, ms: number): Promise<readonly ClockedKernel[]> {
    const byTime = Math.floor(PROFILED.ms / ms);
    const bySize = Math.floor(PROFILED.mostKernels / model.graph.nodes.length);
    const runs = Math.max(5, Math.min(PROFILED.mostRuns, byTime, bySize));
    const { feeds } = this.#task;
    return clockKernels(model, { feeds, runs, threads: THREADS }, this.#runner, { signal: this.#context.signal });
  }

  /** The fastest of what was tried. What is near it, or near float, is timed again, all in turns, until that is plain. */
  async best(): Promise<{ readonly best: Tried | undefined; readonly all: TurnTimes }> {
    const all = this.tried[0]!;
    const least = Math.min(...this.tried.map(({ time }) => time.calmRatio));
    const near = this.tried.filter(({ time }) => time.calmRatio < least * (1 + PLAIN));
    if (near.length === 1 && Math.abs(least - 1) > PLAIN) return { best: fastestOf(near), all: all.time };
    const finalists = near.toSorted((a, b) => a.time.calmRatio - b.time.calmRatio).slice(0, 3);
    let timed: readonly Tried[] = finalists;
    for (let round = 0; round < FINAL_ROUNDS; round++) {
      this.#context.progress({ stage: 'Timing int8 against float', done: ROUNDS, total: ROUNDS + 1 });
      const times = await this.#clock.time(finalists.map(({ written }) => written.model));
      timed = timed.map((tried, at) => ({ ...tried, time: tried.time.and(times[at]!) }));
      if (isPlain(timed)) break;
    }
    return { best: fastestOf(timed), all: all.time };
  }
}

/** Whether the fastest model is plainly faster or slower than float. */
function isPlain(timed: readonly Tried[]): boolean {
  return Math.abs(Math.min(...timed.map(({ time }) => time.calmRatio)) - 1) > PLAIN;
}

/** The fastest, and of those that are as fast the one with most in integers, which is smaller; undefined: none is as fast as float. */
function fastestOf(timed: readonly Tried[]): Tried | undefined {
  const able = timed.filter(({ time }) => time.calmRatio <= 1 + NOISE && !time.surelySlower);
  const least = Math.min(...able.map(({ time }) => time.calmRatio));
  const count = ({ integer }: Tried): number => integer.filter(Boolean).length;
  const alike = able.filter(({ time }) => time.calmRatio <= least * (1 + NOISE));
  return alike.toSorted((a, b) => count(b) - count(a))[0];
}

/** Which node of a written model converts which value. */
function writtenNodes({ model, plan, sources }: WrittenPlan): WrittenNodes {
  const values = new Set(
    plan.units.flatMap(({ node, absorbed }) => [...node.inputs, ...(absorbed?.node ?? node).outputs]),
  );
  const valueOf = new Map<string, string>();
  const conversions = model.graph.nodes.flatMap((node) => {
    const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
    if (hasTrait(node, 'quantizes')) return [{ name: node.name, codes: output, real: input }];
    return hasTrait(node, 'dequantizes') ? [{ name: node.name, codes: input, real: output }] : [];
  });
  for (const { codes, real } of conversions) if (values.has(real)) valueOf.set(codes, real);
  const converts = conversions.flatMap(({ name, codes }) => {
    const value = valueOf.get(codes);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { converts: new Map(converts), sources };
}

interface Found {
  readonly best: Tried | undefined;
  /** Everything in integers. */
  readonly all: TurnTimes;
  readonly first: TimedPlan;
  readonly timed: TimedPlan;
}

function describe(units: readonly Unit[], { best, all, first, timed }: Found): SpeedChoice {
  // What was timed at different moments is told in milliseconds of one: those of the float model beside all of int8.
  const floatMs = calmMs(all.referenceMs);
  const [allMs, bestMs] = [floatMs * all.calmRatio, floatMs * (best?.time.calmRatio ?? 1)];
  if (best === undefined) {
    const reason = `int8 brings nothing here: with every layer that can take it ${ms(allMs)} against ${ms(floatMs)} ms`;
    return {
      float: new Map(units.map(({ layer }) => [layer, reason])),
      notes: [`${sentence(reason)}. The model stays as it was; with speed 'all' it becomes smaller all the same.`],
    };
  }
  const slow = [...units.keys()].filter((at) => best.integer[at] !== true);
  const float = new Map(slow.map((at) => [units[at]!.layer, reasonOf(at, best.integer, first, timed)]));
  if (float.size === 0) return { float, notes: [] };
  const notes = [
    `${float.size} of ${units.length} layers that can run in int8 stay in float because that is faster here: ${ms(bestMs)} ms, all in int8 ${ms(allMs)}, in float ${ms(floatMs)}.`,
  ];
  return { float, notes };
}

/** Why a unit stays in float, by what it takes: alone, or with the conversions that it would need. */
function reasonOf(at: number, integer: readonly boolean[], first: TimedPlan, { units, values }: TimedPlan): string {
  const { floatMs, integerMs } = units[at]!;
  const own = `${ms(integerMs)} against ${ms(floatMs)} ms`;
  if (integerMs >= floatMs) return `slower in int8 here: ${own}`;
  const flipped = integer.with(at, true);
  const more = partitionMs(units, values, flipped) - partitionMs(units, values, integer) - (integerMs - floatMs);
  if (more > 0) return `in int8 ${own}, but ${ms(more)} ms more of conversions around it`;
  const before = first.units[at]!;
  return `in int8 ${ms(before.integerMs)} against ${ms(before.floatMs)} ms, but not with the layers around it`;
}

function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
