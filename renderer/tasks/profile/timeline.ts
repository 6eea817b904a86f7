/**
 * Geometry of the timeline, without drawing: bars in lanes, a viewport in milliseconds, zoom, pan, focus and hit test.
 * The kernels of one run hardly overlap; where they do (parallel execution), the later one goes one lane down.
 */
import type { Span } from '../../../main/judge/profile/distribution.ts';

/** One kernel on the timeline. */
export interface Bar {
  /** Index in the profile's kernels. */
  readonly kernel: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly lane: number;
}

/** The visible span of time. */
export interface Viewport {
  readonly startMs: number;
  readonly endMs: number;
}

/** Kernels may touch by rounding of the mean start times; so much overlap, in milliseconds, is not a second lane. */
const TOUCH_MS = 1e-3;

/** Lays the kernels out in as few lanes as their overlap needs, sorted by start. O(n log n + n·lanes). */
export function layOutBars(spans: readonly Span[]): Bar[] {
  // what began first is above; of two that began together the longer holds the other
  const order = spans.toSorted((a, b) => a.startMs - b.startMs || b.timeMs - a.timeMs);
  const laneEnds: number[] = [];
  return order.map(({ kernel, startMs, timeMs }) => {
    const endMs = startMs + timeMs;
    let lane = laneEnds.findIndex((end) => end <= startMs + Math.max(TOUCH_MS, timeMs * 0.05));
    if (lane < 0) lane = laneEnds.length;
    laneEnds[lane] = endMs;
    return { kernel, startMs, endMs, lane };
  });
}

/** The span that shows every bar, with the run starting at 0. */
export function fullSpan(bars: readonly Bar[]): Viewport {
  let endMs = 0;
  for (const bar of bars) endMs = Math.max(endMs, bar.endMs);
  return { startMs: 0, endMs: endMs > 0 ? endMs : 1 };
}

/** The narrowest span worth looking at: a thousandth of the run, so that zooming cannot end in float noise. */
function narrowest(full: Viewport): number {
  return (full.endMs - full.startMs) / 1000;
}

/** Keeps a span inside the run and not narrower than a thousandth of it. */
export function clampViewport(view: Viewport, full: Viewport): Viewport {
  const whole = full.endMs - full.startMs;
  const width = Math.min(Math.max(view.endMs - view.startMs, narrowest(full)), whole);
  const startMs = Math.min(Math.max(view.startMs, full.startMs), full.endMs - width);
  return { startMs, endMs: startMs + width };
}

/** Zooms by `factor` (> 1: closer), keeping the time under `atMs` where it is. */
export function zoom(view: Viewport, full: Viewport, change: { factor: number; atMs: number }): Viewport {
  const { factor, atMs } = change;
  const startMs = atMs - (atMs - view.startMs) / factor;
  const endMs = atMs + (view.endMs - atMs) / factor;
  return clampViewport({ startMs, endMs }, full);
}

/** Moves by a share of the visible width; positive: later. */
export function pan(view: Viewport, full: Viewport, share: number): Viewport {
  const by = (view.endMs - view.startMs) * share;
  return clampViewport({ startMs: view.startMs + by, endMs: view.endMs + by }, full);
}

/** The span that shows the given bar over a third of the width, in the middle. */
export function focusOn(bar: Pick<Bar, 'startMs' | 'endMs'>, full: Viewport): Viewport {
  const duration = bar.endMs - bar.startMs;
  return clampViewport({ startMs: bar.startMs - duration, endMs: bar.endMs + duration }, full);
}

/** The bar at a time and lane; when bars are thinner than `slackMs`, the nearest within it. */
export function barAt(bars: readonly Bar[], point: { ms: number; lane: number; slackMs: number }): Bar | null {
  let best: Bar | null = null;
  let bestDistance = Infinity;
  for (const bar of bars) {
    if (bar.lane !== point.lane) continue;
    const distance = point.ms < bar.startMs ? bar.startMs - point.ms : Math.max(0, point.ms - bar.endMs);
    if (distance <= point.slackMs && distance < bestDistance) {
      best = bar;
      bestDistance = distance;
    }
  }
  return best;
}

/** Round tick times for a span: 1, 2 or 5 times a power of ten, about `count` of them. */
export function ticks(view: Viewport, count: number): number[] {
  const raw = (view.endMs - view.startMs) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) ?? 10 * power;
  const marks: number[] = [];
  for (let i = Math.ceil(view.startMs / step); i * step <= view.endMs; i += 1) marks.push(i * step);
  return marks;
}
