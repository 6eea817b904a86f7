/** Channels of reductions: what is reduced over stays whole. */
import { normalizeAxis } from '../../shape.ts';
import { passExcept } from '../../channel-rules.ts';
import type { ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';

/** Axes by attribute or input 1; none: all, or with noop_with_empty_axes nothing. */
export const reductionChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const stated = ties.attributes.ints('axes') ?? (ties.has('input', 1) ? ties.numbers(1) : []);
    if (stated === undefined) return;
    const none = stated.length === 0;
    const all = Array.from({ length: rank }, (_, axis) => axis);
    const axes = none ? (ties.int('noop_with_empty_axes', 0) === 0 ? all : []) : stated;
    reduceOver(
      ties,
      axes.map((axis) => normalizeAxis(axis, rank) ?? -1),
      ties.int('keepdims', 1) !== 0,
    );
  },
};

/** ArgMax and ArgMin. */
export const argChannels: ChannelFacet = {
  relate: (ties) => {
    const axis = ties.axisOf('axis', 0, ties.rank('input', 0));
    if (axis !== undefined) reduceOver(ties, [axis], ties.int('keepdims', 1) !== 0);
  },
};

function reduceOver(ties: ChannelTies, axes: readonly number[], keeps: boolean): void {
  const rank = ties.rank('input', 0) ?? 0;
  let to = 0;
  for (let axis = 0; axis < rank; axis++) {
    if (axes.includes(axis)) {
      ties.keep(ties.input(0, axis), `${ties.node.opType} adds up over it`);
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
