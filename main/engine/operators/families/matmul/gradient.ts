/** Gradients of matrix products. */
import type { Shape } from '../../../graph/ir.ts';
import { sameDim } from '../../dimension.ts';
import type { GradientContext, GradientRule } from '../../gradient.ts';
import { MICROSOFT } from '../../spec.ts';

/** A product with operands transposed on the way, in one kernel: alpha · op(a) · op(b), batched. */
export function product(
  context: GradientContext,
  a: string,
  b: string,
  { transA = false, transB = false, alpha = 1 }: { transA?: boolean; transB?: boolean; alpha?: number } = {},
): string {
  const { write } = context;
  if (!transA && !transB && alpha === 1) return write.matmul(a, b);
  const attributes = { transA: transA ? 1n : 0n, transB: transB ? 1n : 0n, alpha };
  return write.op('FusedMatMul', [a, b], attributes, { domain: MICROSOFT });
}

/**
 * y = a·b over broadcast batches: da = dy·bᵀ, db = aᵀ·dy. Where b is one matrix for all batches, its gradient is a single
 * product over all rows at once.
 */
export const matmulGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const [left, right] = [context.rank(0), context.rank(1)];
  if (left === 1 || right === 1) return vectorGradient(context, left, right);
  const outer = context.outputShape();
  const byA = (): string => restore(context, product(context, gradient, context.input(1), { transB: true }), 0);
  const byB = (): string => {
    if (right > 2 || left === 2) {
      return restore(context, product(context, context.input(0), gradient, { transA: true }), 1);
    }
    const inner = context.inputShape(1)![0]!;
    const columns = outer?.at(-1);
    if (typeof inner !== 'number' || typeof columns !== 'number') {
      return restore(context, product(context, context.input(0), gradient, { transA: true }), 1);
    }
    const rows = write.reshapeTo(context.input(0), [-1, inner]);
    return write.op('Gemm', [rows, write.reshapeTo(gradient, [-1, columns])], { transA: 1n });
  };
  return context.wanted(byA, byB);
};

/** The batch axes of a product's gradient summed down to those of an operand. */
function restore(context: GradientContext, gradient: string, input: number): string {
  const own = context.inputShape(input);
  const outer = context.outputShape();
  if (own === undefined || outer === undefined) return context.unbroadcast(gradient, input, undefined);
  const shape: Shape = [...outer.slice(0, -2), ...own.slice(-2)];
  const same = shape.length === own.length && shape.every((dim, axis) => sameDim(dim, own[axis] ?? null));
  return same ? gradient : context.unbroadcast(gradient, input, shape);
}

/** Products with vectors: they are seen as matrices of one row or column. */
function vectorGradient(context: GradientContext, left: number, right: number): readonly (string | undefined)[] {
  const { write } = context;
  let dy = context.gradient;
  if (right === 1) dy = write.op('Unsqueeze', [dy, write.ints([-1])]);
  if (left === 1) dy = write.op('Unsqueeze', [dy, write.ints([-2])]);
  const a = left === 1 ? write.unsqueeze(context.input(0), [0]) : context.input(0);
  const b = right === 1 ? write.unsqueeze(context.input(1), [1]) : context.input(1);
  const batch = (context.outputShape() ?? []).slice(0, Math.max(left, right) - 2);
  const shapeOf = (input: number, rows: Shape): Shape => [
    ...batch,
    ...(rows.length === 1 ? [input === 0 ? 1 : rows[0]!, input === 0 ? rows[0]! : 1] : rows.slice(-2)),
  ];
  const back = (gradient: string, input: number, rank: number): string => {
    const own = context.inputShape(input)!;
    const full = shapeOf(input, own);
    const flat = rank === 1 ? write.squeeze(gradient, [input === 0 ? full.length - 2 : full.length - 1]) : gradient;
    return context.unbroadcast(flat, input, rank === 1 ? [...batch, own[0]!] : full);
  };
  return context.wanted(
    () => back(product(context, dy, b, { transB: true }), 0, left),
    () => back(product(context, a, dy, { transA: true }), 1, right),
  );
}

/** y = α·op(a)·op(b) over broadcast batches, op a transposition or nothing. */
export const fusedMatmulGradient: GradientRule = (context) => {
  const [transA, transB] = [context.int('transA', 0) !== 0, context.int('transB', 0) !== 0];
  const alpha = context.float('alpha', 1);
  if (context.int('transBatchA', 0) !== 0 || context.int('transBatchB', 0) !== 0) {
    context.refuse('transposed batches have no backward form here');
  }
  if (context.rank(0) < 2 || context.rank(1) < 2) context.refuse('vectors have no backward form here');
  const [a, b, dy] = [context.input(0), context.input(1), context.gradient];
  return context.wanted(
    () =>
      restore(
        context,
        transA
          ? product(context, b, dy, { transA: transB, transB: true, alpha })
          : product(context, dy, b, { transB: !transB, alpha }),
        0,
      ),
    () =>
      restore(
        context,
        transB
          ? product(context, dy, a, { transA: true, transB: transA, alpha })
          : product(context, a, dy, { transA: !transA, alpha }),
        1,
      ),
  );
};

/** Y = X⁻¹: dX = −Yᵀ·dY·Yᵀ. */
export const inverseGradient: GradientRule = (context) => {
  const y = context.output(0);
  const half = product(context, y, context.gradient, { transA: true, alpha: -1 });
  return [product(context, half, y, { transB: true })];
};

/** y = det X: dX = dy·y·X⁻ᵀ; of matrices that have an inverse. */
export const determinantGradient: GradientRule = (context) => {
  const { write } = context;
  const rank = context.rank(0);
  const swap = Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  const inverse = write.op('Inverse', [context.input(0)], {}, { domain: MICROSOFT });
  const factor = write.unsqueeze(write.mul(context.gradient, context.output(0)), [rank - 2, rank - 1]);
  return [write.mul(factor, write.transpose(inverse, swap))];
};

/** y = α·op(a)·op(b) + β·c. */
export const gemmGradient: GradientRule = (context) => {
  const { write, gradient } = context;
  const [transA, transB] = [context.int('transA', 0) !== 0, context.int('transB', 0) !== 0];
  const [alpha, beta] = [context.float('alpha', 1), context.float('beta', 1)];
  const gemm = (a: string, b: string, turnA: boolean, turnB: boolean): string =>
    write.op('Gemm', [a, b], { alpha, transA: turnA ? 1n : 0n, transB: turnB ? 1n : 0n });
  const [a, b] = [context.input(0), context.input(1)];
  return context.wanted(
    () => (transA ? gemm(b, gradient, transB, true) : gemm(gradient, b, false, !transB)),
    () => (transB ? gemm(gradient, a, true, transA) : gemm(a, gradient, !transA, false)),
    () => context.unbroadcast(beta === 1 ? gradient : write.mul(gradient, context.number(beta)), 2),
  );
};
