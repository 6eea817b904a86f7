/** A rectangle of a row-major matrix: where its first element lies, and how far apart its rows do. */
export interface Panel {
  readonly values: Float64Array;
  readonly start: number;
  readonly stride: number;
}

/**
 * C −= A·Bᵀ: the one product that all factorizations here are made of, since with rows on both sides every inner loop runs
 * along memory. Tiles of 4 × 4 sums stay in registers: 8 loads for 16 multiplications.
 * @param c [rows, cols], changed in place; must not overlap with `a` and `b`
 * @param a [rows, depth]
 * @param b [cols, depth]
 */
export function subtractProduct(c: Panel, a: Panel, b: Panel, rows: number, cols: number, depth: number): void {
  const wholeRows = rows - (rows % 4);
  const wholeCols = cols - (cols % 4);
  for (let i = 0; i < wholeRows; i += 4) {
    for (let j = 0; j < wholeCols; j += 4) subtractTile(c, a, b, i, j, depth);
    subtractDots(c, a, b, i, i + 4, wholeCols, cols, depth);
  }
  subtractDots(c, a, b, wholeRows, rows, 0, cols, depth);
}

function subtractTile(c: Panel, a: Panel, b: Panel, row: number, col: number, depth: number): void {
  const { values: x, stride: xs } = a;
  const { values: y, stride: ys } = b;
  let x0 = a.start + row * xs;
  let x1 = x0 + xs;
  let x2 = x1 + xs;
  let x3 = x2 + xs;
  let y0 = b.start + col * ys;
  let y1 = y0 + ys;
  let y2 = y1 + ys;
  let y3 = y2 + ys;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (const end = x0 + depth; x0 < end;) {
    const p0 = x[x0++]!;
    const p1 = x[x1++]!;
    const p2 = x[x2++]!;
    const p3 = x[x3++]!;
    const q0 = y[y0++]!;
    const q1 = y[y1++]!;
    const q2 = y[y2++]!;
    const q3 = y[y3++]!;
    s00 += p0 * q0;
    s01 += p0 * q1;
    s02 += p0 * q2;
    s03 += p0 * q3;
    s10 += p1 * q0;
    s11 += p1 * q1;
    s12 += p1 * q2;
    s13 += p1 * q3;
    s20 += p2 * q0;
    s21 += p2 * q1;
    s22 += p2 * q2;
    s23 += p2 * q3;
    s30 += p3 * q0;
    s31 += p3 * q1;
    s32 += p3 * q2;
    s33 += p3 * q3;
  }
  const { values: z, stride: zs } = c;
  let at = c.start + row * zs + col;
  subtractFour(z, at, s00, s01, s02, s03);
  subtractFour(z, (at += zs), s10, s11, s12, s13);
  subtractFour(z, (at += zs), s20, s21, s22, s23);
  subtractFour(z, at + zs, s30, s31, s32, s33);
}

function subtractFour(z: Float64Array, at: number, a: number, b: number, c: number, d: number): void {
  z[at] = z[at]! - a;
  z[at + 1] = z[at + 1]! - b;
  z[at + 2] = z[at + 2]! - c;
  z[at + 3] = z[at + 3]! - d;
}

/** What is left beside the tiles, one dot product at a time. */
function subtractDots(
  c: Panel,
  a: Panel,
  b: Panel,
  firstRow: number,
  endRow: number,
  firstCol: number,
  endCol: number,
  depth: number,
): void {
  for (let i = firstRow; i < endRow; i++) {
    for (let j = firstCol; j < endCol; j++) {
      let x = a.start + i * a.stride;
      let y = b.start + j * b.stride;
      let sum = 0;
      for (const end = x + depth; x < end;) sum += a.values[x++]! * b.values[y++]!;
      const at = c.start + i * c.stride + j;
      c.values[at] = c.values[at]! - sum;
    }
  }
}
