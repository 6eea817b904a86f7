import type { NumericArray } from '../numeric.ts';

/** A tensor as tiles of a picture, one value for each pixel. */
export interface TensorPicture {
  readonly width: number;
  readonly height: number;
  /** [height, width]; NaN between the tiles. */
  readonly values: Float32Array;
  /** Rows and columns of one tile, and how many tiles stand side by side. */
  readonly tile: { readonly height: number; readonly width: number; readonly across: number; readonly count: number };
  /** How many pictures there are, by the index that tiles do not show. */
  readonly slices: number;
  /** Elements along either axis that one pixel stands for: it shows the one of greatest magnitude. */
  readonly thinned: number;
}

/** Pixels a side at most. */
const MOST_PIXELS = 1024;

/**
 * The last two axes as tiles: of a weight [out, in, height, width] the filters of all outputs for the input channel `slice`;
 * of a value [batch, channels, height, width] all channels (heads) of the sample `slice`; a matrix is one tile; 1×1 filters are
 * a matrix.
 * @param kind what the axes mean
 * @returns undefined for less than two axes, and where there is nothing
 */
export function tensorPicture(
  values: NumericArray,
  dims: readonly number[],
  { kind, slice }: { readonly kind: 'weight' | 'value'; readonly slice: number },
): TensorPicture | undefined {
  const axes = kind === 'weight' ? squeezedTail(dims) : dims;
  if (axes.length < 2 || values.length === 0) return undefined;
  const [rows, columns] = [axes.at(-2)!, axes.at(-1)!];
  const before = axes.slice(0, -2);
  const area = rows * columns;
  // Of a weight the axis next to the filter is the slice and the one before it the tiles; of a value the other way around.
  const [count, slices, tileStep, sliceStep] = tiling(before, area, kind);
  const start = Math.min(slice, slices - 1) * sliceStep;
  const across = tilesAcross(count, rows, columns);
  const gap = count > 1 ? 1 : 0;
  const full = { width: across * (columns + gap) - gap, height: Math.ceil(count / across) * (rows + gap) - gap };
  const thinned = Math.ceil(Math.max(full.width, full.height) / MOST_PIXELS);
  const width = Math.ceil(full.width / thinned);
  const height = Math.ceil(full.height / thinned);
  const shown = new Float32Array(width * height).fill(Number.NaN);
  for (let index = 0; index < count; index++) {
    const left = (index % across) * (columns + gap);
    const top = Math.floor(index / across) * (rows + gap);
    const from = start + index * tileStep;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const at = Math.floor((top + row) / thinned) * width + Math.floor((left + column) / thinned);
        const value = Number(values[from + row * columns + column]!);
        if (Number.isNaN(shown[at]!) || Math.abs(value) > Math.abs(shown[at]!)) shown[at] = value;
      }
  }
  return { width, height, values: shown, tile: { height: rows, width: columns, across, count }, slices, thinned };
}

/** Without trailing axes of size 1: 1×1 filters are a matrix. */
function squeezedTail(dims: readonly number[]): readonly number[] {
  const end = dims.findLastIndex((dim) => dim !== 1) + 1;
  return dims.slice(0, Math.max(2, end));
}

function tiling(
  before: readonly number[],
  area: number,
  kind: 'weight' | 'value',
): readonly [count: number, slices: number, tileStep: number, sliceStep: number] {
  const near = before.at(-1) ?? 1;
  const far = before.slice(0, -1).reduce((product, dim) => product * dim, 1);
  return kind === 'weight' && before.length > 1 ? [far, near, near * area, area] : [near, far, area, near * area];
}

/** So many tiles side by side that the picture is about square. */
function tilesAcross(count: number, rows: number, columns: number): number {
  return Math.max(1, Math.min(count, Math.round(Math.sqrt((count * rows) / columns))));
}
