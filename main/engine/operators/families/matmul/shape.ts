import type { Dim, Shape } from '../../../graph/ir.ts';
import { sameDim } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import type { NodeContext } from '../../node-context.ts';
import { broadcastShapes, formatShape } from '../../shape.ts';

function swapLast(shape: Shape): Shape {
  if (shape.length < 2) return shape;
  return [...shape.slice(0, -2), shape.at(-1) ?? null, shape.at(-2) ?? null];
}

/** NumPy's matmul: leading axes broadcast, a vector counts as a row on the left and as a column on the right. */
export function matmulShape(context: NodeContext, a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0)
    context.fail(`matrices ${formatShape(a)} and ${formatShape(b)}: expected rank 1 or more`);
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const inner = left.at(-1) ?? null;
  const rows = right.at(-2) ?? null;
  if (typeof inner === 'number' && typeof rows === 'number' && inner !== rows) {
    context.fail(`${formatShape(a)} times ${formatShape(b)}: inner sizes ${inner} and ${rows} differ`);
  }
  const batch = broadcastShapes([left.slice(0, -2), right.slice(0, -2)]);
  if (batch === undefined)
    context.fail(`leading axes of ${formatShape(a)} and ${formatShape(b)} do not broadcast together`);
  const result: Dim[] = [...batch];
  if (a.length > 1) result.push(left.at(-2) ?? null);
  if (b.length > 1) result.push(right.at(-1) ?? null);
  return result;
}

export function inferMatmul(a: number, b: number, dtype: (context: NodeContext) => Facts['dtype']) {
  return (context: NodeContext): Facts[] => [
    tensorFacts(dtype(context), matmulShape(context, context.shape(a), context.shape(b))),
  ];
}

export function inferFused(context: NodeContext): Facts[] {
  let a = context.shape(0);
  let b = context.shape(1);
  if (context.int('transBatchA', 0) !== 0) a = undefined;
  if (context.int('transBatchB', 0) !== 0) b = undefined;
  if (a !== undefined && context.int('transA', 0) !== 0) a = swapLast(a);
  if (b !== undefined && context.int('transB', 0) !== 0) b = swapLast(b);
  return [tensorFacts(context.dtype(0), matmulShape(context, a, b))];
}

/** Gemm: A and B are matrices, possibly transposed. */
export function gemmShape(context: NodeContext, aInput: number, bInput: number): Shape | undefined {
  const a = context.shapeOfRank(aInput, 2, 'A');
  const b = context.shapeOfRank(bInput, 2, 'B');
  const transA = context.int('transA', 0) !== 0;
  const transB = context.int('transB', 0) !== 0;
  const k = a?.[transA ? 0 : 1];
  const kOfB = b?.[transB ? 1 : 0];
  if (typeof k === 'number' && typeof kOfB === 'number' && k !== kOfB) {
    context.fail(
      `A ${formatShape(a)} and B ${formatShape(b)} with transA ${Number(transA)}, transB ${Number(transB)}: inner sizes ${k} and ${kOfB} differ`,
    );
  }
  if (a === undefined && b === undefined) return undefined;
  return [a?.[transA ? 1 : 0] ?? null, b?.[transB ? 0 : 1] ?? null];
}

/** com.microsoft.MatMulNBits and kin: B packed, K × N stated as attributes. */
export function inferPacked(context: NodeContext): Facts[] {
  const a = context.shape(0);
  const k = context.int('K', -1);
  const n = context.int('N', -1);
  const inner = a?.at(-1) ?? null;
  if (typeof inner === 'number' && k > 0 && inner !== k)
    context.fail(`A ${formatShape(a)}: inner size ${inner}, expected K = ${k}`);
  return [tensorFacts(context.dtype(0), a === undefined ? undefined : [...a.slice(0, -1), n > 0 ? n : null])];
}

export function det(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape !== undefined && shape.length < 2) context.fail(`X ${formatShape(shape)}: expected rank 2 or more`);
  const [rows, columns] = shape?.slice(-2) ?? [];
  if (typeof rows === 'number' && typeof columns === 'number' && !sameDim(rows, columns)) {
    context.fail(`X ${formatShape(shape)}: the last two sizes differ, expected square matrices`);
  }
  return [tensorFacts(context.dtype(0), shape?.slice(0, -2))];
}
