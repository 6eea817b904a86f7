/** Channels of kernels. */
import { sizeAfter, type ChannelCut, type NodeRecut } from '../../channel-cut.ts';
import { broadcastWith } from '../../channel-rules.ts';
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet, LayerWeights } from '../../channels.ts';

/** [M, C/g, kH, kW] */
export const kernels: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: () => ({ axis: 0, groups: 1 }),
  dataChannels: (context) => ({ axis: 1, groups: context.int('group', 1) }),
};

/** [C, M/g, kH, kW] */
export const transposedKernels: LayerWeights = {
  input: 1,
  bias: 2,
  outputChannels: (context) => ({ axis: 1, groups: context.int('group', 1) }),
  dataChannels: () => ({ axis: 0, groups: 1 }),
};

/** X [N, C, …], W [M, C/g, …], B [M] → [N, M, …]. */
export const convolutionChannels: ChannelFacet = {
  relate: (ties) => {
    const group = ties.int('group', 1);
    passBatch(ties);
    const kernel = ties.input(1, 0);
    ties.same(kernel, ties.output(0, 1));
    relateBias(ties, ties.output(0, 1));
    ties.weight(kernel, 'produces');
    ties.weight(ties.input(1, 1), 'consumes');
    relateGroups(ties, { data: ties.input(0, 1), taken: ties.input(1, 1), given: ties.output(0, 1), group });
    keepTaps(ties);
    if (ties.has('input', 3)) broadcastWith(ties, [3]);
  },
  recut: (cut) => regroup(cut, cut.before.input(0, 1), cut.before.size(cut.before.input(1, 1))),
};

/** X [N, C, …], W [C, M/g, …], B [M] → [N, M, …]. */
export const transposedChannels: ChannelFacet = {
  relate: (ties) => {
    const group = ties.int('group', 1);
    passBatch(ties);
    ties.same(ties.input(1, 0), ties.input(0, 1));
    relateBias(ties, ties.output(0, 1));
    ties.weight(ties.input(1, 0), 'consumes');
    ties.weight(ties.input(1, 1), 'produces');
    relateGroups(ties, { data: ties.output(0, 1), taken: ties.input(1, 1), given: ties.input(0, 1), group });
    keepTaps(ties);
  },
  recut: (cut) => regroup(cut, cut.before.output(0, 1), cut.before.size(cut.before.input(1, 1))),
};

interface GroupedAxes {
  /** All channels on the side that the weights count for one group only. */
  readonly data: AxisRef;
  /** Those of one group, in the weights. */
  readonly taken: AxisRef;
  /** All channels on the other side. */
  readonly given: AxisRef;
  readonly group: number;
}

/**
 * One group: the data's channels are the weights'. Depthwise (one channel each): a channel goes with what is made of it, and
 * there are fewer groups. Else every group loses the same places, so that they stay equal.
 */
function relateGroups(ties: ChannelTies, { data, taken, given, group }: GroupedAxes): void {
  if (group === 1) return ties.same(taken, data);
  const each = ties.size(taken);
  const made = (ties.size(given) ?? 0) / group;
  if (each === undefined || !Number.isInteger(made) || made < 1) {
    ties.keep(data, 'the sizes of its groups are not known');
    return ties.keep(given, 'the sizes of its groups are not known');
  }
  ties.open(taken);
  ties.open(data);
  if (each === 1) {
    for (let at = 0; at < made; at++) ties.stretch(data, given, { count: group, toStart: at, toStep: made });
    return;
  }
  for (let at = 0; at < group; at++) ties.stretch(taken, data, { count: each, toStart: at * each });
  ties.parts(given, group);
}

function passBatch(ties: ChannelTies): void {
  ties.same(ties.input(0, 0), ties.output(0, 0));
}

function relateBias(ties: ChannelTies, given: AxisRef): void {
  if (!ties.has('input', 2)) return;
  ties.same(ties.input(2, 0), given);
  ties.weight(ties.input(2, 0), 'produces');
}

function keepTaps(ties: ChannelTies): void {
  for (let axis = 2; axis < (ties.rank('input', 1) ?? 0); axis++) {
    ties.keep(ties.input(1, axis), 'the taps of a kernel stay');
  }
}

/** Depthwise kernels have as many groups as channels. */
function regroup(cut: ChannelCut, data: AxisRef, each: number | undefined): NodeRecut | undefined {
  const group = cut.before.int('group', 1);
  if (group === 1 || each !== 1) return undefined;
  return { attributes: { group: BigInt(sizeAfter(cut, data)) } };
}
