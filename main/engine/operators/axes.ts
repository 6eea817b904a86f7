import { nameHasTrait } from './ask.ts';

/**
 * The axis of an operator's output that counts channels: 1; in sequences [batch, steps, features] of matrix products and the
 * like the last. undefined for vectors and numbers.
 */
export function channelAxis(rank: number, opType: string): number | undefined {
  if (rank < 2) return undefined;
  return rank === 3 && !nameHasTrait(opType, 'channelsSecond') ? 2 : 1;
}
