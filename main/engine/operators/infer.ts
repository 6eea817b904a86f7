import type { Dim, Graph, Model, Node, OpsetImport, Shape, Tensor, ValueInfo } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import { readConstant, type ConstantValue } from './constant.ts';
import { isOpenDim, multiplyDims, substituteDim } from './dimension.ts';
import { declaredFacts, tensorFacts, UNKNOWN, type Facts } from './facts.ts';
import { bindAttributes, indexFunctions } from './function-call.ts';
import type { Inference, InferenceProblem, InferOptions, InferredValue, NodeRecord } from './inference.ts';
import { NodeContext, OperandProblem, type InferenceServices } from './node-context.ts';
import { topologicalOrder } from './order.ts';
import { settleFacts } from './settle.ts';
import { operatorSpec } from './table.ts';

/** Functions and subgraphs nested deeper than this are left open; recursive functions end here. */
const MAX_DEPTH = 24;
/** Nodes inferred inside of function bodies and repeated subgraphs, all calls together. */
const MAX_INNER_NODES = 200_000;

/** Values put together from more constants than this are not taken for weights. */
const MAX_ORIGINS = 64;

/** Of nearly all nodes: a map for each is what a large model spends most memory on. */
const NO_CHILDREN: NodeRecord['children'] = new Map();

interface Scope {
  readonly parent: Scope | undefined;
  readonly facts: Map<string, Facts>;
  readonly declared: ReadonlyMap<string, Facts>;
  readonly opsets: ReadonlyMap<string, number>;
  /** Records of the nodes of this scope, in order. */
  readonly records: NodeRecord[];
  /** How often the scope runs in one run of the model. */
  readonly repeat: Dim;
  readonly depth: number;
  /** Whether it may be that the scope does not run. */
  readonly maybe: boolean;
  /** The layer of the model that problems in here are told about; undefined: each node is one itself. */
  readonly blame: Node | undefined;
}

type Finding = Omit<InferenceProblem, 'layer'> & { readonly node: Node | undefined };

/**
 * Infers type and shape of every value, without running the model. Never throws on a bad graph: what cannot be right is
 * listed in `problems`, what cannot be known stays open. Linear in the number of nodes; weights are not read (only small
 * tensors that shape arithmetic asks for).
 */
export function inferModel(model: Model, options: InferOptions = {}): Inference {
  return new ModelInference(model, options).run();
}

class ModelInference {
  readonly #model: Model;
  readonly #options: InferOptions;
  readonly #functionOf: ReturnType<typeof indexFunctions>;
  readonly #findings = new Map<string, Finding>();
  readonly #records = new Map<Node, NodeRecord>();
  readonly #small = new Map<Tensor, ConstantValue | undefined>();
  readonly #nested = new Map<object, Scope>();
  readonly #unknownOperators = new Set<string>();
  /** Dimensions with the given sizes put in: a model has few that differ, and each is reckoned with as a text. */
  readonly #sized = new Map<string, Dim>();
  #openDims = 0;
  #innerNodes = 0;

  constructor(model: Model, options: InferOptions) {
    this.#model = model;
    this.#options = options;
    this.#functionOf = indexFunctions(model);
  }

