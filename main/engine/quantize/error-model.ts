import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { hasTrait } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { withoutDeadNodes } from '../passes/dead-code.ts';
import { mergeModels } from '../passes/merge-models.ts';
import { defaultOpset, type ValueKnowledge } from '../passes/upgrade-opset.ts';
import { ErrorGraph, type CloneOutput } from './error-graph.ts';
import { isStoredInCodes, matchLayers, type Match } from './match-layers.ts';
import type { QdqGroup } from './qdq-groups.ts';

/** A layer whose output is compared in the whole quantized model, and the outputs of the error model that tell about it. */
export interface AccumulatedLayer {
  readonly name: string;
  readonly op: string;
  /** The tensor in the float model. */
  readonly tensor: string;
  /** Σx² and Σ(x−y)² of the whole model, for each channel or as one number; Σy² and the number of elements, each as one. */
  readonly reference: string;
  readonly difference: string;
  readonly approximation: string;
  readonly size: string;
  /** Whether the sums are for each channel. */
  readonly byChannel: boolean;
}

/** A quantized layer by itself, on the float model's tensors; outputs of the error model, null where there is no such error. */
export interface LayerAlone {
  readonly name: string;
  /** Σx² of its float output. */
  readonly reference: string;
  /** Σ(x−y)² as it is quantized: inputs, weights, output. */
  readonly local: string;
  /** Number of elements. */
  readonly size: string;
  /** The same with its weights alone quantized, and with its activations alone: what comes in and what goes out. */
  readonly weights: string | null;
  readonly activations: string | null;
}

/** A model that gives sums of squares instead of activations. */
export interface ErrorModel<Layer> {
  readonly model: Model;
  readonly layers: readonly Layer[];
}

/**
 * The float model and the quantized one beside it on the same input. Only dequantized tensors are tapped, so the quantized half
 * fuses as it does alone.
 * @param float and `quantized`: same opset ≥ 13, every node named uniquely
 * @param knowledge of the float model's values
 * @throws UNSUPPORTED when the models cannot stand side by side
 */
export function buildAccumulatedModel(
  float: Model,
  quantized: Model,
  knowledge: ValueKnowledge,
): ErrorModel<AccumulatedLayer> {
  const { model, nameInSecond } = mergeModels(float, quantized);
  const graph = new ErrorGraph(model.graph, defaultOpset(model), knowledge);
  const layers = matchLayers(float.graph, quantized.graph, knowledge).map(({ name, op, tensor, real }) => {
    const axes = graph.axesBesideChannels(tensor, op);
    const approximation = nameInSecond(real);
    return {
      name,
      op,
      tensor,
      byChannel: axes !== undefined,
      reference: graph.sumOfSquares(tensor, axes),
      difference: graph.sumOfSquares(graph.minus(tensor, approximation), axes),
      approximation: graph.sumOfSquares(approximation, undefined),
      size: graph.sizeOf(tensor),
    };
  });
  return { model: { ...model, graph: graph.build() }, layers };
}

/**
 * The float model with copies of each quantized layer, those with codes as weights alone included where `parts` are asked for, that read the float model's tensors: as quantized, and where
 * `parts` are asked for with its weights alone quantized, and with its activations alone. Nothing else of the quantized model
 * runs.
 * @param float and `quantized` as in {@link buildAccumulatedModel}
 */
export function buildAloneModel(
  float: Model,
  quantized: Model,
  knowledge: ValueKnowledge,
  options: { readonly parts: boolean },
): ErrorModel<LayerAlone> {
  const { model, nameInSecond } = mergeModels(float, quantized);
  const graph = new ErrorGraph(model.graph, defaultOpset(model), knowledge);
  const sides: Sides = {
    float: indexGraph(float.graph),
    quantized: indexGraph(quantized.graph),
    floatNodes: nodesByLayer(float.graph),
    nameInSecond,
  };
  const layers = matchLayers(float.graph, quantized.graph, knowledge).flatMap((match): LayerAlone[] => {
    if (match.coded !== undefined && options.parts) return codedAlone(match, match.coded, { graph, sides });
    const parts = match.group === undefined ? null : operands(match.group, sides);
    if (match.group === undefined || parts === null) return [];
    const error = (output: string): string => graph.sumOfSquares(graph.minus(match.tensor, output), undefined);
    const run = (inputs: readonly string[], output: CloneOutput): string =>
      graph.clone(match.group!, inputs, { index: sides.quantized, nameOf: nameInSecond, output });
    const copy = (node: Node, input: string): string => graph.copy(node, [input, ...node.inputs.slice(1)]);
    const rounded = parts.map((part) => roundedInput(part, graph, sides));
    return [
      {
        name: match.name,
        reference: graph.sumOfSquares(match.tensor, undefined),
        local: error(run(rounded, 'rounded')),
        size: graph.sizeOf(match.tensor),
        ...(options.parts ? partErrors(match, { parts, rounded, sides }, { error, run, copy }) : NO_PARTS),
      },
    ];
  });
  return { model: { ...model, graph: withoutDeadNodes(graph.build()) }, layers };
}

