function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1);
}

/** A row-major tensor seen as [outer, channels, inner] around its channel axis. */
export function splitAtAxis(
  dims: readonly number[],
  axis: number | null,
): { outer: number; channels: number; inner: number } {
  if (axis === null) return { outer: 1, channels: 1, inner: product(dims) };
  return { outer: product(dims.slice(0, axis)), channels: dims[axis] ?? 1, inner: product(dims.slice(axis + 1)) };
}
