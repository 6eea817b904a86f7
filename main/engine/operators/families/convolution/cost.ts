import type { CostContext } from '../../cost-context.ts';

/** Each output element takes C/g·kH·kW multiply–adds, the sizes of the weight behind its first axis. */
export function convolutionMacs(weightInput: number) {
  return (context: CostContext): number | null => {
    const weight = context.input(weightInput);
    const outputs = context.outputElements(0);
    if (weight === undefined || outputs === null) return null;
    return outputs * weight.slice(1).reduce((product, size) => product * size, 1);
  };
}

/** Each input element meets M/g·kH·kW weights. */
export function transposedMacs(context: CostContext): number | null {
  const data = context.input(0);
  const weight = context.input(1);
  if (data === undefined || weight === undefined) return null;
  return [...data, ...weight.slice(1)].reduce((product, size) => product * size, 1);
}
