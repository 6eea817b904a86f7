import type { Model } from '../../graph/ir.ts';
import { foldConstants } from '../../passes/fold-constants.ts';
import { inlineFunctions } from '../../passes/inline-functions.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import { separateConstants } from '../../passes/separate-constants.ts';
import { runPasses, type PassContext, type PassResult } from '../../passes/pass.ts';

/**
 * The form in which channels can be followed: functions in the place of their calls, constants and what follows from them
 * stored, every node named, and nothing shared that is not meant to be. It computes the same.
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function prepareStructure(model: Model, context: PassContext): Promise<PassResult> {
  return runPasses(model, [nameNodes, inlineFunctions, foldConstants, separateConstants], context);
}
