/** Channels of conversions between floats and codes. */
import { unaryChannels } from '../../channel-rules.ts';
import type { ChannelFacet } from '../../channels.ts';

/** x with one scale, or one for each element of an axis; blocks of scales keep their axis whole. */
export const quantizeChannels: ChannelFacet = {
  relate: (ties) => {
    unaryChannels.relate(ties);
    const axis = ties.axisOf('axis', 1, ties.rank('input', 0));
    for (const position of [1, 2]) {
      if (axis === undefined || (ties.rank('input', position) ?? 0) === 0) continue;
      if (ties.rank('input', position) === 1) ties.same(ties.input(position, 0), ties.input(0, axis));
      else ties.keepAll('input', 0, 'its scales stand for blocks of it');
    }
  },
};
