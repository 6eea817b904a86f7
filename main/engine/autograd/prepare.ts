import type { Model } from '../graph/ir.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { openBatch } from '../passes/open-batch.ts';
import { runPasses, type PassContext, type PassResult } from '../passes/pass.ts';
import { knowledgeOf, raiseOpset, upgradeOpset } from '../passes/upgrade-opset.ts';

/**
 * Brings a float model into the form that training graphs are made of: functions inlined, constants as initializers, an opset
 * that backward graphs can be written in, the batch open where that can be. Names of layers and weights stay; what the model
 * computes too. BatchNormalization stays as well and is trained with the statistics that it has.
 * @throws UNSUPPORTED for an opset below 7; RUNTIME_DIED, CANCELLED
 */
export function prepareTraining(model: Model, context: PassContext): Promise<PassResult> {
  const named = nameNodes(model);
  const upgrade = (given: Model): PassResult => {
    const sources = new Map<string, readonly string[]>();
    return { model: raiseOpset(upgradeOpset(given, knowledgeOf(given), sources)), sources, notes: [] };
  };
  const opened = (given: Model): PassResult => openBatch(given);
  return runPasses(named.model, [inlineFunctions, foldConstants, upgrade, opened], context);
}
