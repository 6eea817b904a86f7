import type { Histogram } from '../../tensor/streaming-histogram.ts';
import type { Range } from '../quantize-activations.ts';
import type { TensorStatistics } from './statistics.ts';

/**
 * The range that holds `percent` of the values, as many left out below as above; at most what was met. Between the edges of
 * a bin values are taken to be spread evenly.
 * @param percent 0 < percent ≤ 100
 * @see McKinstry et al. 2018; ONNX Runtime's percentile calibrater, whose default is 99.999
 */
export function percentileRange({ histogram, range }: TensorStatistics, percent: number): Range {
  if (histogram.total === 0) return range;
  const outside = (histogram.total * (100 - percent)) / 200;
  const min = valueBelow(histogram, outside);
  const max = valueBelow(histogram, histogram.total - outside);
  return { min: Math.max(range.min, min ?? range.min), max: Math.min(range.max, max ?? range.max) };
}

/** The value that `rank` of the values lie below; undefined: none do, or all. */
function valueBelow({ counts, first, width }: Histogram, rank: number): number | undefined {
  if (rank <= 0) return undefined;
  let below = 0;
  for (const [bin, count] of counts.entries()) {
    if (below + count >= rank && count > 0) return (first + bin - 1 + (rank - below) / count) * width;
    below += count;
  }
  return undefined;
}
