/** A facet of the operator table: operators through which a positive factor of a channel passes. */
import type { ChannelTies } from './channel-ties.ts';

/**
 * - `passes`: f(s·x) = s·f(x) for s > 0 in one input; the others say how.
 * - `joins`: the same where all inputs are scaled alike; constants among them are scaled along.
 * - `multiplies`: in each input by itself, so that one of them is enough.
 * - `gains`: output 0 is multiplied by a stored number for each channel, whatever came before: that number takes the factor up.
 * Which elements of the output those of the input become is said by the `channels` facet.
 */
export type ScalingRule =
  | {
      readonly kind: 'passes';
      readonly input: number;
      /** Whether it is so with these operands; default: always. */
      readonly holds?: (ties: ChannelTies) => boolean;
    }
  | { readonly kind: 'joins' }
  | { readonly kind: 'multiplies' }
  | {
      readonly kind: 'gains';
      /** Input with one factor for each channel, and with what is added then; undefined: nothing is. */
      readonly gain: number;
      readonly offset: number | undefined;
      /** Whether channels lie on the last axis, or on axis 1. */
      readonly channelsLast: boolean;
    };

export const scalesFirst: ScalingRule = { kind: 'passes', input: 0 };
