/** Channels of Pad, Resize and their kin. */
import { keptWithin, type ChannelCut, type NodeRecut } from '../../channel-cut.ts';
import { passFront } from '../../channel-rules.ts';
import type { ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';
import { normalizeAxis } from '../../shape.ts';

interface Padding {
  readonly axes: readonly number[];
  /** By place in `axes`; negative ones cut. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

function paddingOf(ties: ChannelTies): Padding | undefined {
  const rank = ties.rank('input', 0);
  const pads = ties.attributes.ints('pads') ?? ties.attributes.ints('paddings') ?? ties.numbers(1);
  const stated = ties.has('input', 3) ? ties.numbers(3) : Array.from({ length: rank ?? 0 }, (_, axis) => axis);
  if (rank === undefined || pads === undefined || stated?.length !== pads.length / 2) return undefined;
  return {
    axes: stated.map((axis) => normalizeAxis(axis, rank) ?? 0),
    begins: pads.slice(0, stated.length),
    ends: pads.slice(stated.length),
  };
}

/** Whether what it adds stays what it is when its data are scaled. */
export function padsWithZeros(ties: ChannelTies): boolean {
  if ((ties.attributes.text('mode') ?? 'constant') !== 'constant') return true;
  if (!ties.has('input', 2)) return (ties.attributes.get('value', 'float') ?? 0) === 0;
  return ties.numbers(2)?.every((value) => value === 0) === true;
}

/** Channels that a Pad of constants adds are channels of their own; mirrored ones depend on others. */
export const padChannels: ChannelFacet = {
  relate: (ties) => {
    const padding = paddingOf(ties);
    if (padding === undefined) return;
    const constant = (ties.attributes.text('mode') ?? 'constant') === 'constant';
    for (let axis = 0; axis < (ties.rank('input', 0) ?? 0); axis++) {
      const at = padding.axes.indexOf(axis);
      const begin = padding.begins[at] ?? 0;
      const end = padding.ends[at] ?? 0;
      const from = ties.input(0, axis);
      const to = ties.output(0, axis);
      const size = ties.size(from);
      if (begin === 0 && end === 0) ties.same(from, to);
      else if (size === undefined || !constant) continue;
      else {
        const count = size + Math.min(begin, 0) + Math.min(end, 0);
        ties.stretch(from, to, { count, fromStart: Math.max(-begin, 0), toStart: Math.max(begin, 0) });
      }
    }
  },
  recut: recutPad,
};

function recutPad(cut: ChannelCut): NodeRecut | undefined {
  const ties = cut.before;
  const padding = paddingOf(ties);
  if (padding === undefined) return undefined;
  const pads = [...padding.begins, ...padding.ends];
  let changed = false;
  padding.axes.forEach((axis, at) => {
    const begin = padding.begins[at] ?? 0;
    const end = padding.ends[at] ?? 0;
    const given = cut.kept(ties.output(0, axis));
    const taken = cut.kept(ties.input(0, axis));
    if ((given === undefined && taken === undefined) || (begin === 0 && end === 0)) return;
    changed = true;
    const before = ties.size(ties.input(0, axis)) ?? 0;
    const after = ties.size(ties.output(0, axis)) ?? 0;
    pads[at] = begin >= 0 ? keptWithin(given, 0, begin) : -keptWithin(taken, 0, -begin);
    pads[at + padding.axes.length] =
      end >= 0 ? keptWithin(given, after - end, end) : -keptWithin(taken, before + end, -end);
  });
  if (!changed) return undefined;
  if (ties.attributes.has('pads')) return { attributes: { pads: pads.map(BigInt) } };
  return { settings: { 1: pads } };
}

/** Axes that are not resized pass; sizes that are stated for them follow. */
export const resizeChannels: ChannelFacet = {
  relate: (ties) => passFront(ties, 2),
  recut: (cut) => {
    const ties = cut.before;
    const sizes = ties.has('input', 3) ? ties.numbers(3) : undefined;
    if (sizes === undefined || sizes.length === 0) return undefined;
    const axes = ties.attributes.ints('axes') ?? sizes.map((_, axis) => axis);
    const after = sizes.map((size, at) => cut.kept(ties.output(0, axes[at] ?? at))?.length ?? size);
    return after.every((size, at) => size === sizes[at]) ? undefined : { settings: { 3: after } };
  },
};
