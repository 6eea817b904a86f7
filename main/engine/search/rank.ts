/** How trials of a search compare. Pure. */
import { StudioError } from '../../base/errors.ts';
import type { Minimized, SearchFloor } from '../../contract/search.ts';

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

type Quality = Omit<MeasuredQuality, 'latencyMs' | 'latencyRatio' | 'bytes'>;

/** How far a trial is above its floor; below 0: it does not keep it. @throws UNSUPPORTED where nothing tells */
export function margin({ drop, agreement, sqnrDb }: Quality, floor: SearchFloor): number {
  if ('minSqnrDb' in floor) return (sqnrDb ?? -Infinity) - floor.minSqnrDb;
  if (drop !== null) return floor.maxDrop - drop;
  if (agreement !== null) return agreement - (1 - floor.maxDrop);
  throw new StudioError('UNSUPPORTED', 'The outputs of this model are no scores: they have no accuracy to lose', {
    hint: 'Set a floor to the signal-to-noise ratio of the outputs instead: --min-sqnr 20.',
  });
}

/** One number of how near a trial's outputs are to the float model's; the more the nearer. */
export function nearness({ drop, agreement, sqnrDb }: Quality): number {
  return sqnrDb ?? agreement ?? -(drop ?? Infinity);
}

export function costOf(trial: Pick<MeasuredQuality, 'latencyRatio' | 'bytes'>, minimize: Minimized): number {
  return minimize === 'latency' ? trial.latencyRatio : trial.bytes;
}

/**
 * The trial that keeps the floor and takes the least; undefined: none keeps it, or, for latency, none that keeps it is faster than the
 * float model, which then is the best as it is.
 */
export function bestTrial<T extends Pick<MeasuredQuality, 'latencyRatio' | 'bytes'> & { readonly keeps: boolean }>(
  trials: readonly T[],
  minimize: Minimized,
): T | undefined {
  const able = trials.filter(({ keeps, latencyRatio }) => keeps && (minimize === 'size' || latencyRatio < 1));
  return able.toSorted((a, b) => costOf(a, minimize) - costOf(b, minimize))[0];
}

/** The trials that no other one beats in both what they take and what they keep; by ascending cost. */
export function frontOf<T extends MeasuredQuality>(trials: readonly T[], minimize: Minimized): readonly T[] {
  const front: T[] = [];
  const byCost = (a: T, b: T): number => costOf(a, minimize) - costOf(b, minimize) || nearness(b) - nearness(a);
  for (const trial of trials.toSorted(byCost)) {
    if (front.length === 0 || nearness(trial) > nearness(front.at(-1)!)) front.push(trial);
  }
  return front;
}
