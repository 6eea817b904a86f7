/** On how many samples a cut is measured in the background: few at first, which tells soon, then more. */
import { QUICK_SAMPLES } from '../../widgets/measure.ts';

export const FIRST_STAGE = 128;
const SECOND_STAGE = 512;
/** Larger data are measured whole only when that is asked for: it takes minutes, and other jobs wait for it. */
const MOST_UNASKED = 5000;

/**
 * What follows on a measurement.
 * @param measured samples that it was made on; of a number that no stage asks for, it was all that there are
 * @param all samples of the data
 * @returns samples to measure on next, null: all; undefined: nothing more is done unasked
 */
export function limitAfter(measured: number, all: number): number | null | undefined {
  if (measured >= all) return undefined;
  if (measured === FIRST_STAGE) return SECOND_STAGE;
  const stopped = measured === SECOND_STAGE || measured === QUICK_SAMPLES;
  return stopped && all <= MOST_UNASKED ? null : undefined;
}
