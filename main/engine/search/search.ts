import { throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Minimized, SearchFloor } from '../../contract/search.ts';
import {
  CALIBRATORS,
  mixedChoice,
  nameOf,
  quickRepairs,
  SLOW_REPAIRS,
  weightChoices,
  wholeChoice,
  type Choice,
  type IntegerChoice,
  type Repair,
} from './choice.ts';
import { nextPlace } from './next-place.ts';
import { describe, proposals } from './proposals.ts';
import { bestTrial, costOf, margin, nearness, type MeasuredQuality } from './rank.ts';
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
  /** Whether this CPU has VNNI; null where that cannot be told. */
  readonly vnni: boolean | null;
}

export interface SearchTrial extends MeasuredQuality {
  readonly id: string;
  readonly choice: Choice;
  /** How it came about: "all in int8, ranges by MSE". */
  readonly name: string;
  /** Whether it keeps the floor. */
  readonly keeps: boolean;
  /** What was predicted; null where nothing was. */
  readonly predicted: { readonly latencyRatio: number; readonly sqnrDb: number } | null;
}

interface IntegerTrial extends SearchTrial {
  readonly choice: IntegerChoice;
}

/** What makes and measures trials. */
export interface SearchPort {
  /** A trial that was made and measured before is not made again. */
  readonly measure: (choice: Choice, name: string) => Promise<MeasuredQuality & { readonly id: string }>;
  /** What there is to choose from, with everything else as in this choice; undefined: no layer can run in int8. */
  readonly space: (choice: IntegerChoice) => Promise<SearchSpace | undefined>;
  /**
   * Times some trials and the float model in turns, one as often as the other: by id milliseconds, and the share of float's, of the runs that
   * were disturbed least.
   */
  readonly race: (
    ids: readonly string[],
  ) => Promise<ReadonlyMap<string, Pick<MeasuredQuality, 'latencyMs' | 'latencyRatio'>>>;
}

/** Trials below which only two ways to find ranges are tried. */
const FEW_TRIALS = 8;
/** A repair stays where outputs come nearer by this many dB (or this share of agreement). */
const WORTH = { decibels: 0.05, share: 0.001 } as const;
/** What takes minutes is tried on trials that miss the floor by no more than this, dB or share; and on so many. */
const NEARLY = { decibels: 1, share: 0.01 } as const;
const NEAREST = 2;
/** Times of trials compare no better than this. */
const RESTLESS = 1.1;
/** Raced are at most so many of those that keep the floor. */
const RACED = 8;

/**
 * Searches for the recipe that keeps a floor and takes the least time (or bytes).
 * 1. Everything in int8, with ranges found in several ways; the best is the base. For size also weights alone in codes, of fewer bits where that
 *    keeps the floor.
 * 2. While it does not keep the floor: repairs, one after the other, those that cost nothing at run time first; each stays that helps. What
 *    did not help before another did is tried once more.
 * 3. Where all in int8 misses the floor by little: ranges by the error of the outputs, and learnt rounding, which take minutes to make and no time to
 *    run.
 * 4. Each group of layers is measured, and choices of precisions are proposed by what adds up. The one that is predicted to keep the floor
 *    just so is made and measured, the prediction of its loss corrected by what was measured, and so on between the last that keeps
 *    it and the first that does not; then its neighbours.
 * 5. Of these choices what would be better and misses the floor by little is made again with what takes minutes.
 * Stops when nothing is left to try, or at the goal's limits.
 * @yields every trial as soon as it is measured
 * @throws what the port throws; CANCELLED
 */
