import { beforeEach, describe, expect, it } from 'vitest';
import type { Span } from '../../../../../main/judge/profile/distribution.ts';
import {
  barAt,
  clampViewport,
  focusOn,
  fullSpan,
  layOutBars,
  pan,
  ticks,
  zoom,
} from '../../../../../renderer/tasks/profile/timeline.ts';

let next = 0;
beforeEach(() => {
  next = 0;
});
/** Kernels are numbered as they are made. */
function kernel(startMs: number, timeMs: number): Span {
  return { kernel: next++, startMs, timeMs };
}

const FULL = { startMs: 0, endMs: 100 };

describe('layOutBars', () => {
  it('keeps kernels that follow each other in one lane, in order of start', () => {
    const bars = layOutBars([kernel(2, 1), kernel(0, 2)]);
    expect(bars.map(({ kernel: index, lane }) => [index, lane])).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it('puts an overlapping kernel one lane down and comes back up', () => {
    expect(layOutBars([kernel(0, 4), kernel(1, 2), kernel(5, 1)]).map((bar) => bar.lane)).toEqual([0, 1, 0]);
  });

  it('spans the whole run', () => {
    expect(fullSpan(layOutBars([kernel(1, 2), kernel(4, 3)]))).toEqual({ startMs: 0, endMs: 7 });
    expect(fullSpan([])).toEqual({ startMs: 0, endMs: 1 });
  });
});

describe('viewport', () => {
  it('keeps the time under the pointer in place when zooming', () => {
    expect(zoom(FULL, FULL, { factor: 2, atMs: 50 })).toEqual({ startMs: 25, endMs: 75 });
    const off = zoom({ startMs: 20, endMs: 60 }, FULL, { factor: 2, atMs: 30 });
    expect(off).toEqual({ startMs: 25, endMs: 45 });
  });

  it('never leaves the run and never gets narrower than a thousandth of it', () => {
    expect(pan({ startMs: 80, endMs: 100 }, FULL, 1)).toEqual({ startMs: 80, endMs: 100 });
    expect(pan({ startMs: 10, endMs: 30 }, FULL, -1)).toEqual({ startMs: 0, endMs: 20 });
    const { startMs, endMs } = clampViewport({ startMs: 50, endMs: 50 }, FULL);
    expect(endMs - startMs).toBeCloseTo(0.1);
    expect(zoom(FULL, FULL, { factor: 0.1, atMs: 50 })).toEqual(FULL);
  });

  it('focuses on a bar with its own length on either side', () => {
    expect(focusOn({ startMs: 40, endMs: 50 }, FULL)).toEqual({ startMs: 30, endMs: 60 });
  });
});

describe('barAt', () => {
  const bars = layOutBars([kernel(0, 10), kernel(12, 1), kernel(5, 2)]);

  it('finds the bar under the pointer in its lane', () => {
    expect(barAt(bars, { ms: 6, lane: 0, slackMs: 0 })?.kernel).toBe(0);
    expect(barAt(bars, { ms: 6, lane: 1, slackMs: 0 })?.kernel).toBe(2);
  });

  it('finds the nearest one within the slack only', () => {
    expect(barAt(bars, { ms: 11.5, lane: 0, slackMs: 1 })?.kernel).toBe(1);
    expect(barAt(bars, { ms: 11, lane: 0, slackMs: 0.1 })).toBeNull();
  });
});

describe('ticks', () => {
  it('stand at round times', () => {
    expect(ticks({ startMs: 0, endMs: 10 }, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks({ startMs: 3, endMs: 9 }, 2)).toEqual([5]);
  });
});