  run(): Inference {
    const { graph } = this.#model;
    const scope = this.#openScope(graph, undefined, opsetMap(this.#model.opsetImports), 1, undefined);
    this.#bindInputs(graph.inputs, [], scope);
    this.#bindInitializers(graph, scope);
    this.#inferNodes(graph.nodes, scope);
    const values = new Map<string, InferredValue>();
    for (const { facts } of [scope, ...this.#nested.values()]) {
      for (const [name, value] of facts) if (!values.has(name)) values.set(name, publish(value));
    }
    return { values, problems: this.#problems(), records: this.#records };
  }

  #openScope(
    graph: Pick<Graph, 'valueInfos'> & { readonly outputs?: readonly ValueInfo[] },
    parent: Scope | undefined,
    opsets: ReadonlyMap<string, number>,
    repeat: Dim,
    blame: Node | undefined,
  ): Scope {
    const declared = new Map<string, Facts>();
    for (const info of [...graph.valueInfos, ...(graph.outputs ?? [])]) {
      const facts = declaredFacts(info);
      if (facts !== undefined) declared.set(info.name, facts);
    }
    const depth = (parent?.depth ?? -1) + 1;
    return { parent, facts: new Map(), declared, opsets, records: [], repeat, depth, blame, maybe: false };
  }

  /** Graph inputs: what the file states, the sizes given for symbols and for `name[axis]`, what was measured. */
  #bindInputs(inputs: readonly ValueInfo[], given: readonly Facts[], scope: Scope): void {
    inputs.forEach((info, index) => {
      const declared = declaredFacts(info);
      const shape = scope.parent === undefined ? this.#nameOpenDims(info.name, declared?.shape) : declared?.shape;
      const facts = given[index] ?? (scope.parent === undefined ? this.#held(info.name) : undefined);
      this.#set(info.name, facts, scope, undefined, declared === undefined ? undefined : { ...declared, shape });
    });
  }

  /** What the run gives to a graph input, where that was told. */
  #held(name: string): Facts | undefined {
    const value = this.#options.values?.get(name);
    if (value !== undefined) return tensorFacts(value.dtype, value.shape, value);
    const bytes = this.#options.bytes?.get(name);
    return bytes === undefined ? undefined : { ...tensorFacts('uint8', [bytes.length]), bytes };
  }