export async function* searchPrecisions(
  port: SearchPort,
  goal: SearchGoal,
  { signal, progress }: TaskContext,
): AsyncGenerator<SearchTrial, void, void> {
  const { floor, minimize, samples } = goal;
  const until = goal.timeMs === null ? Infinity : performance.now() + goal.timeMs;
  const repairsUntil = goal.timeMs === null ? Infinity : performance.now() + goal.timeMs / 3;
  const trials: SearchTrial[] = [];
  const open = (): boolean => trials.length < goal.trials && performance.now() < until;
  const run = async <C extends Choice>(
    choice: C,
    name: string,
    predicted: SearchTrial['predicted'] = null,
  ): Promise<SearchTrial & { readonly choice: C }> => {
    throwIfCancelled(signal, 'The search');
    progress({ stage: 'Searching', done: trials.length, total: goal.trials });
    const measured = await port.measure(choice, name);
    const trial = { ...measured, choice, name, predicted, keeps: margin(measured, floor) >= 0 };
    trials.push(trial);
    return trial;
  };

  let base: IntegerTrial | undefined;
  for (const calibrator of goal.trials < FEW_TRIALS ? CALIBRATORS.slice(0, 2) : CALIBRATORS) {
    if (!open()) return;
    const choice = wholeChoice(calibrator, samples);
    const trial = await run(choice, nameOf(choice));
    if (base === undefined || nearness(trial) > nearness(base)) base = trial;
    yield trial;
  }
  if (base === undefined) return;
  for (const { name, ...choice } of minimize === 'size' ? weightChoices(samples) : []) {
    if (!open()) return;
    const trial = await run(choice, name);
    yield trial;
    // Eight bits are of use where four lose too much, and in a model that codes of weights make smaller at all.
    if (trial.keeps || trial.bytes >= base.bytes) break;
  }

  const first = [...quickRepairs(goal.vnni)];
  /** In vain on the base as it is now, and on one to which something that helped was added since. */
  let inVain: Repair[] = [];
  let oncemore: Repair[] = [];
  for (;;) {
    // A third of the trials at least, and two thirds of the time, is left for choosing among layers.
    if (base.keeps || trials.length >= (goal.trials * 2) / 3 || performance.now() > repairsUntil) break;
    const untried = first.shift();
    const repair = untried ?? oncemore.shift();
    if (repair === undefined) break;
    if (!open()) return;
    const choice = repair.apply(base.choice);
    const trial = await run(choice, nameOf(choice));
    yield trial;
    const worth = trial.sqnrDb === null ? WORTH.share : WORTH.decibels;
    if (nearness(trial) > nearness(base) + worth) {
      base = trial;
      oncemore = [...oncemore, ...inVain].filter(({ key }) => key !== repair.key);
      inVain = [];
    } else if (untried !== undefined) {
      inVain.push(repair);
    }
  }

  const isNear = (trial: SearchTrial): boolean => !trial.keeps && margin(trial, floor) > -nearly(floor);
  const repairSlowly = async function* (near: IntegerTrial): AsyncGenerator<IntegerTrial, void, void> {
    let nearest = near;
    for (const { apply, title, isNew } of SLOW_REPAIRS) {
      if (!isNew(nearest.choice)) continue;
      if (!open()) return;
      const trial = await run(apply(nearest.choice), `${nearest.name}, ${title}`);
      yield trial;
      if (trial.keeps) return;
      if (nearness(trial) > nearness(nearest)) nearest = trial;
    }
  };
  // What takes minutes to make takes no time to run: with it all may stay in int8.
  if (isNear(base)) {
    for await (const trial of repairSlowly(base)) {
      yield trial;
      if (trial.keeps) base = trial;
    }
  }

  const space = await port.space(base.choice);
  if (space === undefined) return;
  const front = proposals(space, minimize).filter(({ precisions }) => precisions.some((one) => one !== 'float'));
  const measured = new Map<number, IntegerTrial>();
  const mixed: IntegerTrial[] = [base];
  const whole = describe(
    space,
    space.groups.map(() => 'int8'),
  );
  const place = front.findIndex(({ precisions }) => precisions.every((one) => one === 'int8'));
  if (place >= 0) measured.set(place, base);
  const prior = place >= 0 ? undefined : { loss: whole.loss, sqnrDb: base.sqnrDb };
  for (;;) {
    const at = nextPlace(front, measured, floor, prior);
    if (at === undefined) break;
    if (!open()) return;
    const proposal = front[at]!;
    const { choice, name } = mixedChoice(base.choice, space, proposal);
    const trial = await run(choice, name, predictionOf(proposal, space));
    measured.set(at, trial);
    mixed.push(trial);
    yield trial;
  }

  const best = bestTrial(trials, minimize);
  const near = mixed
    .filter((trial) => isNear(trial) && trial !== base)
    .filter((trial) => best === undefined || costOf(trial, minimize) < RESTLESS * costOf(best, minimize))
    .toSorted((a, b) => margin(b, floor) - margin(a, floor));
  for (const trial of near.slice(0, NEAREST)) yield* repairSlowly(trial);
}

function nearly(floor: SearchFloor): number {
  return 'minSqnrDb' in floor ? NEARLY.decibels : NEARLY.share;
}

function predictionOf({ ms, loss }: Proposal, { floatMs }: SearchSpace): SearchTrial['predicted'] {
  return { latencyRatio: ms / floatMs, sqnrDb: -10 * Math.log10(Math.max(loss, 1e-30)) };
}

/**
 * The trials with the times of those that may be the fastest measured again, all in turns: times that were taken at different moments
 * do not compare well.
 */
export async function raceFinalists(
  trials: readonly SearchTrial[],
  minimize: Minimized,
  port: Pick<SearchPort, 'race'>,
): Promise<readonly SearchTrial[]> {
  const kept = trials.filter(({ keeps }) => keeps).toSorted((a, b) => a.latencyRatio - b.latencyRatio);
  const finalists = kept.slice(0, RACED);
  if (minimize !== 'latency' || finalists.length < 2) return trials;
  const times = await port.race(finalists.map(({ id }) => id));
  return trials.map((trial) => ({ ...trial, ...times.get(trial.id) }));
}
