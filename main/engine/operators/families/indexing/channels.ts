/** Channels of slices and gathers: parts of tensors by place. */
import { keptWithin, type ChannelCut, type NodeRecut } from '../../channel-cut.ts';
import type { ChannelTies } from '../../channel-ties.ts';
import type { ChannelFacet } from '../../channels.ts';
import { normalizeAxis } from '../../shape.ts';

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
}

/** What a Slice takes of each axis that it names; undefined where starts, axes or steps are computed. */
function slicedRanges(ties: ChannelTies): readonly Range[] | undefined {
  const rank = ties.rank('input', 0);
  const starts = ties.attributes.ints('starts') ?? ties.numbers(1);
  if (rank === undefined || starts === undefined) return undefined;
  const all = starts.map((_, axis) => axis);
  const axes = ties.attributes.ints('axes') ?? (ties.has('input', 3) ? ties.numbers(3) : all);
  const steps = ties.has('input', 4) ? ties.numbers(4) : starts.map(() => 1);
  if (axes === undefined || steps === undefined) return undefined;
  return starts.map((given, at) => {
    const axis = normalizeAxis(axes[at] ?? 0, rank) ?? 0;
    const step = steps[at] ?? 1;
    const size = ties.size(ties.input(0, axis)) ?? 0;
    const start = given < 0 ? given + size : given;
    return { axis, step, start: Math.min(Math.max(start, 0), step > 0 ? size : size - 1) };
  });
}

export const sliceChannels: ChannelFacet = {
  relate: (ties) => {
    const ranges = slicedRanges(ties);
    if (ranges === undefined) return;
    for (let axis = 0; axis < (ties.rank('input', 0) ?? 0); axis++) {
      const range = ranges.find((one) => one.axis === axis);
      const from = ties.input(0, axis);
      const to = ties.output(0, axis);
      const count = ties.size(to);
      if (range === undefined || (ties.size(from) === count && range.step === 1)) ties.same(from, to);
      else if (count === undefined || ties.size(from) === undefined) continue;
      else if (range.step !== 1 && ranges.length > 1) ties.keep(from, 'several axes are sliced, this one in steps');
      else ties.stretch(from, to, { count, fromStart: range.start, fromStep: range.step });
    }
  },
  recut: recutSlice,
};

/** Steps of 1 stay a Slice between other places; others become a Gather where they are cut. */
function recutSlice(cut: ChannelCut): NodeRecut | undefined {
  const ties = cut.before;
  const ranges = slicedRanges(ties) ?? [];
  const cutRanges = ranges.filter(({ axis }) => cut.kept(ties.input(0, axis)) !== undefined);
  if (cutRanges.length === 0) return undefined;
  const [only] = cutRanges;
  if (only !== undefined && only.step !== 1 && ranges.length === 1) return gatherInstead(cut, only);
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { axis, start, step } of ranges) {
    const kept = cut.kept(ties.input(0, axis));
    const count = ties.size(ties.output(0, axis)) ?? 0;
    if (kept !== undefined && step !== 1) {
      throw new Error('a Slice of several axes, one of them in steps, was cut: its rule keeps such axes whole');
    }
    const from = kept === undefined ? start : keptWithin(kept, 0, start);
    starts.push(from);
    // An axis that is not cut keeps its end; a backwards one ends before the first element.
    ends.push(
      kept === undefined
        ? endOf({ start, step, count, open: ties.size(ties.input(0, axis)) === undefined })
        : from + keptWithin(kept, start, count),
    );
  }
  return writeSlice(ties, { starts, ends });
}

const FAR = 2 ** 31 - 1;

function endOf(of: { start: number; step: number; count: number; open: boolean }): number {
  if (of.open) return of.step > 0 ? FAR : -FAR;
  const end = of.start + of.step * of.count;
  return end < 0 ? -FAR : end;
}

function writeSlice(ties: ChannelTies, { starts, ends }: { starts: number[]; ends: number[] }): NodeRecut {
  if (ties.attributes.has('starts')) return { attributes: { starts: starts.map(BigInt), ends: ends.map(BigInt) } };
  const axes = ties.has('input', 3) ? ties.numbers(3) : starts.map((_, axis) => axis);
  const steps = ties.has('input', 4) ? ties.numbers(4) : starts.map(() => 1);
  return { settings: { 1: starts, 2: ends, 3: axes ?? [], 4: steps ?? [] } };
}

function gatherInstead(cut: ChannelCut, { axis, start, step }: Range): NodeRecut {
  const ties = cut.before;
  const kept = cut.kept(ties.input(0, axis)) ?? new Uint32Array();
  const count = ties.size(ties.output(0, axis)) ?? 0;
  const place = new Map(Array.from(kept, (element, at) => [element, at]));
  const indices = Array.from({ length: count }, (_, at) => place.get(start + at * step)).filter(
    (at) => at !== undefined,
  );
  return {
    attributes: { axis: BigInt(axis) },
    without: ['starts', 'ends', 'axes'],
    instead: { opType: 'Gather', inputs: [ties.node.inputs[0] ?? '', indices] },
  };
}

/** Constant indices in a row pick along an axis; a single one takes the axis away, others put their own axes there. */
export const gatherChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    const picked = ties.axisOf('axis', 0, rank);
    const own = ties.rank('input', 1);
    if (picked === undefined || own === undefined) return;
    // Whatever is looked up in a table of numbers, the table gives: embeddings have channels like any layer.
    const isTable = ties.isStored(0) && ties.inputs[0]?.dtype?.includes('float') === true;
    for (let axis = 0; axis < rank; axis++) {
      if (axis === picked) continue;
      ties.same(ties.input(0, axis), ties.output(0, axis < picked ? axis : axis + own - 1));
      if (isTable) ties.weight(ties.input(0, axis), 'produces');
    }
    for (let axis = 0; axis < own; axis++) {
      if (own !== 1 || !ties.isStored(1)) ties.same(ties.input(1, axis), ties.output(0, picked + axis));
    }
    const from = ties.input(0, picked);
    const indices = pickedPlaces(ties, picked);
    if (own !== 1 || indices === undefined) return ties.keep(from, 'elements are looked up in it by place');
    for (const [at, element] of indices.entries()) {
      ties.stretch(ties.output(0, picked), from, { count: 1, fromStart: at, toStart: element });
    }
  },
  recut: (cut) => {
    const ties = cut.before;
    const axis = ties.axisOf('axis', 0, ties.rank('input', 0)) ?? 0;
    const kept = cut.kept(ties.input(0, axis));
    if (kept === undefined) return undefined;
    const place = new Map(Array.from(kept, (element, at) => [element, at]));
    const left = (pickedPlaces(ties, axis) ?? []).map((element) => place.get(element)).filter((at) => at !== undefined);
    return { settings: { 1: left } };
  },
};

function pickedPlaces(ties: ChannelTies, axis: number): readonly number[] | undefined {
  const size = ties.size(ties.input(0, axis));
  if (size === undefined) return undefined;
  return ties.numbers(1)?.map((at) => (at < 0 ? at + size : at));
}

/** Trilu mixes the last two axes; ReverseSequence time and batch. */
export const triangleChannels: ChannelFacet = {
  relate: (ties) => {
    const rank = ties.rank('input', 0) ?? 0;
    for (let axis = 0; axis < rank - 2; axis++) ties.same(ties.input(0, axis), ties.output(0, axis));
  },
};