/** A layer whose weights alone are codes, on the float model's data: all of its error is of its weights. */
function codedAlone(
  { name, tensor }: Match,
  node: Node,
  { graph, sides }: { readonly graph: ErrorGraph; readonly sides: Sides },
): LayerAlone[] {
  const { float, quantized, nameInSecond } = sides;
  const inputs = node.inputs.map((value) => {
    if (value === '') return '';
    if (constantOf(quantized, value) !== undefined || isStoredInCodes(quantized, value)) return nameInSecond(value);
    return float.producer(value) !== undefined || float.input(value) !== undefined ? value : undefined;
  });
  if (!inputs.every((value) => value !== undefined)) return [];
  const local = graph.sumOfSquares(graph.minus(tensor, graph.copy(node, inputs)), undefined);
  const reference = graph.sumOfSquares(tensor, undefined);
  return [{ name, reference, local, size: graph.sizeOf(tensor), weights: local, activations: null }];
}

const NO_PARTS = { weights: null, activations: null } as const;

interface Sides {
  readonly float: GraphIndex;
  readonly quantized: GraphIndex;
  readonly floatNodes: ReadonlyMap<string, Node>;
  readonly nameInSecond: (value: string) => string;
}

/** An input of a quantized layer: an activation with its float tensor, or what is constant. */
type Operand =
  { readonly source: string; readonly quantize: Node; readonly dequantize: Node } | { readonly constant: string };

/** The inputs of a quantized layer; null where an activation has no counterpart in the float model. */
function operands(group: QdqGroup, { quantized, float }: Sides): readonly Operand[] | null {
  const found: Operand[] = [];
  for (const value of group.node.inputs) {
    const dequantize = quantized.producer(value);
    const quantize = hasTrait(dequantize, 'dequantizes') ? quantized.producer(dequantize?.inputs[0] ?? '') : undefined;
    if (dequantize === undefined || quantize === undefined || !hasTrait(quantize, 'quantizes')) {
      // A weight, a bias or a shape: the same as in the quantized model.
      found.push({ constant: value });
      continue;
    }
    const source = [value, quantize.inputs[0] ?? '', ...dequantizedNames(quantized, quantize)].find(
      (name) => float.producer(name) !== undefined || float.input(name) !== undefined,
    );
    if (source === undefined) return null;
    found.push({ source, quantize, dequantize });
  }
  return found;
}

/** Every name under which the value of a QuantizeLinear is read. */
function dequantizedNames(index: GraphIndex, quantize: Node): readonly string[] {
  return index.consumers(quantize.outputs[0] ?? '').map((node) => node.outputs[0] ?? '');
}

function roundedInput(part: Operand, graph: ErrorGraph, { nameInSecond }: Sides): string {
  if ('constant' in part) return nameInSecond(part.constant);
  return graph.roundTrip(part.source, part.quantize, part.dequantize, nameInSecond);
}

/** The errors of weights and of activations by themselves; null where the layer has none, or its float form is another. */
function partErrors(
  { name, tensor, group }: Match,
  { parts, rounded, sides }: { parts: readonly Operand[]; rounded: readonly string[]; sides: Sides },
  make: {
    error: (output: string) => string;
    run: (inputs: readonly string[], output: CloneOutput) => string;
    copy: (node: Node, input: string) => string;
  },
): Pick<LayerAlone, 'weights' | 'activations'> {
  const weighted = parts.some(
    (part) => 'constant' in part && hasTrait(sides.quantized.producer(part.constant), 'dequantizes'),
  );
  // Without weights all of the error is of its activations.
  if (!weighted) return NO_PARTS;
  const own = sides.floatNodes.get(name);
  const unrounded = make.run(
    parts.map((part) => ('constant' in part ? sides.nameInSecond(part.constant) : part.source)),
    'float',
  );
  // Where the range of the codes replaces the activation, the float one comes back.
  const activation = group!.clip === undefined ? sides.float.producer(tensor) : undefined;
  const replaced = activation !== undefined && own !== undefined && activation !== own;
  if (replaced && activation.inputs[0] !== own.outputs[0]) return NO_PARTS;
  const weights = replaced ? make.copy(activation, unrounded) : unrounded;
  const same = own !== undefined && own.opType === group!.node.opType && own.inputs.length === parts.length;
  if (!same) return { weights: make.error(weights), activations: null };
  const activations = make.run(
    parts.map((part, at) => ('constant' in part ? own.inputs[at]! : rounded[at]!)),
    'shielded',
  );
  return { weights: make.error(weights), activations: make.error(activations) };
}

function nodesByLayer(graph: Graph): ReadonlyMap<string, Node> {
  const names = layerNames(graph);
  return new Map(graph.nodes.map((node, at) => [names[at]!, node]));
}
