import type { CostContext } from '../../cost-context.ts';

/** Every row meets all coefficients. */
export function linearMacs(context: CostContext): number | null {
  const rows = rowsOf(context);
  const coefficients = context.attributes.get('coefficients', 'floats')?.length;
  return rows === null || coefficients === undefined ? null : rows * coefficients;
}

/**
 * The kernel of every support vector with every row, and the coefficients that add them up. Without support vectors the
 * coefficients are those of a linear model.
 */
export function supportVectorMacs(context: CostContext): number | null {
  const rows = rowsOf(context);
  if (rows === null) return null;
  const vectors = context.attributes.get('support_vectors', 'floats')?.length ?? 0;
  const coefficients = context.attributes.get('coefficients', 'floats')?.length ?? 0;
  return rows * (vectors + coefficients);
}

function rowsOf(context: CostContext): number | null {
  const shape = context.input(0);
  if (shape === undefined) return null;
  return shape.length === 1 ? 1 : (shape[0] ?? 1);
}
