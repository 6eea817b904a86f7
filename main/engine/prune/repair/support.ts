/** Rows of weights that may differ from zero in the same places. */
export interface SupportedRows {
  readonly rows: readonly number[];
  readonly kept: Uint32Array;
}

/**
 * Puts rows with the same support together: they share a factorization.
 * @param support [rows, columns], 1 where a weight may differ from zero
 */
export function rowsBySupport(support: Uint8Array, columns: number): readonly SupportedRows[] {
  const groups = new Map<string, { rows: number[]; kept: Uint32Array }>();
  for (let row = 0; row * columns < support.length; row++) {
    const mask = support.subarray(row * columns, (row + 1) * columns);
    const key = Buffer.from(mask.buffer, mask.byteOffset, mask.length).toString('latin1');
    const known = groups.get(key);
    if (known !== undefined) known.rows.push(row);
    else groups.set(key, { rows: [row], kept: Uint32Array.from(placesOf(mask)) });
  }
  return [...groups.values()];
}

function* placesOf(mask: Uint8Array): Generator<number> {
  for (let at = 0; at < mask.length; at++) if (mask[at] === 1) yield at;
}
