import { tensorAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import type { Model } from '../graph/ir.ts';
import { hasTrait, isQdq } from '../operators/ask.ts';
import { foldBatchNormalization } from '../passes/fold-batchnorm.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { runPasses, unchanged, type PassContext, type PassResult } from '../passes/pass.ts';
import { knowledgeOf, upgradeOpset } from '../passes/upgrade-opset.ts';

/**
 * A model in the form in which gradients are written: every node named, no functions, constants computed and stored, batch
 * normalizations in the layers before them, opset 13 or later. It computes what the given one does.
 * @throws UNSUPPORTED for what cannot be brought to opset 13; RUNTIME_DIED, CANCELLED
 */
export function prepareForTraining(model: Model, context: PassContext): Promise<PassResult> {
  // Codes that are scaled back are constants too, and are to stay codes.
  const quantized = model.graph.nodes.some((node) => isQdq(node));
  const fold = (given: Model): PassResult | Promise<PassResult> =>
    quantized ? unchanged(given) : foldConstants(given, context, { keepMoved: false });
  return runPasses(model, [nameNodes, inlineFunctions, upgrade, storeConstants, fold, foldBatchNormalization], context);
}

function upgrade(model: Model): PassResult {
  const sources = new Map<string, readonly string[]>();
  return { model: upgradeOpset(model, knowledgeOf(model), sources), sources, notes: [] };
}

/** What Constant nodes hold becomes initializers of the same names. */
function storeConstants(model: Model): PassResult {
  const editor = new GraphEditor(model.graph);
  let changed = false;
  for (const node of model.graph.nodes) {
    const tensor = hasTrait(node, 'constant') ? tensorAttribute(node, 'value') : undefined;
    if (tensor === undefined) continue;
    editor.setInitializer({ ...tensor, name: node.outputs[0]! });
    editor.removeNode(node);
    changed = true;
  }
  return changed ? { ...unchanged(model), model: { ...model, graph: editor.build() } } : unchanged(model);
}
