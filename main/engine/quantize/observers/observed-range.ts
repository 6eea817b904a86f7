import type { Range } from '../quantize-activations.ts';
import type { CodeFormat } from '../schemes.ts';
import { entropyRange } from './entropy.ts';
import { mseRange } from './mse.ts';
import { percentileRange } from './percentile.ts';
import type { TensorStatistics } from './statistics.ts';

/** How a range is found in what a pass over the calibration data has left. */
export type Observer =
  | { readonly calibrator: 'minmax' | 'ema' | 'entropy' | 'mse' }
  | { readonly calibrator: 'percentile'; readonly percentile: number };

/** The range of an activation; it depends on the codes that are to hold it. Takes no data but the statistics. */
export function observedRange(statistics: TensorStatistics, observer: Observer, format: CodeFormat): Range {
  switch (observer.calibrator) {
    case 'minmax':
      return statistics.range;
    case 'ema':
      return statistics.average;
    case 'percentile':
      return percentileRange(statistics, observer.percentile);
    case 'entropy':
      return entropyRange(statistics, format);
    case 'mse':
      return mseRange(statistics, format);
  }
}
