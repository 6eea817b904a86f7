import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { int8Static, type Int8StaticStep } from '../../contract/recipe/quantize-static.ts';
import { proposals } from './proposals.ts';
import type { Minimized, SearchFloor } from '../../contract/search.ts';
import type { Proposal, SearchSpace } from './search-space.ts';

export interface SearchGoal {
  readonly floor: SearchFloor;
  readonly minimize: Minimized;
  /** Trials at most. */
  readonly trials: number;
  /** Milliseconds at most, after which no other trial is begun; null: no limit. */
  readonly timeMs: number | null;
  /** Calibration samples. */
  readonly samples: number;
}

/** What was measured of a trial. */
export interface MeasuredQuality {
  /** Accuracy of the float model minus the trial's; null without labels. */
  readonly drop: number | null;
  /** null: the outputs are no scores. */
  readonly agreement: number | null;
  readonly sqnrDb: number | null;
  readonly latencyMs: number;
  /** Over the float model's, timed in turns. */
  readonly latencyRatio: number;
  readonly bytes: number;
}

export interface SearchTrial extends MeasuredQuality {
  readonly id: string;
  readonly step: Int8StaticStep;
  /** How it came about: "all in int8, ranges by MSE". */
  readonly name: string;
  /** Whether it keeps the floor. */
  readonly keeps: boolean;
  /** What was predicted; null where nothing was. */
  readonly predicted: { readonly latencyRatio: number; readonly sqnrDb: number } | null;
}

/** What makes and measures trials. */
export interface SearchPort {
  /** A trial that was made and measured before is not made again. */
  readonly measure: (step: Int8StaticStep, name: string) => Promise<MeasuredQuality & { readonly id: string }>;
  /** What there is to choose from, with ranges as in this step; undefined: no layer can run in int8. */
  readonly space: (step: Int8StaticStep) => Promise<SearchSpace | undefined>;
}

const CALIBRATORS = ['minmax', 'mse', 'percentile', 'entropy'] as const;
const TITLES: Readonly<Record<(typeof CALIBRATORS)[number], string>> = {
  minmax: 'ranges from smallest to largest',
  mse: 'ranges by least squared error',
  percentile: 'ranges by percentile',
  entropy: 'ranges by entropy',
};
/** Trials below which only two ways to find ranges are tried. */
const FEW_TRIALS = 8;

/**
 * Searches for the precisions of layers that keep a floor and take the least time (or bytes). First everything in int8 with ranges found in several
 * ways; with the best of them each group of layers is measured, and choices are proposed by what adds up. The one that is predicted to
 * keep the floor just so is made and measured, the prediction of its loss corrected by what was measured, and so on between the last that
 * keeps it and the first that does not; then its neighbours. Stops when nothing is left to try, or at the goal's limits.
 * @yields every trial as soon as it is measured
 * @throws what the port throws; CANCELLED
 */
export async function* searchPrecisions(
  port: SearchPort,
  goal: SearchGoal,
  { signal, progress }: TaskContext,
): AsyncGenerator<SearchTrial, void, void> {
  const until = goal.timeMs === null ? Infinity : performance.now() + goal.timeMs;
  let count = 0;
  const open = (): boolean => count < goal.trials && performance.now() < until;
  const run = async (
    step: Int8StaticStep,
    name: string,
    proposal?: Proposal,
    space?: SearchSpace,
  ): Promise<SearchTrial> => {
    throwIfCancelled(signal, 'The search');
    progress({ stage: 'Searching', done: count, total: goal.trials });
    const measured = await port.measure(step, name);
    count++;
    const predicted =
      proposal === undefined || space === undefined
        ? null
        : { latencyRatio: proposal.ms / space.floatMs, sqnrDb: dbOf(proposal.loss) };
    return { ...measured, step, name, predicted, keeps: margin(measured, goal.floor) >= 0 };
  };
  const whole: SearchTrial[] = [];
  for (const calibrator of goal.trials < FEW_TRIALS ? CALIBRATORS.slice(0, 2) : CALIBRATORS) {
    if (!open()) return;
    const trial = await run(stepWith(calibrator, goal, []), `all in int8, ${TITLES[calibrator]}`);
    whole.push(trial);
    yield trial;
  }
  const [best] = whole.toSorted((a, b) => (b.sqnrDb ?? 0) - (a.sqnrDb ?? 0));
  const base = best!.step;
  const space = await port.space(base);
  if (space === undefined) return;
  const front = proposals(space, goal.minimize).filter(
    ({ integer }) => integer.some(Boolean) && !integer.every(Boolean),
  );
  const measured = new Map<number, SearchTrial>();
  for (let at = nextPlace(front, measured, goal.floor); at !== undefined; at = nextPlace(front, measured, goal.floor)) {
    if (!open()) return;
    const proposal = front[at]!;
    const float = space.groups.filter((_, group) => proposal.integer[group] !== true);
    const name = `${float.length} of ${space.groups.length} groups of layers in float`;
    const step = stepWith(
      base.calibrator,
      goal,
      float.flatMap(({ layers }) => layers),
    );
    const trial = await run(step, name, proposal, space);
    measured.set(at, trial);
    yield trial;
  }
}

