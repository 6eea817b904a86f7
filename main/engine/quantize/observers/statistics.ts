import type { Histogram } from '../../tensor/streaming-histogram.ts';
import type { Range } from '../quantize-activations.ts';

/** What one pass over calibration data tells of an activation: all that any observer asks. Plain data. */
export interface TensorStatistics {
  /** The least and greatest value of all. */
  readonly range: Range;
  /** The moving average of the batches' least and greatest values. */
  readonly average: Range;
  /** Of all values, or of some of a large tensor. */
  readonly histogram: Histogram;
}

/** Of a tensor that no batch has written. */
export const NO_STATISTICS: TensorStatistics = {
  range: { min: 0, max: 0 },
  average: { min: 0, max: 0 },
  histogram: { width: 1, first: 0, counts: new Uint32Array(0), total: 0 },
};
