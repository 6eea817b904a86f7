import type { CostContext } from '../../cost-context.ts';
import type { NodeAttributes } from '../../node-attributes.ts';

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

/** How many weights of experts one byte holds. */
export const codesInByte = (attributes: NodeAttributes): number => 8 / (attributes.int('expert_weight_bits') ?? 4);

/** Each token meets the weights of k experts; `weights`: inputs [experts, …], of which one may be left out. */
export function expertMacs(weights: readonly number[], inElement: (attributes: NodeAttributes) => number = () => 1) {
  return (context: CostContext): number | null => {
    const data = context.input(0);
    if (data === undefined) return null;
    const tokens = data.slice(0, -1).reduce((product, size) => product * size, 1);
    let perExpert = 0;
    for (const input of weights.filter((index) => context.hasInput(index))) {
      const shape = context.input(input);
      if (shape === undefined) return null;
      perExpert += shape.slice(1).reduce((product, size) => product * size, inElement(context.attributes));
    }
    return tokens * context.int('k', 1) * perExpert;
  };
}
