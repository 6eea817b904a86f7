import type { CostContext } from '../../cost-context.ts';
import { addKnown } from '../../cost-context.ts';
import { outputTwice } from '../layout/shape.ts';

/** Only what is picked is read. */
export function pickedBytes(context: CostContext): number | null {
  return addKnown([outputTwice(context), context.inputBytes(1)]);
}
