import type { FunctionDef, Graph, Model, Node } from './ir.ts';
import { ProblemList, type GraphProblem } from './problem.ts';
import { checkFunctions } from './validate-functions.ts';
import { checkNames, nodeLabel, type LayerNamer } from './validate-names.ts';
import { checkOrder } from './validate-order.ts';
import { checkTensors } from './validate-tensors.ts';
import { walkBodies, walkNodes } from './walk.ts';

export interface ValidateOptions {
  /** Whether to look for NaN and infinite weights: reads every float weight, external data included. */
  readonly scanWeights?: boolean;
  readonly signal?: AbortSignal;
}

/** The newest IR version whose fields this version knows. */
const NEWEST_IR = 14;

function checkModel(model: Model, problems: ProblemList): void {
  if (model.irVersion < 1 || model.irVersion > NEWEST_IR) {
    const message = `The model is of IR version ${model.irVersion}; this version of the studio knows 1 to ${NEWEST_IR}`;
    problems.add('IR_VERSION', 'warning', message);
  }
  if (model.graph.nodes.length === 0)
    problems.add('NO_NODES', 'warning', 'The graph has no nodes: there is nothing to run');
  if (model.graph.outputs.length === 0) problems.add('NO_OUTPUTS', 'error', 'The graph has no outputs');
  const domains = new Set<string>();
  for (const { domain } of model.opsetImports) {
    const name = domain === '' ? 'ai.onnx' : domain;
    if (domains.has(name)) problems.add('OPSET_DUPLICATE', 'warning', `The operator set '${name}' is imported twice`);
    domains.add(name);
  }
}

function checkBodyOrder(body: Graph | FunctionDef, layers: LayerNamer, problems: ProblemList): void {
  const nameOf = (index: number): string => nodeLabel(body.nodes[index]!, layers);
  const layerOf = (index: number): string | null => layers(body.nodes[index]!);
  checkOrder(body.nodes, { nameOf, layerOf }, problems);
}

/**
 * Lists what is wrong with a model: cycles, order, duplicate and dangling names, missing outputs and imports, recursive
 * functions, absurd dimensions, tensors whose bytes do not fit, external data that is missing, too short or outside the
 * folder, and, when asked, weights that are not finite. Time is linear in the model; of external files only the sizes are
 * looked at unless `scanWeights`. At most 50 of each kind are listed.
 * @throws CANCELLED
 */
export function validateModel(model: Model, options: ValidateOptions = {}): GraphProblem[] {
  const problems = new ProblemList();
  const names = new Map<Node, string>();
  for (const { node, layer } of walkNodes(model)) names.set(node, layer);
  const layers: LayerNamer = (node) => names.get(node) ?? null;
  checkModel(model, problems);
  const main = { layers, opsets: model.opsetImports, what: 'The graph', insideFunction: false, outer: [] };
  checkNames(model.graph, main, problems);
  for (const definition of model.functions) {
    const opsets = definition.opsetImports.length > 0 ? definition.opsetImports : model.opsetImports;
    const what = `Function '${definition.name}'`;
    checkNames(definition, { layers, opsets, what, insideFunction: true, outer: [] }, problems);
  }
  for (const body of walkBodies(model)) checkBodyOrder(body, layers, problems);
  checkFunctions(model, problems);
  checkTensors(model, { layers, scanWeights: options.scanWeights === true, signal: options.signal }, problems);
  return problems.finish();
}
