import type { Model } from '../../graph/ir.ts';
import type { InferredValue } from '../../operators/inference.ts';
import { foldConstants } from '../../passes/fold-constants.ts';
import { inlineFunctions } from '../../passes/inline-functions.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import { separateConstants } from '../../passes/separate-constants.ts';
import { runPasses, type PassContext, type PassResult } from '../../passes/pass.ts';

/**
 * A model in which weights can be found: nodes named, functions in the place of their calls, weights that follow from constants
 * computed. Weights that are only moved or converted stay as they are stored.
 * @throws RUNTIME_DIED, CANCELLED
 */
export function prepareWeights(source: Model, context: PassContext): Promise<PassResult> {
  const fold = (model: Model): ReturnType<typeof foldConstants> =>
    foldConstants(model, context, { keepMoved: true, wanted: isWeight });
  return runPasses(source, [nameNodes, inlineFunctions, fold], context);
}

/**
 * The same for a model in which channels will be scaled: all constants stored, and those apart that only happen to be equal.
 * @throws RUNTIME_DIED, CANCELLED
 */
export function prepareScaling(source: Model, context: PassContext): Promise<PassResult> {
  return runPasses(
    source,
    [nameNodes, inlineFunctions, (model) => foldConstants(model, context), separateConstants],
    context,
  );
}

function isWeight({ dtype, shape }: InferredValue): boolean {
  return dtype !== undefined && /float/.test(dtype) && (shape?.length ?? 0) >= 2;
}
