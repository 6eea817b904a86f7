/** Channels of operators that give the same elements another shape or order. */
import { divideDimsExactly, multiplyDims, sameDim } from '../../dimension.ts';
import { normalizeAxis } from '../../shape.ts';
import type { AxisRef, ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';
import type { Dim } from '../../../graph/ir.ts';

export const transposeChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const order = ties.attributes.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    order.forEach((from, to) => ties.same(ties.input(0, from), ties.output(0, to)));
  },
};

/** Reshape and Flatten: axes of equal products belong together. */
export const reshapeChannels: ChannelFacet = { relate: foldAxes, sizes: { input: 1, infersOne: true } };
export const flattenChannels: ChannelFacet = { relate: foldAxes };

/**
 * Goes through both shapes from the front and closes a fold where the products agree: [N, 12·64] → [N, 12, 64] is N with N,
 * and 768 with 12 × 64. Sizes of 1 belong to no fold. What does not come out even stays whole.
 */
function foldAxes(ties: ChannelTies): void {
  const from = countedAxes(ties, 'input');
  const to = countedAxes(ties, 'output');
  let left: AxisRef[] = [];
  let right: AxisRef[] = [];
  let leftSize: Dim = 1;
  let rightSize: Dim = 1;
  while (from.length + to.length + left.length + right.length > 0) {
    const takesLeft = left.length === 0 || (right.length > 0 && isLess(leftSize, rightSize) && from.length > 0);
    const side = takesLeft && from.length > 0 ? from : to;
    const next = side.shift();
    if (next === undefined) return;
    if (side === from) {
      left.push(next);
      leftSize = multiplyDims(leftSize, ties.dim(next));
    } else {
      right.push(next);
      rightSize = multiplyDims(rightSize, ties.dim(next));
    }
    if (left.length === 0 || right.length === 0 || !sameDim(leftSize, rightSize)) continue;
    if (left.length === 1 && right.length === 1) ties.same(left[0]!, right[0]!);
    else ties.fold(left, right);
    [left, right, leftSize, rightSize] = [[], [], 1, 1];
  }
}

function countedAxes(ties: ChannelTies, side: AxisRef['side']): AxisRef[] {
  const rank = ties.rank(side, 0) ?? 0;
  return Array.from({ length: rank }, (_, axis): AxisRef => ({ side, position: 0, axis })).filter((ref) => {
    if (ties.size(ref) !== 1) return true;
    ties.open(ref);
    return false;
  });
}

/** Whether `a` has to grow to reach `b`: it is smaller, or with symbols a divisor of it. */
function isLess(a: Dim, b: Dim): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  return divideDimsExactly(b, a) !== null;
}

/** Squeeze and Unsqueeze: the axes of size 1 come and go. */
export const squeezeChannels: ChannelFacet = {
  relate: (ties) => {
    const shape = ties.shape('input', 0) ?? [];
    const stated = statedAxes(ties)?.map((axis) => normalizeAxis(axis, shape.length));
    if (stated === undefined && ties.has('input', 1)) return;
    let to = 0;
    shape.forEach((dim, axis) => {
      const goes = stated === undefined ? dim === 1 : stated.includes(axis);
      if (!goes) ties.same(ties.input(0, axis), ties.output(0, to++));
    });
  },
};

export const unsqueezeChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('output', 0) ?? 0;
    const stated = statedAxes(ties)?.map((axis) => normalizeAxis(axis, rank));
    if (stated === undefined) return;
    let from = 0;
    for (let axis = 0; axis < rank; axis++) {
      if (!stated.includes(axis)) ties.same(ties.input(0, from++), ties.output(0, axis));
    }
  },
};

function statedAxes(ties: ChannelTies): readonly number[] | undefined {
  return ties.attributes.ints('axes') ?? (ties.has('input', 1) ? ties.numbers(1) : undefined);
}

/** Sizes of 1 become as many as the shape says: these may be fewer after a cut. */
export const expandChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('output', 0) ?? 0;
    const own = ties.rank('input', 0) ?? 0;
    for (let axis = 0; axis < rank; axis++) {
      const from = axis - (rank - own);
      if (from >= 0 && ties.size(ties.input(0, from)) !== 1) ties.same(ties.input(0, from), ties.output(0, axis));
      else ties.open(ties.output(0, axis));
    }
  },
  sizes: { input: 1, infersOne: false },
};

/** The whole axis stands several times in a row. */
export const tileChannels: ChannelFacet = {
  relate: (ties) => {
    const repeats = ties.numbers(1);
    for (let axis = 0; axis < (ties.rank('input', 0) ?? 0); axis++) {
      const from = ties.input(0, axis);
      const to = ties.output(0, axis);
      const count = ties.size(from);
      const times = repeats?.[axis];
      if (times === 1) ties.same(from, to);
      else if (times === undefined || count === undefined) continue;
      else for (let at = 0; at < times; at++) ties.stretch(from, to, { count, toStart: at * count });
    }
  },
};

/** [N, C·b², H, W] → [N, C, H·b, W·b]: blocks outside (DCR) or channels outside (CRD). */
export const depthToSpaceChannels: ChannelFacet = {
  relate: (ties) => {
    const area = ties.int('blocksize', 1) ** 2;
    const count = ties.size(ties.output(0, 1));
    ties.same(ties.input(0, 0), ties.output(0, 0));
    if (count === undefined) return;
    const inside = ties.attributes.text('mode') === 'CRD';
    for (let at = 0; at < area; at++) {
      const along = inside ? { toStart: at, toStep: area } : { toStart: at * count };
      ties.stretch(ties.output(0, 1), ties.input(0, 1), { count, ...along });
    }
  },
};

/** [N, C, H·b, W·b] → [N, b²·C, H, W]. */
export const spaceToDepthChannels: ChannelFacet = {
  relate: (ties) => {
    const area = ties.int('blocksize', 1) ** 2;
    const count = ties.size(ties.input(0, 1));
    ties.same(ties.input(0, 0), ties.output(0, 0));
    if (count === undefined) return;
    for (let at = 0; at < area; at++) {
      ties.stretch(ties.input(0, 1), ties.output(0, 1), { count, toStart: at * count });
    }
  },
};
