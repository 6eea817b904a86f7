import type { Model } from '../graph/ir.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import { makeValueInfo } from '../graph/make.ts';
import type { Loss } from './loss.ts';
import type { Parameter } from './parameters.ts';
import { addLosses, assemble, WEIGHTS } from './training-graph.ts';

/**
 * The forward half of a training graph: the losses, and values to look at, for weights as they lie in the state's vector. Run it on
 * a trainer's state (`Trainer.evaluate`), or without parameters as a model of its own.
 */
export function evaluationGraph(
  request: { readonly model: Model; readonly losses: readonly Loss[]; readonly outputs: readonly string[] },
  parameters: readonly Parameter[],
): Model {
  const withLosses = addLosses(request.model, request.losses);
  const outputs = [...request.losses.map(({ name }) => name), ...request.outputs];
  const total = parameters.reduce((sum, { count }) => sum + count, 0);
  const graph = assemble(withLosses.graph, {
    parameters,
    inputs: parameters.length === 0 ? [] : [makeValueInfo(WEIGHTS, 'float32', [total])],
    outputs,
    opset: defaultOpset(request.model),
  });
  return removeDeadCode({ ...withLosses, functions: [], graph }).model;
}
