import type { CostContext } from '../../cost-context.ts';
import { parseEquation } from './shape.ts';

/** As if all terms were multiplied in one loop over every index: exact for two terms, an upper bound for more. */
export function einsumMacs(context: CostContext): number | null {
  const { inputs, output } = parseEquation(context.attributes.text('equation') ?? '');
  if (inputs.length < 2) return 0;
  const outputs = context.outputElements(0);
  if (outputs === null) return null;
  let macs = outputs;
  const counted = new Set(output);
  for (const [index, labels] of inputs.entries()) {
    const shape = context.input(index);
    if (shape === undefined) return null;
    const dots = labels.indexOf('...');
    for (const [position, label] of labels.entries()) {
      if (label === '...' || counted.has(label)) continue;
      counted.add(label);
      const axis = dots >= 0 && position > dots ? shape.length - (labels.length - position) : position;
      macs *= shape[axis] ?? 1;
    }
  }
  return macs;
}
