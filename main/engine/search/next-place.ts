/** Which of the proposed choices is measured next. Pure. */
import type { SearchFloor } from '../../contract/search.ts';
import type { Proposal } from './search-space.ts';

/** What was measured of a choice. */
export interface MeasuredPlace {
  readonly keeps: boolean;
  readonly sqnrDb: number | null;
}

/** A predicted loss, and what was measured. */
interface Sample {
  readonly loss: number;
  readonly sqnrDb: number | null;
}

/** Neighbours of the last choice that keeps the floor which are measured too: times are not quite in the order that is predicted. */
const NEIGHBOURS = [2, -1, 3, -2] as const;

/**
 * The next choice to measure; undefined: none is left. Between the last that keeps the floor and the first after it that does not,
 * the one that is predicted to keep it just so, with losses corrected by those that were measured; without a prediction the middle.
 * @param front by ascending loss
 * @param measured by place in it
 * @param prior what was measured of a choice that need not be on the front
 */
export function nextPlace(
  front: readonly Pick<Proposal, 'loss'>[],
  measured: ReadonlyMap<number, MeasuredPlace>,
  floor: SearchFloor,
  prior?: Sample,
): number | undefined {
  const kept = [...measured].filter(([, { keeps }]) => keeps).map(([at]) => at);
  const last = Math.max(-1, ...kept);
  const failed = [...measured].filter(([at, { keeps }]) => !keeps && at > last).map(([at]) => at);
  const first = Math.min(front.length, ...failed);
  if (first - last <= 1) {
    return NEIGHBOURS.map((step) => last + step).find((at) => at >= 0 && at < front.length && !measured.has(at));
  }
  if (!('minSqnrDb' in floor)) return (last + first) >> 1;
  const most =
    10 ** (-floor.minSqnrDb / 10) /
    lossScale([
      ...(prior === undefined ? [] : [prior]),
      ...[...measured].map(([at, { sqnrDb }]) => ({ loss: front[at]!.loss, sqnrDb })),
    ]);
  const just = front.findLastIndex(({ loss }) => loss <= most);
  return Math.min(first - 1, Math.max(last + 1, just));
}

/** Measured losses over those predicted, in the geometric mean; 1 before anything was measured. */
function lossScale(samples: readonly Sample[]): number {
  const logs = samples.flatMap(({ loss, sqnrDb }) => {
    return sqnrDb === null || loss <= 0 || !Number.isFinite(loss) ? [] : [(-sqnrDb / 10) * Math.LN10 - Math.log(loss)];
  });
  return logs.length === 0 ? 1 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}
