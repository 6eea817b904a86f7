/** A second reading of the layouts of MatMulNBits and GatherBlockQuantized, bit by bit, to compare ours with. */

/** The bits of one element, lowest first, out of a byte string in which elements follow each other without gaps. */
function elementAt(bytes: Uint8Array, bits: number, at: number): number {
  let value = 0;
  for (let bit = 0; bit < bits; bit++) {
    const place = at * bits + bit;
    value |= ((bytes[Math.floor(place / 8)]! >> (place % 8)) & 1) << bit;
  }
  return value;
}

export interface PackedMatrix {
  readonly bits: number;
  readonly block: number;
  readonly rows: number;
  readonly columns: number;
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  /** undefined: half of all codes. */
  readonly zeroPoints: Uint8Array | undefined;
  /** Whether rows are filled up to whole blocks. */
  readonly padded: boolean;
}

/** The weights, [rows, columns]. */
export function referenceWeights({
  bits,
  block,
  rows,
  columns,
  codes,
  scales,
  zeroPoints,
  padded,
}: PackedMatrix): number[] {
  const blocks = Math.ceil(columns / block);
  const rowOfCodes = padded ? blocks * block : columns;
  // Zero points of a row begin with a byte.
  const rowOfZeros = (Math.ceil((blocks * bits) / 8) * 8) / bits;
  const weights: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = Math.floor(column / block);
      const zero = zeroPoints === undefined ? 2 ** bits / 2 : elementAt(zeroPoints, bits, row * rowOfZeros + at);
      const steps = elementAt(codes, bits, row * rowOfCodes + column) - zero;
      weights.push(Math.fround(steps * scales[row * blocks + at]!));
    }
  }
  return weights;
}
