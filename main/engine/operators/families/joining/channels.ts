/** Channels of tensors laid side by side. */
import { keptWithin } from '../../channel-cut.ts';
import type { ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Each input's axis is a stretch of the output's. */
export const concatChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('output', 0) ?? 0;
    const joined = ties.axisOf('axis', ties.opset < 4 ? 1 : 0, rank);
    if (joined === undefined) return;
    let start: number | undefined = 0;
    for (const position of ties.node.inputs.keys()) {
      for (let axis = 0; axis < rank; axis++) {
        if (axis !== joined) ties.same(ties.input(position, axis), ties.output(0, axis));
      }
      const from = ties.input(position, joined);
      const size = ties.size(from);
      if (start !== undefined && size !== undefined && ties.size(ties.output(0, joined)) !== undefined) {
        ties.stretch(from, ties.output(0, joined), { count: size, toStart: start });
        start += size;
      } else {
        ties.keep(from, 'the sizes of what is joined are not known');
        start = undefined;
      }
    }
    if (start === undefined) ties.keep(ties.output(0, joined), 'the sizes of what is joined are not known');
  },
};

/** Each output's axis is a stretch of the input's. */
export const splitChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const parted = ties.axisOf('axis', 0, rank);
    if (parted === undefined) return;
    for (let axis = 0; axis < rank; axis++) {
      if (axis === parted) continue;
      ties.node.outputs.forEach((_, output) => ties.same(ties.input(0, axis), ties.output(output, axis)));
    }
    const sizes = partSizes(ties, parted);
    let start = 0;
    for (const [output, size] of (sizes ?? []).entries()) {
      if (ties.has('output', output)) {
        ties.stretch(ties.output(output, parted), ties.input(0, parted), { count: size, toStart: start });
      }
      start += size;
    }
  },
  recut: (cut) => {
    const axis = cut.before.axisOf('axis', 0, cut.before.rank('input', 0)) ?? 0;
    const kept = cut.kept(cut.before.input(0, axis));
    const sizes = partSizes(cut.before, axis);
    if (kept === undefined || sizes === undefined) return undefined;
    let start = 0;
    const after = sizes.map((size) => {
      const left = keptWithin(kept, start, size);
      start += size;
      return left;
    });
    if (cut.before.opset < 13) return { attributes: { split: after.map(BigInt) } };
    return { settings: { 1: after }, without: ['num_outputs'] };
  },
};

/** Sizes of the parts, told by the outputs; undefined where one is not known. */
function partSizes(ties: ChannelTies, axis: number): readonly number[] | undefined {
  const sizes = ties.node.outputs.map((_, output) => ties.size(ties.output(output, axis)));
  return sizes.every((size) => size !== undefined) ? sizes : undefined;
}
