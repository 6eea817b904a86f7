/** Channels of operators that make tensors. */
import { unaryChannels } from '../../channel-rules.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Tells of sizes alone: what it reads may be cut, its own few elements stay. */
export const shapeChannels: ChannelFacet = {
  relate: (ties) => {
    for (let axis = 0; axis < (ties.rank('input', 0) ?? 0); axis++) ties.open(ties.input(0, axis));
  },
};

/** As many equal elements as the shape says: these may be fewer after a cut. */
export const constantOfShapeChannels: ChannelFacet = {
  relate: (ties) => {
    for (let axis = 0; axis < (ties.rank('output', 0) ?? 0); axis++) ties.open(ties.output(0, axis));
  },
  sizes: { input: 0, infersOne: false },
};

/** Of input 1 the type counts alone. */
export const castLikeChannels: ChannelFacet = {
  relate: (ties) => {
    unaryChannels.relate(ties);
    for (let axis = 0; axis < (ties.rank('input', 1) ?? 0); axis++) ties.open(ties.input(1, axis));
  },
};
