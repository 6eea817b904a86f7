import type { CostContext } from '../../cost-context.ts';

export function gemmMacs(aInput: number) {
  return (context: CostContext): number | null => {
    const a = context.input(aInput);
    const elements = context.outputElements(0);
    if (a === undefined || elements === null) return null;
    return elements * (a[context.int('transA', 0) !== 0 ? 0 : 1] ?? 0);
  };
}

/** Output elements times the size that is summed over: the last of A (of a vector: its only one). */
export function matmulMacs(aInput: number, transposable = false) {
  return (context: CostContext): number | null => {
    const a = context.input(aInput);
    const elements = context.outputElements(0);
    if (a === undefined || elements === null) return null;
    const transposed = transposable && context.int('transA', 0) !== 0 && a.length > 1;
    return elements * (a.at(transposed ? -2 : -1) ?? 0);
  };
}