  #nameOpenDims(name: string, shape: Shape | undefined): Shape | undefined {
    const sizes = this.#options.dims ?? {};
    return shape?.map((dim, axis) => (dim === null || dim === '' ? (sizes[`${name}[${axis}]`] ?? null) : dim));
  }

  #bindInitializers(graph: Graph, scope: Scope): void {
    for (const tensor of graph.initializers) {
      scope.facts.set(tensor.name, { ...tensorFacts(tensor.dtype, tensor.dims), initializer: tensor });
    }
    for (const { values, dims } of graph.sparseInitializers) {
      scope.facts.set(values.name, tensorFacts(values.dtype, dims));
    }
  }

  #inferNodes(nodes: readonly Node[], scope: Scope): void {
    for (const node of topologicalOrder(nodes)) this.#inferNode(node, scope);
  }

  #inferNode(node: Node, scope: Scope): void {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : lookUp(scope, name)));
    const definition = this.#functionOf(node);
    const spec = definition === undefined ? operatorSpec(node.domain, node.opType) : undefined;
    const record: NodeRecord = {
      node,
      spec,
      opset: opsetOf(node, scope),
      inputs,
      outputs: [],
      children: NO_CHILDREN,
      call: definition !== undefined,
      repeat: scope.repeat,
    };
    let outputs: readonly (Facts | undefined)[] = [];
    try {
      if (definition !== undefined) outputs = this.#inferCall(node, definition, inputs, record, scope);
      else if (spec !== undefined) outputs = spec.infer(this.#context(node, inputs, record, scope));
      else this.#reportUnknown(node, scope);
    } catch (cause) {
      this.#report(node, scope, cause);
    }
    const origins = carriedOrigins(record);
    record.outputs = node.outputs.map((name, index) => {
      const facts = outputs[index];
      const found = origins === undefined || facts === undefined ? facts : { ...facts, origins };
      return name === '' ? undefined : this.#set(name, found, scope, node);
    });
    scope.records.push(record);
    this.#records.set(node, record);
  }

  #context(node: Node, inputs: readonly (Facts | undefined)[], record: NodeRecord, scope: Scope): NodeContext {
    const services: InferenceServices = {
      readTensor: (tensor) => this.#readTensor(tensor),
      openDim: () => this.#openDim(),
      inferSubgraph: (graph, given, repeat, maybe = false) =>
        this.#inferSubgraph(graph, given, { repeat, maybe }, record, scope),
      warn: (message) => this.#find('OPERANDS_INVALID', message, node, scope, 'warning'),
    };
    return new NodeContext(node, record.opset, inputs, { services, fold: record.spec?.fold });
  }

  #inferSubgraph(
    graph: Graph,
    given: readonly Facts[],
    { repeat, maybe }: { readonly repeat: Dim; readonly maybe: boolean },
    record: NodeRecord,
    scope: Scope,
  ): readonly Facts[] {
    this.#countInner(graph.nodes.length, scope);
    const times = multiplyDims(scope.repeat, repeat);
    const inner: Scope = {
      ...this.#openScope(graph, scope, scope.opsets, times, scope.blame),
      maybe: maybe || scope.maybe,
    };
    this.#bindInputs(graph.inputs, given, inner);
    this.#bindInitializers(graph, inner);
    this.#inferNodes(graph.nodes, inner);
    record.children = new Map([...record.children, [graph, inner.records]]);
    this.#nested.set(graph, inner);
    return graph.outputs.map((info) => lookUp(inner, info.name));
  }

  #inferCall(
    node: Node,
    definition: NonNullable<ReturnType<ReturnType<typeof indexFunctions>>>,
    inputs: readonly (Facts | undefined)[],
    record: NodeRecord,
    scope: Scope,
  ): readonly (Facts | undefined)[] {
    this.#countInner(definition.nodes.length, scope);
    const opsets = definition.opsetImports.length === 0 ? scope.opsets : opsetMap(definition.opsetImports);
    const inner: Scope = {
      ...this.#openScope({ valueInfos: [] }, undefined, opsets, scope.repeat, scope.blame ?? node),
      depth: scope.depth + 1,
      maybe: scope.maybe,
    };
    definition.inputs.forEach((name, index) => {
      const facts = inputs[index];
      if (facts !== undefined) inner.facts.set(name, facts);
    });
    this.#inferNodes(bindAttributes(definition, node), inner);
    record.children = new Map([[definition, inner.records]]);
    return definition.outputs.map((name) => inner.facts.get(name));
  }

  #countInner(nodes: number, scope: Scope): void {
    this.#innerNodes += nodes;
    if (scope.depth + 1 > MAX_DEPTH) throw new OperandProblem(`nested deeper than ${MAX_DEPTH} graphs; left open`);
    if (this.#innerNodes > MAX_INNER_NODES) {
      throw new OperandProblem(`more than ${MAX_INNER_NODES} nodes in nested graphs and functions; left open`);
    }
  }

  #set(
    name: string,
    inferred: Facts | undefined,
    scope: Scope,
    node: Node | undefined,
    declared = scope.declared.get(name),
  ): Facts {
    const facts = settleFacts(inferred, {
      declared,
      measured: scope.blame === undefined ? this.#options.measured?.get(name) : undefined,
      sized: this.#sizedDim,
      openDim: () => this.#openDim(),
      conflict: (message) => this.#find('DECLARED_DIFFERS', `value '${name}': ${message}`, node, scope, 'warning'),
    });
    scope.facts.set(name, facts);
    return facts;
  }

  readonly #sizedDim = (dim: Dim): Dim => {
    if (typeof dim !== 'string') return dim;
    let sized = this.#sized.get(dim);
    if (sized === undefined) {
      sized = substituteDim(dim, this.#options.dims ?? {});
      this.#sized.set(dim, sized);
    }
    return sized;
  };

  #openDim(): string {
    return `?${this.#openDims++}`;
  }

  #readTensor(tensor: Tensor): ConstantValue | undefined {
    if (this.#small.has(tensor)) return this.#small.get(tensor);
    const value = readConstant(tensor);
    this.#small.set(tensor, value);
    return value;
  }

  #report(node: Node, scope: Scope, cause: unknown): void {
    if (cause instanceof OperandProblem) this.#find('OPERANDS_INVALID', cause.message, node, scope, 'error');
    else {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#find('INFERENCE_FAILED', `its shapes could not be inferred: ${message}`, node, scope, 'warning');
    }
  }

  #reportUnknown(node: Node, scope: Scope): void {
    const operator = `${node.domain}::${node.opType}`;
    if (this.#unknownOperators.has(operator)) return;
    this.#unknownOperators.add(operator);
    const domain = node.domain === '' ? 'ai.onnx' : node.domain;
    this.#find(
      'OPERATOR_UNKNOWN',
      `operator ${node.opType} of ${domain} is not known; its cost and shapes stay open`,
      node,
      scope,
      'warning',
    );
  }

  #find(
    code: InferenceProblem['code'],
    message: string,
    node: Node | undefined,
    scope: Scope,
    severity: 'error' | 'warning',
  ): void {
    if (scope.repeat === 0) return;
    const layer = scope.blame ?? node;
    const found = { code, message, node: layer, severity: scope.maybe ? ('warning' as const) : severity };
    const key = `${code}\n${message}\n${layer === undefined ? '' : layer.outputs.join()}`;
    if (!this.#findings.has(key)) this.#findings.set(key, found);
  }

  #problems(): InferenceProblem[] {
    if (this.#findings.size === 0) return [];
    const layers = new Map<Node, string>();
    for (const { node, layer } of walkNodes(this.#model)) layers.set(node, layer);
    return [...this.#findings.values()].map(({ code, message, node, severity }) => {
      const layer = node === undefined ? null : (layers.get(node) ?? null);
      const where = node === undefined ? '' : `${node.opType} '${layer ?? node.name}': `;
      return { code, message: where + message, layer, severity };
    });
  }
}

/** The constants behind a node that only moves elements. */
function carriedOrigins({ spec, inputs }: NodeRecord): readonly Tensor[] | undefined {
  if (spec === undefined || spec.carries === 'none') return undefined;
  const origins = new Set<Tensor>();
  for (const facts of spec.carries === 'first' ? inputs.slice(0, 1) : inputs) {
    if (facts?.initializer !== undefined) origins.add(facts.initializer);
    for (const tensor of facts?.origins ?? []) origins.add(tensor);
  }
  return origins.size === 0 || origins.size > MAX_ORIGINS ? undefined : [...origins];
}

function lookUp(scope: Scope, name: string): Facts {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const facts = at.facts.get(name);
    if (facts !== undefined) return facts;
  }
  // A name that nothing defines is still a stated input: the validator lists it, inference goes on without facts.
  return UNKNOWN;
}

function opsetOf(node: Node, scope: Scope): number {
  return scope.opsets.get(normalDomain(node.domain)) ?? 1;
}

function opsetMap(imports: readonly OpsetImport[]): ReadonlyMap<string, number> {
  return new Map(imports.map(({ domain, version }) => [normalDomain(domain), version]));
}

function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function closeDim(dim: Dim): Dim {
  return isOpenDim(dim) ? null : dim;
}

/** Open dimensions leave this room as null; a value of which nothing is known does not leave it. */
function closeConstant(constant: ConstantValue): ConstantValue | undefined {
  if (constant.dtype === 'string') return constant;
  return constant.elements.every(isOpenDim) ? undefined : { ...constant, elements: constant.elements.map(closeDim) };
}

/** What is told of a value, see `closeConstant`. */
function publish(facts: Facts): InferredValue {
  const { dtype, shape, constant } = facts;
  const told = { dtype, shape: shape?.some(isOpenDim) === true ? shape.map(closeDim) : shape };
  const closed = constant === undefined ? undefined : closeConstant(constant);
  return closed === undefined ? told : { ...told, constant: closed };
}
