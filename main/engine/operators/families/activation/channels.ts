/** Channels of activations that look at more than one element. */
import { normalizeAxis } from '../../shape.ts';
import { passExcept } from '../../channel-rules.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Softmax and its kin compute along an axis; before opset 13 along it and all behind it. */
export const softmaxChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0);
    const early = ties.opset < 13;
    const axis = rank === undefined ? undefined : normalizeAxis(ties.int('axis', early ? 1 : -1), rank);
    if (axis === undefined || rank === undefined) return;
    const axes = Array.from({ length: rank }, (_, at) => at).filter((at) => (early ? at >= axis : at === axis));
    passExcept(ties, axes, `${ties.node.opType} compares all elements along it`);
  },
};
