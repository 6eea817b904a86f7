import { StudioError } from '../../base/errors.ts';
import { allValueNames } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { withDomains } from '../graph/opset-imports.ts';
import { hasTrait } from '../operators/ask.ts';
import { GradientContext } from '../operators/gradient.ts';
import { isFloating, numbersOf, WritingRefusal } from '../operators/node-writer.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference, NodeRecord } from '../operators/inference.ts';
import { topologicalOrder } from '../operators/order.ts';
import { operatorSpec } from '../operators/table.ts';
import { expandOperators, type Expanded } from '../passes/expand-operators.ts';
import { sourcesOf } from '../passes/pass.ts';
import { defaultOpset, PER_CHANNEL_OPSET } from '../passes/upgrade-opset.ts';

export interface DifferentiateOptions {
  /** Value whose derivative is taken: one float number of shape []. */
  readonly of: string;
  /** Values by which it is derived: initializers, inputs or values in between. */
  readonly by: readonly string[];
  /** Goes on where an operator has no gradient, as if none passed it; otherwise that is an error. */
  readonly passOver?: boolean;
}

export interface Differentiated {
  /** The model with backward nodes behind it. Its outputs are those of before. */
  readonly model: Model;
  /** The value that holds ∂of/∂x, of x's shape, by x; what the loss does not depend on is left out. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Layers that no gradient passes though one should, each with the reason. */
  readonly blocked: readonly BlockedLayer[];
}

export interface BlockedLayer {
  readonly layer: string;
  readonly operator: string;
  readonly reason: string;
}

/**
 * Writes the backward graph of a model by reverse accumulation: each node's rule (facet `gradient` of the operator table) turns
 * the gradients of its outputs into those of its inputs; where a value is used more than once they are added up. Operators
 * with an expansion in place of a rule are written in others first. Linear in
 * the number of nodes; sizes that are open stay open.
 * @param model main graph in float, opset 13 or later, without functions
 * @throws TRAIN_NO_GRADIENT naming the layers whose operators have no gradient (unless `passOver`), or when `of` depends on
 *   nothing in `by`; UNSUPPORTED before opset 13
 */
export function differentiate(model: Model, options: DifferentiateOptions): Differentiated {
  if (defaultOpset(model) < PER_CHANNEL_OPSET) {
    throw new StudioError('UNSUPPORTED', `Gradients are written for opset ${PER_CHANNEL_OPSET} and later`);
  }
  return new Reverse(expandOperators(model), options).run();
}

class Reverse {
  readonly #model: Model;
  readonly #expanded: Expanded;
  readonly #graph: Graph;
  readonly #options: DifferentiateOptions;
  readonly #inference: Inference;
  readonly #write: GraphWriter;
  readonly #nodes: readonly Node[];
  /** Values that the derivative by something in `by` flows through. */
  readonly #live: Set<string>;
  readonly #arriving = new Map<string, string[]>();
  readonly #given = new Map<Node, Map<number, string>>();
  readonly #blocked: BlockedLayer[] = [];
  readonly #stopped: string[] = [];

