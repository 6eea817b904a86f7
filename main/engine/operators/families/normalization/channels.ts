/** Channels of normalizations: what is normalised over stays whole. */
import { sizeAfter, type ChannelCut, type NodeRecut } from '../../channel-cut.ts';
import { broadcastWith, passExcept } from '../../channel-rules.ts';
import type { ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/** X [N, C, …] with scale, B, mean and variance [C] each; in training form nothing is cut. */
export const batchNormChannels: ChannelFacet = {
  relate: (ties) => {
    if (!ties.has('output', 1)) perChannel(ties, [1, 2, 3, 4]);
  },
};

/** X [N, C, …], scale and B [C]: each channel is normalised by itself, over the places. */
export const instanceNormChannels: ChannelFacet = {
  relate: (ties) => {
    perChannel(ties, [1, 2]);
    for (let axis = 2; axis < (ties.rank('input', 0) ?? 0); axis++) {
      ties.keep(ties.input(0, axis), 'each channel is normalised over it');
    }
  },
};

function perChannel(ties: ChannelTies, vectors: readonly number[]): void {
  const rank = ties.rank('input', 0) ?? 0;
  for (let axis = 0; axis < rank; axis++) ties.same(ties.input(0, axis), ties.output(0, axis));
  if (rank < 2) return;
  for (const position of vectors) if (ties.has('input', position)) ties.same(ties.input(position, 0), ties.input(0, 1));
}

/** X [N, C, …]: whole groups of channels go. Scale and bias are [C] (opset 21), or [groups] before. */
export const groupNormChannels: ChannelFacet = {
  relate: (ties) => {
    const groups = ties.int('num_groups', 1);
    const channels = ties.input(0, 1);
    const each = (ties.size(channels) ?? 0) / groups;
    ties.same(ties.input(0, 0), ties.output(0, 0));
    ties.same(channels, ties.output(0, 1));
    if (!Number.isInteger(each) || each < 1) return ties.keep(channels, 'the size of its groups is not known');
    ties.runs(channels, each);
    for (const position of [1, 2]) {
      const vector = ties.input(position, 0);
      if (ties.size(vector) === ties.size(channels)) ties.same(vector, channels);
      else ties.stretch(vector, channels, { count: groups, toStep: each });
    }
  },
  recut: (cut) => {
    const groups = cut.before.int('num_groups', 1);
    const each = (cut.before.size(cut.before.input(0, 1)) ?? 0) / groups;
    return { attributes: { num_groups: BigInt(sizeAfter(cut, cut.before.input(0, 1)) / each) } };
  },
};

/** Normalised over the axes from `axis` on; the others pass, to mean and deviation too, where they are asked for. */
export const layerNormChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const from = ties.axisOf('axis', -1, rank) ?? 0;
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis >= from);
    passExcept(ties, axes, NORMALISED);
  },
};

/**
 * Root mean square over the last axis: elements that are zero go, and what stays is normalised by a larger mean. With n of N
 * left, mean(x²) of all is n/N of theirs, so that ε·N/n and γ·√(n/N)⁻¹ give what was given.
 */
export const rootMeanSquareChannels: ChannelFacet = {
  relate: (ties) => {
    const last = (ties.rank('input', 0) ?? 0) - 1;
    const own = ties.axisOf('axis', -1, ties.rank('input', 0)) === last && ties.isStored(1) && !ties.has('output', 1);
    if (!own || ties.rank('input', 1) !== 1) return layerNormChannels.relate(ties);
    for (let axis = 0; axis <= last; axis++) ties.same(ties.input(0, axis), ties.output(0, axis));
    ties.same(ties.input(1, 0), ties.input(0, last));
    ties.addsUp(ties.input(0, last), NORMALISED);
  },
  recut: (cut) => rescaled(cut, 1, 1e-5),
};

/** The same of input + skip + bias, whose sum it gives as well. */
export const skipRootMeanSquareChannels: ChannelFacet = {
  relate: (ties) => {
    const last = (ties.rank('input', 0) ?? 0) - 1;
    if (!ties.isStored(2) || ties.has('output', 1) || ties.has('output', 2)) return skipNormChannels.relate(ties);
    for (const position of [0, 3]) {
      if (!ties.has('output', position)) continue;
      for (let axis = 0; axis <= last; axis++) ties.same(ties.input(0, axis), ties.output(position, axis));
      broadcastInto(ties, 1, position);
      if (ties.has('input', 3)) ties.same(ties.input(3, 0), ties.output(position, last));
    }
    ties.same(ties.input(2, 0), ties.input(0, last));
    ties.addsUp(ties.output(0, last), NORMALISED);
  },
  recut: (cut) => rescaled(cut, 2, 1e-12),
};

/** Axes of an input, counted from the last, go with those of an output. */
function broadcastInto(ties: ChannelTies, input: number, output: number): void {
  const [own, rank] = [ties.rank('input', input) ?? 0, ties.rank('output', output) ?? 0];
  for (let axis = 0; axis < own; axis++) ties.same(ties.input(input, axis), ties.output(output, axis + rank - own));
}

function rescaled(cut: ChannelCut, gamma: number, usualEpsilon: number): NodeRecut | undefined {
  const { before } = cut;
  const last = (before.rank('input', 0) ?? 0) - 1;
  const kept = cut.kept(before.input(0, last))?.length;
  const all = before.size(before.input(0, last));
  if (kept === undefined || all === undefined) return undefined;
  const epsilon = before.attributes.get('epsilon', 'float') ?? usualEpsilon;
  return { attributes: { epsilon: (epsilon * all) / kept }, factors: { [gamma]: Math.sqrt(all / kept) } };
}

/** LayerNormalization of input + skip, over the last axis. */
export const skipNormChannels: ChannelFacet = {
  relate: (ties) => {
    const last = (ties.rank('input', 0) ?? 1) - 1;
    passExcept(ties, [last], NORMALISED);
    broadcastWith(ties, [1]);
  },
};

const NORMALISED = 'each sample is normalised over it';

/** Each place is normalised over its neighbours among the channels, or over stated axes. */
export const acrossChannels: ChannelFacet = {
  relate: (ties) => {
    const stated = ties.attributes.ints('axes') ?? (ties.attributes.has('axis') ? [ties.int('axis', -1)] : undefined);
    const rank = ties.rank('input', 0) ?? 0;
    const axes = stated?.map((axis) => (axis < 0 ? axis + rank : axis));
    passExcept(ties, axes, 'its values are normalised with each other');
  },
};

/** X [N, C, …] is normalised over neighbours among the channels. */
export const responseChannels: ChannelFacet = {
  relate: (ties) => passExcept(ties, [1], 'channels are normalised with their neighbours'),
};
