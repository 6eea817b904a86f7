/** Channels of reductions: what is reduced over stays whole. */
import { normalizeAxis } from '../../shape.ts';
import { passExcept } from '../../channel-rules.ts';
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Axes by attribute or input 1; none: all, or with noop_with_empty_axes nothing. */
export const reductionChannels: ChannelFacet = {
  relate: (ties) => relateReduction(ties, (axis, reason) => ties.keep(axis, reason)),
};

/** Sums of what zeros add nothing to: values, magnitudes, squares. */
export const sumChannels: ChannelFacet = {
  relate: (ties) => relateReduction(ties, (axis, reason) => ties.addsUp(axis, reason)),
};

/** A mean over fewer elements, where those that went were zero, is larger by as much as they are fewer. */
export const meanChannels: ChannelFacet = {
  relate: sumChannels.relate,
  recut: (cut) => {
    const { before } = cut;
    let share = 1;
    for (const axis of reducedAxes(before) ?? []) {
      const kept = cut.kept(before.input(0, axis));
      if (kept !== undefined) share *= kept.length / (before.size(before.input(0, axis)) ?? kept.length);
    }
    return share === 1 ? undefined : { scaled: share };
  },
};

function reducedAxes(ties: ChannelTies): readonly number[] | undefined {
  const rank = ties.rank('input', 0) ?? 0;
  const stated = ties.attributes.ints('axes') ?? (ties.has('input', 1) ? ties.numbers(1) : []);
  if (stated === undefined) return undefined;
  const none = stated.length === 0;
  const all = Array.from({ length: rank }, (_, axis) => axis);
  const axes = none ? (ties.int('noop_with_empty_axes', 0) === 0 ? all : []) : stated;
  return axes.map((axis) => normalizeAxis(axis, rank) ?? -1);
}

type Take = (axis: AxisRef, reason: string) => void;

function relateReduction(ties: ChannelTies, take: Take): void {
  const axes = reducedAxes(ties);
  if (axes !== undefined) reduceOver(ties, axes, ties.int('keepdims', 1) !== 0, take);
}

/** ArgMax and ArgMin. */
export const argChannels: ChannelFacet = {
  relate: (ties) => {
    const axis = ties.axisOf('axis', 0, ties.rank('input', 0));
    if (axis !== undefined)
      reduceOver(ties, [axis], ties.int('keepdims', 1) !== 0, (ref, reason) => ties.keep(ref, reason));
  },
};

function reduceOver(ties: ChannelTies, axes: readonly number[], keeps: boolean, take: Take): void {
  const rank = ties.rank('input', 0) ?? 0;
  let to = 0;
  for (let axis = 0; axis < rank; axis++) {
    if (axes.includes(axis)) {
      take(ties.input(0, axis), `${ties.node.opType} adds up over it`);
      if (keeps) to++;
    } else ties.same(ties.input(0, axis), ties.output(0, to++));
  }
}

/** TopK compares along an axis, default the last. */
export const topKChannels: ChannelFacet = {
  relate: (ties) => {
    const axis = ties.axisOf('axis', -1, ties.rank('input', 0));
    passExcept(ties, axis === undefined ? undefined : [axis], 'its elements are compared with each other');
  },
};

/** CumSum and CumProd go along the axis of input 1. */
export const cumulativeChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const axis = normalizeAxis(ties.numbers(1)?.[0] ?? Number.NaN, rank);
    passExcept(ties, axis === undefined ? undefined : [axis], 'it is added up along it');
  },
};
