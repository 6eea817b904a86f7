import type { Steps } from './interruptible.ts';

/** Eigenvalues, descending, and the vectors that belong to them, one behind the other. */
export interface Eigen {
  readonly values: Float64Array;
  /** [n, n] row-major: row i is the unit vector of value i. */
  readonly vectors: Float64Array;
}

const MOST_ITERATIONS = 60;

/**
 * Eigenvalues and vectors of a symmetric matrix: Householder's reduction to three diagonals, then QL with implicit shifts.
 * O(n³); 512 × 512 in about a second. Yields now and then.
 * @param matrix n × n, row-major, not modified; the lower triangle counts
 * @throws for NaN and infinities, and when an eigenvalue does not settle in 60 iterations
 * @see Bowdler, Martin, Reinsch and Wilkinson 1968; EISPACK's tred2 and tql2
 */
export function* symmetricEigen(matrix: Float64Array, n: number): Steps<Eigen> {
  // Column j of v is a vector in the end; here v[i·n + j].
  const v = Float64Array.from(matrix);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  yield* reduce(v, d, e, n);
  yield* diagonalize(v, d, e, n);
  if (!d.every(Number.isFinite)) throw new Error('a matrix with NaN or infinities has no eigenvalues');
  const order = Array.from(d, (_, at) => at).sort((a, b) => d[b]! - d[a]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[to * n + i] = v[i * n + from]!;
  });
  return { values: Float64Array.from(order, (at) => d[at]!), vectors };
}

/** tred2: v becomes the orthogonal matrix of the reduction, d the diagonal, e what stands beside it. */
function* reduce(v: Float64Array, d: Float64Array, e: Float64Array, n: number): Steps {
  for (let j = 0; j < n; j++) d[j] = v[(n - 1) * n + j]!;
  for (let i = n - 1; i > 0; i--) {
    if (i % 16 === 0) yield;
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]!);
    if (scale === 0) {
      e[i] = d[i - 1]!;
      for (let j = 0; j < i; j++) {
        d[j] = v[(i - 1) * n + j]!;
        v[i * n + j] = 0;
        v[j * n + i] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        d[k] = d[k]! / scale;
        h += d[k]! * d[k]!;
      }
      let f = d[i - 1]!;
      let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      for (let j = 0; j < i; j++) e[j] = 0;
      for (let j = 0; j < i; j++) {
        f = d[j]!;
        v[j * n + i] = f;
        g = e[j]! + v[j * n + j]! * f;
        for (let k = j + 1; k < i; k++) {
          g += v[k * n + j]! * d[k]!;
          e[k] = e[k]! + v[k * n + j]! * f;
        }
        e[j] = g;
      }
      f = 0;
      for (let j = 0; j < i; j++) {
        e[j] = e[j]! / h;
        f += e[j]! * d[j]!;
      }
      const hh = f / (h + h);
      for (let j = 0; j < i; j++) e[j] = e[j]! - hh * d[j]!;
      for (let j = 0; j < i; j++) {
        f = d[j]!;
        g = e[j]!;
        for (let k = j; k < i; k++) v[k * n + j] = v[k * n + j]! - (f * e[k]! + g * d[k]!);
        d[j] = v[(i - 1) * n + j]!;
        v[i * n + j] = 0;
      }
    }
    d[i] = h;
  }
  for (let i = 0; i < n - 1; i++) {
    if (i % 16 === 0) yield;
    v[(n - 1) * n + i] = v[i * n + i]!;
    v[i * n + i] = 1;
    const h = d[i + 1]!;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[k * n + i + 1]! / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[k * n + i + 1]! * v[k * n + j]!;
        for (let k = 0; k <= i; k++) v[k * n + j] = v[k * n + j]! - g * d[k]!;
      }
    }
    for (let k = 0; k <= i; k++) v[k * n + i + 1] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[(n - 1) * n + j]!;
    v[(n - 1) * n + j] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
}

/** tql2: d becomes the eigenvalues, v the vectors. */
function* diagonalize(v: Float64Array, d: Float64Array, e: Float64Array, n: number): Steps {
  for (let i = 1; i < n; i++) e[i - 1] = e[i]!;
  e[n - 1] = 0;
  let f = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    if (l % 16 === 0) yield;
    largest = Math.max(largest, Math.abs(d[l]!) + Math.abs(e[l]!));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * largest) m++;
    let iterations = 0;
    while (Math.abs(e[l]!) > Number.EPSILON * largest) {
      if (iterations++ === MOST_ITERATIONS) throw new Error(`eigenvalue ${l} of ${n} does not settle`);
      let g = d[l]!;
      let p = (d[l + 1]! - g) / (2 * e[l]!);
      let r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
      d[l] = e[l]! / (p + r);
      d[l + 1] = e[l]! * (p + r);
      const next = d[l + 1]!;
      let h = g - d[l]!;
      for (let i = l + 2; i < n; i++) d[i] = d[i]! - h;
      f += h;
      p = d[m]!;
      let c = 1;
      let c2 = c;
      let c3 = c;
      const el1 = e[l + 1]!;
      let s = 0;
      let s2 = 0;
      for (let i = m - 1; i >= l; i--) {
        c3 = c2;
        c2 = c;
        s2 = s;
        g = c * e[i]!;
        h = c * p;
        r = Math.hypot(p, e[i]!);
        e[i + 1] = s * r;
        s = e[i]! / r;
        c = p / r;
        p = c * d[i]! - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]!);
        for (let k = 0; k < n; k++) {
          h = v[k * n + i + 1]!;
          v[k * n + i + 1] = s * v[k * n + i]! + c * h;
          v[k * n + i] = c * v[k * n + i]! - s * h;
        }
      }
      p = (-s * s2 * c3 * el1 * e[l]!) / next;
      e[l] = s * p;
      d[l] = c * p;
    }
    d[l] = d[l]! + f;
    e[l] = 0;
  }
}
