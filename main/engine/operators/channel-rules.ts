/** Rules of `ChannelFacet` that operators of several families share. */
import type { ChannelFacet } from './channels.ts';
import type { ChannelTies } from './channel-ties.ts';

/** Axes of broadcast operands count from the back: input `position`'s axes with those of output 0. */
export function broadcastWith(ties: ChannelTies, positions: readonly number[], output = 0): void {
  const rank = ties.rank('output', output) ?? 0;
  for (const position of positions) {
    const own = ties.rank('input', position) ?? 0;
    for (let axis = 0; axis < own; axis++) {
      const to = axis + rank - own;
      if (to >= 0) ties.same(ties.input(position, axis), ties.output(output, to));
    }
  }
}

/** Each output has the shape of input 0 and computes element by element; further inputs are broadcast. */
export const elementwiseChannels: ChannelFacet = {
  relate: (ties) => {
    ties.node.outputs.forEach((_, output) =>
      broadcastWith(
        ties,
        ties.node.inputs.map((_input, position) => position),
        output,
      ),
    );
  },
};

/** Element by element over input 0 alone; further inputs are settings. */
export const unaryChannels: ChannelFacet = {
  relate: (ties) => ties.node.outputs.forEach((_, output) => broadcastWith(ties, [0], output)),
};

/** Batch and channel axis pass, in [N, C, …]; windows and places mix the others. */
export const spatialChannels: ChannelFacet = {
  relate: (ties) => {
    // Places that a pool tells of count through all channels.
    if (!ties.has('output', 1)) passFront(ties, 2);
  },
};

/** The first `count` axes of input 0 are those of every output. */
export function passFront(ties: ChannelTies, count: number): void {
  ties.node.outputs.forEach((_, output) => {
    for (let axis = 0; axis < Math.min(count, ties.rank('input', 0) ?? 0); axis++) {
      ties.same(ties.input(0, axis), ties.output(output, axis));
    }
  });
}

/** Every axis of input 0 passes, but those that the operator computes along. */
export function passExcept(ties: ChannelTies, axes: readonly number[] | undefined, reason: string): void {
  const rank = ties.rank('input', 0) ?? 0;
  for (let axis = 0; axis < rank; axis++) {
    if (axes === undefined || axes.includes(axis)) {
      ties.keep(ties.input(0, axis), reason);
      continue;
    }
    ties.node.outputs.forEach((_, output) => ties.same(ties.input(0, axis), ties.output(output, axis)));
  }
  if (axes === undefined) return;
  ties.node.outputs.forEach((_, output) => {
    for (const axis of axes)
      if (axis < (ties.rank('output', output) ?? 0)) ties.keep(ties.output(output, axis), reason);
  });
}
