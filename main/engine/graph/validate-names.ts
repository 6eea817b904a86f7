import type { FunctionDef, Graph, Node, OpsetImport, ValueInfo } from './ir.ts';
import type { ProblemList } from './problem.ts';
import { elementCount } from './tensor-size.ts';
import { subgraphsOf } from './walk.ts';

/** The unique name of a node's layer; null for nodes of functions, which are no layers. */
export type LayerNamer = (node: Node) => string | null;

/** What a body is checked against. */
export interface BodyContext {
  readonly layers: LayerNamer;
  readonly opsets: readonly OpsetImport[];
  /** How the body is called in messages: "The graph", "Function 'f'". */
  readonly what: string;
  readonly insideFunction: boolean;
  /** Names that graphs around this one define, innermost last. */
  readonly outer: readonly ReadonlySet<string>[];
}

/** What to call a node in a message. */
export function nodeLabel(node: Node, layers: LayerNamer): string {
  return layers(node) ?? (node.name === '' ? node.opType : node.name);
}

function duplicates(names: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) {
    if (name === '') continue;
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  return twice;
}

function inputNames(body: Graph | FunctionDef): readonly string[] {
  return body.inputs.map((input) => (typeof input === 'string' ? input : input.name));
}

function initializerNames(body: Graph | FunctionDef): readonly string[] {
  if (!('initializers' in body)) return [];
  return [...body.initializers.map(({ name }) => name), ...body.sparseInitializers.map(({ values }) => values.name)];
}

/** Lists names given twice; returns all names that the body defines. */
function checkDefinitions(body: Graph | FunctionDef, context: BodyContext, problems: ProblemList): ReadonlySet<string> {
  const { what, layers } = context;
  const inputs = inputNames(body);
  const initializers = initializerNames(body);
  for (const name of duplicates(inputs)) problems.add('DUPLICATE_INPUT', 'error', `${what} has two inputs '${name}'`);
  for (const name of duplicates(initializers)) {
    problems.add('DUPLICATE_INITIALIZER', 'error', `${what} has two initializers '${name}'`);
  }
  const defined = new Set([...inputs, ...initializers]);
  for (const node of body.nodes) {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (defined.has(output)) {
        const message = `'${nodeLabel(node, layers)}' makes '${output}', which another node, input or initializer makes too`;
        problems.add('DUPLICATE_VALUE', 'error', message, layers(node));
      }
      defined.add(output);
    }
  }
  const named = body.nodes.map((node) => node.name);
  for (const name of duplicates(named)) {
    problems.add(
      'DUPLICATE_NODE_NAME',
      'warning',
      `${what} has several nodes named '${name}'; they are shown as <Op>_<place>`,
    );
  }
  defined.delete('');
  return defined;
}

function checkAttributes(node: Node, context: BodyContext, problems: ProblemList): void {
  const label = nodeLabel(node, context.layers);
  const layer = context.layers(node);
  for (const name of duplicates(node.attributes.map((attribute) => attribute.name))) {
    problems.add('ATTRIBUTE_DUPLICATE', 'error', `'${label}' has the attribute '${name}' twice`, layer);
  }
  for (const attribute of node.attributes) {
    if (attribute.type !== 'reference') continue;
    if (attribute.value === '') {
      const message = `'${label}': attribute '${attribute.name}' is of type ${attribute.kind}, which this version does not know`;
      problems.add('ATTRIBUTE_TYPE_UNKNOWN', 'warning', message, layer);
    } else if (!context.insideFunction) {
      const message = `'${label}': attribute '${attribute.name}' refers to a caller's '${attribute.value}', outside a function`;
      problems.add('ATTRIBUTE_REFERENCE', 'error', message, layer);
    }
  }
}

/** '' and ai.onnx are the same domain. */
function canonicalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function checkNode(
  node: Node,
  context: BodyContext,
  state: { isDefined: (name: string) => boolean; domains: ReadonlySet<string>; problems: ProblemList },
): void {
  const { problems } = state;
  const layer = context.layers(node);
  const label = nodeLabel(node, context.layers);
  if (node.opType === '') problems.add('NODE_WITHOUT_OPERATOR', 'error', `'${label}' names no operator`, layer);
  for (const value of new Set(node.inputs)) {
    if (value === '' || state.isDefined(value)) continue;
    problems.add('INPUT_DANGLING', 'error', `'${label}' (${node.opType}) uses '${value}', which nothing makes`, layer);
  }
  if (!state.domains.has(canonicalDomain(node.domain))) {
    const domain = node.domain === '' ? 'ai.onnx' : node.domain;
    const message = `'${label}' (${node.opType}) is of domain '${domain}', which the model imports no version of`;
    problems.add('OPSET_MISSING', 'error', message, layer);
  }
  checkAttributes(node, context, problems);
}

function checkShape(info: ValueInfo, what: string, problems: ProblemList): void {
  const type = info.type;
  if (type === undefined || (type.kind !== 'tensor' && type.kind !== 'sparseTensor') || type.shape === undefined)
    return;
  const sizes = type.shape.filter((dim) => typeof dim === 'number');
  const negative = sizes.find((size) => size < 0);
  if (negative !== undefined) {
    problems.add(
      'DIMS_ABSURD',
      'warning',
      `${what} '${info.name}' has a dimension ${negative}, expected a size or a name`,
    );
    return;
  }
  try {
    elementCount(sizes);
  } catch (error) {
    problems.add('DIMS_ABSURD', 'warning', `${what} '${info.name}': ${(error as Error).message}`);
  }
}

/**
 * Checks the names of a graph or function, and of all subgraphs in it: each defined once, each used one defined, domains
 * imported, attributes sound, shapes sensible.
 */
export function checkNames(body: Graph | FunctionDef, context: BodyContext, problems: ProblemList): void {
  const defined = checkDefinitions(body, context, problems);
  const scopes = [...context.outer, defined];
  const isDefined = (name: string): boolean => scopes.some((scope) => scope.has(name));
  const domains = new Set(context.opsets.map(({ domain }) => canonicalDomain(domain)));
  for (const node of body.nodes) {
    checkNode(node, context, { isDefined, domains, problems });
    for (const { branch, graph } of subgraphsOf(node)) {
      const what = `The subgraph '${branch}' of '${nodeLabel(node, context.layers)}'`;
      checkNames(graph, { ...context, what, outer: scopes }, problems);
    }
  }
  for (const output of body.outputs) {
    const name = typeof output === 'string' ? output : output.name;
    if (isDefined(name)) continue;
    problems.add('OUTPUT_MISSING', 'error', `${context.what} promises the output '${name}', which nothing makes`);
  }
  for (const info of body.inputs) if (typeof info !== 'string') checkShape(info, 'Input', problems);
  for (const info of body.outputs) if (typeof info !== 'string') checkShape(info, 'Output', problems);
  for (const info of body.valueInfos) checkShape(info, 'Value', problems);
}
