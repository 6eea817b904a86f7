import type { Shape } from '../graph/ir.ts';

/** The axes of a graph's values, and which numbers their elements have. Sizes of 1 and unknown sizes have none. */
export interface AxisTable {
  /** Elements of all axes together. */
  readonly count: number;
  /** Number of the axis' first element; −1 where it has none. */
  readonly first: (value: string, axis: number) => number;
  readonly size: (value: string, axis: number) => number;
  readonly shape: (value: string) => Shape | undefined;
  /** Every axis with elements, in the order of their numbers. */
  readonly axes: readonly NumberedAxis[];
}

export interface NumberedAxis {
  readonly value: string;
  readonly axis: number;
  readonly first: number;
  readonly size: number;
}

/** Longer axes are none of channels, and are not followed. */
const MAX_SIZE = 1 << 21;

/** Numbers the elements of every axis of known size. @param shapes of the values, in any order */
export function axisTable(shapes: ReadonlyMap<string, Shape | undefined>): AxisTable {
  const firsts = new Map<string, Int32Array>();
  const axes: NumberedAxis[] = [];
  let count = 0;
  for (const [value, shape] of shapes) {
    if (shape === undefined) continue;
    const own = new Int32Array(shape.length).fill(-1);
    shape.forEach((size, axis) => {
      if (typeof size !== 'number' || size < 2 || size > MAX_SIZE) return;
      own[axis] = count;
      axes.push({ value, axis, first: count, size });
      count += size;
    });
    firsts.set(value, own);
  }
  return {
    count,
    axes,
    first: (value, axis) => firsts.get(value)?.[axis] ?? -1,
    size: (value, axis) => {
      const size = shapes.get(value)?.[axis];
      return typeof size === 'number' ? size : 0;
    },
    shape: (value) => shapes.get(value),
  };
}
