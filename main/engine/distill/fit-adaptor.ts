import { runInterruptibly } from '../tensor/linear/interruptible.ts';
import { solveSymmetric } from '../tensor/linear/solve.ts';
import { channelRows, type ChannelValues } from './match-channels.ts';

/** Added to the diagonal, over its mean: channels that tell the same are told apart by it. */
const DAMPING = 0.01;

/**
 * The matrix that takes a student's channels nearest to a teacher's, by least squares over samples and places: a student that is as
 * good as its teacher in another basis has nothing to learn then.
 * @returns [channels of the student, channels of the teacher], row-major
 */
export async function fitAdaptor(
  student: ChannelValues,
  teacher: ChannelValues,
  { axis, signal }: { readonly axis: number; readonly signal: AbortSignal },
): Promise<Float32Array> {
  const [x, y] = [channelRows(student, axis), channelRows(teacher, axis)];
  const [n, m] = [x.length, y.length];
  const products = (rows: readonly Float64Array[], others: readonly Float64Array[]): Float64Array =>
    Float64Array.from({ length: rows.length * others.length }, (_, at) => {
      const [row, other] = [rows[Math.floor(at / others.length)]!, others[at % others.length]!];
      let sum = 0;
      for (let place = 0; place < row.length; place++) sum += row[place]! * other[place]!;
      return sum;
    });
  const square = products(x, x);
  const trace = x.reduce((sum, _, at) => sum + square[at * n + at]!, 0);
  for (let at = 0; at < n; at++) square[at * n + at]! += DAMPING * (trace / n) + Number.MIN_VALUE;
  const solved = products(y, x);
  if (trace > 0) await runInterruptibly(solveSymmetric(square, n, solved, m), signal);
  return Float32Array.from({ length: n * m }, (_, at) => solved[(at % m) * n + Math.floor(at / m)]!);
}
