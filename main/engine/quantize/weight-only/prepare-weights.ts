import type { WeightOnlyStep } from '../../../contract/recipe/quantize-weight-only.ts';
import type { Model } from '../../graph/ir.ts';
import type { InferredValue } from '../../operators/inference.ts';
import { foldConstants } from '../../passes/fold-constants.ts';
import { inlineFunctions } from '../../passes/inline-functions.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import { separateConstants } from '../../passes/separate-constants.ts';
import { BLOCKED_OPSET, knowledgeOf, PER_CHANNEL_OPSET, upgradeTo } from '../../passes/upgrade-opset.ts';
import { runPasses, unchanged, type Pass, type PassContext, type PassResult } from '../../passes/pass.ts';

/**
 * A model in which weights can be found: nodes named, functions in the place of their calls, weights that follow from constants
 * computed, and in an opset that can hold what will be written. Weights that are only moved or converted stay as they are
 * stored; where inputs will be scaled, all constants are stored, and those apart that only happen to be equal.
 * @throws UNSUPPORTED for a layer that has no counterpart in that opset; RUNTIME_DIED, CANCELLED
 */
export function prepareWeights(source: Model, step: WeightOnlyStep, context: PassContext): Promise<PassResult> {
  const fold = (model: Model): ReturnType<typeof foldConstants> =>
    foldConstants(model, context, { keepMoved: true, wanted: isWeight });
  const constants: readonly Pass[] =
    step.method === 'awq' ? [(model) => foldConstants(model, context), separateConstants] : [fold];
  return runPasses(source, [nameNodes, inlineFunctions, ...constants, (model) => raise(model, step)], context);
}

/** Block kernels are taken in any opset, DequantizeLinear of blocks and of 4-bit codes in one. */
function raise(model: Model, { format, scheme, block }: WeightOnlyStep): PassResult {
  if (format === 'nbits') return unchanged(model);
  const to = block === 'row' && scheme === 'int8-weight' ? PER_CHANNEL_OPSET : BLOCKED_OPSET;
  const sources = new Map<string, readonly string[]>();
  const raised = upgradeTo(model, knowledgeOf(model), { to, sources });
  if (raised === model) return unchanged(model);
  return { model: raised, sources, notes: [`Rewritten in opset ${to}, which DequantizeLinear of such codes needs.`] };
}

function isWeight({ dtype, shape }: InferredValue): boolean {
  return dtype !== undefined && /float/.test(dtype) && (shape?.length ?? 0) >= 2;
}