/** Neighbours of the last choice that keeps the floor which are measured too: times are not quite in the order that is predicted. */
const NEIGHBOURS = [2, -1, 3, -2] as const;

/**
 * The next choice to measure; undefined: none is left. Between the last that keeps the floor and the first after it that does not,
 * the one that is predicted to keep it just so, with losses corrected by those that were measured; without a prediction the middle.
 * @param front by ascending loss
 * @param measured by place in it
 */
export function nextPlace(
  front: readonly Pick<Proposal, 'loss'>[],
  measured: ReadonlyMap<number, Pick<SearchTrial, 'keeps' | 'sqnrDb'>>,
  floor: SearchFloor,
): number | undefined {
  const kept = [...measured].filter(([, { keeps }]) => keeps).map(([at]) => at);
  const last = Math.max(-1, ...kept);
  const failed = [...measured].filter(([at, { keeps }]) => !keeps && at > last).map(([at]) => at);
  const first = Math.min(front.length, ...failed);
  if (first - last <= 1) {
    return NEIGHBOURS.map((step) => last + step).find((at) => at >= 0 && at < front.length && !measured.has(at));
  }
  if (!('minSqnrDb' in floor)) return (last + first) >> 1;
  const most = 10 ** (-floor.minSqnrDb / 10) / lossScale(front, measured);
  const just = front.findLastIndex(({ loss }) => loss <= most);
  return Math.min(first - 1, Math.max(last + 1, just));
}

/** Measured losses over those predicted, in the geometric mean; 1 before anything was measured. */
function lossScale(
  front: readonly Pick<Proposal, 'loss'>[],
  measured: ReadonlyMap<number, Pick<SearchTrial, 'sqnrDb'>>,
): number {
  const logs = [...measured].flatMap(([at, { sqnrDb }]) => {
    const { loss } = front[at]!;
    return sqnrDb === null || loss <= 0 || !Number.isFinite(loss) ? [] : [(-sqnrDb / 10) * Math.LN10 - Math.log(loss)];
  });
  return logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** How far a trial is above its floor; below 0: it does not keep it. @throws UNSUPPORTED where nothing tells */
export function margin(
  { drop, agreement, sqnrDb }: Omit<MeasuredQuality, 'latencyMs' | 'latencyRatio' | 'bytes'>,
  floor: SearchFloor,
): number {
  if ('minSqnrDb' in floor) return (sqnrDb ?? -Infinity) - floor.minSqnrDb;
  if (drop !== null) return floor.maxDrop - drop;
  if (agreement !== null) return agreement - (1 - floor.maxDrop);
  throw new StudioError('UNSUPPORTED', 'The outputs of this model are no scores: they have no accuracy to lose', {
    hint: 'Set a floor to the signal-to-noise ratio of the outputs instead: --min-sqnr 20.',
  });
}

/** The trial that keeps the floor and takes the least; undefined: none keeps it. */
export function bestTrial<T extends Pick<SearchTrial, 'keeps' | 'latencyRatio' | 'bytes'>>(
  trials: readonly T[],
  minimize: Minimized,
): T | undefined {
  const cost = (trial: T): number => (minimize === 'latency' ? trial.latencyRatio : trial.bytes);
  return trials.filter(({ keeps }) => keeps).toSorted((a, b) => cost(a) - cost(b))[0];
}

/** The trials that no other one beats in both what they take and what they keep; by ascending cost. */
export function frontOf<T extends MeasuredQuality>(trials: readonly T[], minimize: Minimized): readonly T[] {
  const cost = (trial: T): number => (minimize === 'latency' ? trial.latencyRatio : trial.bytes);
  const quality = ({ drop, agreement, sqnrDb }: T): number => sqnrDb ?? agreement ?? -(drop ?? Infinity);
  const front: T[] = [];
  for (const trial of trials.toSorted((a, b) => cost(a) - cost(b) || quality(b) - quality(a))) {
    if (front.length === 0 || quality(trial) > quality(front.at(-1)!)) front.push(trial);
  }
  return front;
}

function stepWith(
  calibrator: Int8StaticStep['calibrator'],
  { samples }: SearchGoal,
  float: readonly string[],
): Int8StaticStep {
  const layers = Object.fromEntries(float.map((layer) => [layer, 'float'] as const));
  return int8Static.parse({ scheme: 'int8-static', calibrator, samples, layers });
}

function dbOf(loss: number): number {
  return -10 * Math.log10(Math.max(loss, 1e-30));
}