  constructor(expanded: Expanded, options: DifferentiateOptions) {
    const { model } = expanded;
    this.#expanded = expanded;
    this.#model = model;
    this.#graph = model.graph;
    this.#options = options;
    this.#inference = inferModel(model);
    this.#write = new GraphWriter({
      taken: allValueNames(model.graph),
      opset: defaultOpset(model),
      prefix: 'gradient',
    });
    this.#nodes = topologicalOrder(model.graph.nodes);
    this.#live = this.#reach();
  }

  run(): Differentiated {
    const { of, by } = this.#options;
    if (!this.#live.has(of)) throw this.#noPath();
    const dtype = this.#inference.values.get(of)?.dtype ?? 'float32';
    this.#arriving.set(of, [this.#write.number(1, dtype)]);
    const layers = layerNames(this.#graph);
    const { sources } = this.#expanded;
    const names = new Map(this.#graph.nodes.map((node, at) => [node, sourcesOf(sources, layers[at]!)[0]!]));
    for (const node of this.#nodes.toReversed()) this.#pass(node, names.get(node)!);
    if (this.#blocked.length > 0 && this.#options.passOver !== true) throw blockedError(this.#blocked);
    const gradients = new Map<string, string>();
    for (const value of by) {
      const sum = this.#collect(value);
      if (sum !== undefined) gradients.set(value, sum);
    }
    if (gradients.size === 0) throw this.#noPath();
    return { model: this.#written(), gradients, blocked: this.#blocked };
  }

  /** Every value that depends on one of `by` through floats, or through codes of them. */
  #reach(): Set<string> {
    const live = new Set(this.#options.by);
    for (const node of this.#nodes) {
      if (!node.inputs.some((input) => live.has(input))) continue;
      const record = this.#inference.records.get(node);
      const codes =
        hasTrait(node, 'quantizes') ||
        node.inputs.every((input, at) => !live.has(input) || !isFloating(record?.inputs[at]?.dtype ?? 'float32'));
      node.outputs.forEach((output, at) => {
        const dtype = record?.outputs[at]?.dtype;
        if (output !== '' && (codes || dtype === undefined || isFloating(dtype))) live.add(output);
      });
    }
    return live;
  }

  #pass(node: Node, layer: string): void {
    if (!node.inputs.some((input) => this.#live.has(input))) return;
    const arriving = node.outputs.map((output) => this.#collect(output));
    if (arriving.every((value) => value === undefined)) return;
    const rule = operatorSpec(node.domain, node.opType)?.gradient;
    const block = (reason: string): void => {
      this.#blocked.push({ layer, operator: node.opType, reason });
    };
    if (rule === undefined) {
      return block(this.#expanded.refused.get(layer) ?? `no gradient is known for ${node.opType}`);
    }
    if ('blocks' in rule) return block(`${node.opType} ${rule.blocks}`);
    if (typeof rule !== 'function') return void this.#stopped.push(`${layer}: ${node.opType} ${rule.stops}`);
    const context = new GradientContext(this.#situation(node, arriving), this.#write);
    try {
      const gradients = rule(context);
      if (context.unheard !== undefined) {
        return block(`what arrives at its output ${context.unheard} has no backward form here`);
      }
      gradients.forEach((gradient, at) => {
        const input = node.inputs[at] ?? '';
        if (gradient !== undefined && this.#live.has(input)) this.#arrive(input, gradient);
      });
    } catch (error) {
      if (!(error instanceof WritingRefusal)) throw error;
      block(error.message);
    }
  }

  #situation(node: Node, arriving: readonly (string | undefined)[]): ConstructorParameters<typeof GradientContext>[0] {
    const record: NodeRecord | undefined = this.#inference.records.get(node);
    return {
      node,
      opset: this.#opsetOf(node.domain),
      inputs: record?.inputs ?? [],
      outputs: record?.outputs ?? [],
      arriving,
      wants: (input) => this.#live.has(node.inputs[input] ?? ''),
      numbers: (input) => (this.#live.has(node.inputs[input] ?? '') ? undefined : numbersOf(record?.inputs[input])),
      giveOutput: (output) => this.#giveOutput(node, output),
    };
  }

  #arrive(value: string, gradient: string): void {
    const list = this.#arriving.get(value);
    if (list === undefined) this.#arriving.set(value, [gradient]);
    else list.push(gradient);
  }

  /** The gradient of a value, all that arrived added up; it is then one. */
  #collect(value: string): string | undefined {
    const list = this.#arriving.get(value);
    if (list === undefined || value === '') return undefined;
    const sum = this.#write.sum(list);
    this.#arriving.set(value, [sum]);
    return sum;
  }

  #giveOutput(node: Node, output: number): string {
    const given = this.#given.get(node) ?? new Map<number, string>();
    this.#given.set(node, given);
    const name = given.get(output) ?? this.#write.fresh(`${node.outputs[0] ?? node.name}:${output}`);
    given.set(output, name);
    return name;
  }

  #opsetOf(domain: string): number {
    const wanted = domain === 'ai.onnx' ? '' : domain;
    const found = this.#model.opsetImports.find((set) => (set.domain === 'ai.onnx' ? '' : set.domain) === wanted);
    return found?.version ?? 1;
  }

  #written(): Model {
    const forward = this.#nodes.map((node) => {
      const given = this.#given.get(node);
      if (given === undefined) return node;
      const length = Math.max(node.outputs.length, ...given.keys().map((at) => at + 1));
      const outputs = Array.from({ length }, (_, at) => given.get(at) ?? node.outputs[at] ?? '');
      return { ...node, outputs };
    });
    return withWritten({ ...this.#model, graph: { ...this.#graph, nodes: forward } }, this.#write);
  }

  #noPath(): StudioError {
    const blocked = this.#blocked.map(({ layer, reason }) => `${layer}: ${reason}`);
    const reasons = [...blocked, ...this.#stopped].slice(0, MOST_NAMED).join('; ');
    return new StudioError(
      'TRAIN_NO_GRADIENT',
      `No gradient of '${this.#options.of}' reaches any of the ${this.#options.by.length} chosen weights${reasons === '' ? '' : ` (${reasons})`}`,
      { hint: 'Choose weights that the compared output depends on, or another output.' },
    );
  }
}

/** The model with what a writer wrote behind its nodes, and the operator sets that this needs. */
export function withWritten(model: Model, write: GraphWriter): Model {
  return {
    ...model,
    opsetImports: withDomains(model.opsetImports, write.domains),
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...write.nodes],
      initializers: [...model.graph.initializers, ...write.initializers],
    },
  };
}

const MOST_NAMED = 8;

function blockedError(blocked: readonly BlockedLayer[]): StudioError {
  const named = blocked.slice(0, MOST_NAMED).map(({ layer, reason }) => `${layer} (${reason})`);
  const more = blocked.length > MOST_NAMED ? ` and ${blocked.length - MOST_NAMED} more` : '';
  return new StudioError('TRAIN_NO_GRADIENT', `No gradient passes ${named.join(', ')}${more}`, {
    hint: 'Weights before these layers cannot be trained; ask for training to go on with what can be reached.',
  });
}
