import type { ReportPoint } from './report-input.ts';

/**
 * The measured points that no other measured one beats in both latency and accuracy, by latency. Predictions are no
 * part of the front.
 */
export function paretoFront(points: readonly ReportPoint[]): readonly ReportPoint[] {
  const sorted = points
    .filter(({ measured }) => measured)
    .sort((a, b) => a.latencyMs - b.latencyMs || b.accuracy.value - a.accuracy.value);
  const front: ReportPoint[] = [];
  for (const point of sorted) {
    const best = front.at(-1);
    if (best === undefined || point.accuracy.value > best.accuracy.value) front.push(point);
  }
  return front;
}
