import { StudioError } from '../../base/errors.ts';
import { allValueNames } from '../graph/index-graph.ts';
import type { Graph, Model, Shape, Tensor, ValueInfo } from '../graph/ir.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { GraphWriter } from '../operators/graph-writer.ts';
import { inferModel } from '../operators/infer.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import { storageBytes, type DType } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { differentiate, withWritten, type BlockedLayer } from './differentiate.ts';
import type { Loss } from './loss.ts';
import { estimateMemory } from './memory.ts';
import { updateRule, type Optimizer, type UpdateRule } from './optimizer.ts';
import { trainableParameters, type Parameter } from './parameters.ts';
import { keptValues, recompute } from './recompute.ts';

export interface TrainingRequest {
  /** As `prepareTraining` gives it: float, opset 13 or later, weights as initializers, the batch open. */
  readonly model: Model;
  readonly losses: readonly Loss[];
  readonly optimizer: Optimizer;
  /** Initializers that are trained; default: `trainableParameters`. */
  readonly parameters?: readonly string[];
  /** The gradient of all weights together is shortened to this length (L2) where it is longer. */
  readonly clipNorm?: number;
  /** Trains what can be reached where a layer has no gradient; otherwise that is an error. */
  readonly passOver?: boolean;
  /** Values of the model that are outputs too, to look at. */
  readonly outputs?: readonly string[];
  /** How much memory a step may take; default: as much as it does. */
  readonly memory?: MemoryBudget;
}

export interface MemoryBudget {
  /** Of a step, as `estimateMemory` counts. */
  readonly bytes: number;
  /** Sizes of the model's symbolic dimensions: {batch: 64}. */
  readonly dims: Readonly<Record<string, number>>;
}

/** A model that trains another: one run is one step. */
export interface TrainingGraph {
  /**
   * Inputs: those of the trained model, what the losses ask for, the state, the step's numbers. Outputs: `loss` (the weighted
   * sum), each loss under its name, `gradient_norm`, and the next state.
   */
  readonly model: Model;
  readonly parameters: readonly Parameter[];
  /** The state before the first step, by input: the weights as one vector, and the optimizer's vectors. */
  readonly initial: HostTensors;
  /** Each output that is the next state, with the input that it becomes. */
  readonly carried: Readonly<Record<string, string>>;
  /** Outputs that are numbers to read after a step. */
  readonly numbers: readonly string[];
  readonly rule: UpdateRule;
  /** The value that is the gradient of all weights, one vector, before it is clipped. */
  readonly gradient: string;
  /** Values of the forward pass that are kept for the backward pass. */
  readonly kept: readonly string[];
  /** Into how many segments the forward pass is cut, all but the last computed twice; 1: it is computed once. */
  readonly segments: number;
  /** Layers that no gradient passes, with the reason; empty unless `passOver`. */
  readonly blocked: readonly BlockedLayer[];
}

/** Names of the state's vectors. */
export const WEIGHTS = 'training/weights';
const momentName = (at: number): string => `training/moment${at}`;
const scalarName = (name: string): string => `training/${name}`;
const next = (name: string): string => `${name}/next`;

/**
 * Writes the training graph of a model: forward, losses, backward and the optimizer's update in one. All weights are one vector
 * in the state, cut into parameters at the start of a step, so that clipping and update are a dozen nodes whatever their
 * number. Nothing of it depends on the batch size.
 * @throws TRAIN_NO_GRADIENT (see `differentiate`), or when there is nothing to train; TRAIN_TOO_LARGE where even recomputation needs
 *   more than the memory allowed
 */
export function trainingGraph(request: TrainingRequest): TrainingGraph {
  const { memory } = request;
  const whole = build(request, 1);
  if (memory === undefined) return whole;
  const bytes = ({ peakBytes }: { readonly peakBytes: number }): number => peakBytes;
  let least = bytes(estimateMemory(whole, memory.dims));
  if (least <= memory.bytes) return whole;
  for (let segments = 2; segments <= Math.max(2, whole.kept.length / 2); segments = Math.ceil(segments * 1.4)) {
    const cut = build(request, segments);
    const peak = bytes(estimateMemory(cut, memory.dims));
    if (peak <= memory.bytes) return cut;
    least = Math.min(least, peak);
  }
  throw new StudioError(
    'TRAIN_TOO_LARGE',
    `A step takes about ${megabytes(least)} MB even when most of the forward pass is computed twice; ${megabytes(memory.bytes)} MB are allowed`,
    { hint: 'Take a smaller batch, train fewer layers, or allow more memory.' },
  );
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

function build(request: TrainingRequest, segments: number): TrainingGraph {
  const { model } = request;
  const asked = request.parameters ?? trainableParameters(model);
  if (asked.length === 0) {
    throw new StudioError('TRAIN_NO_GRADIENT', 'The model has no float32 weights that could be trained');
  }
  const withLosses = addLosses(model, request.losses);
  const differentiated = differentiate(withLosses, { of: LOSS, by: asked, passOver: request.passOver ?? false });
  const forward = withLosses.graph.nodes.length;
  const derived = {
    ...differentiated,
    model:
      segments === 1
        ? differentiated.model
        : recompute(differentiated.model, {
            forward,
            segments,
            bytesOf: sizesOf(withLosses, request.memory?.dims ?? {}),
          }),
  };
  const stored = new Map(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  const parameters = layOut(asked.filter((name) => derived.gradients.has(name)).map((name) => stored.get(name)!));
  const rule = updateRule(request.optimizer);
  const moments = Array.from({ length: rule.moments }, (_, at) => momentName(at));

  const write = new GraphWriter({
    taken: allValueNames(derived.model.graph),
    opset: defaultOpset(model),
    prefix: 'update',
  });
  const gradient = write.concat(
    parameters.map(({ name }) => write.reshapeTo(derived.gradients.get(name)!, [-1])),
    0,
  );
  const norm = write.copy(write.length(gradient), NORM);
  const clipped = request.clipNorm === undefined ? gradient : clip(write, { gradient, norm, length: request.clipNorm });
  const updated = rule.write({ write, weights: WEIGHTS, gradient: clipped, parameters, moments, scalar: scalarName });
  const carried = new Map([[write.copy(updated.weights, next(WEIGHTS)), WEIGHTS]]);
  updated.moments.forEach((value, at) => carried.set(write.copy(value, next(momentName(at))), momentName(at)));

  const total = parameters.reduce((sum, { count }) => sum + count, 0);
  const state = [WEIGHTS, ...moments];
  const numbers = [LOSS, ...request.losses.map(({ name }) => name), NORM];
  const written = withWritten(derived.model, write);
  // What lies behind the losses is of no use; the runtime would compute it all the same.
  const { model: trained } = removeDeadCode({
    ...written,
    functions: [],
    graph: assemble(written.graph, {
      parameters,
      inputs: [
        ...state.map((name) => makeValueInfo(name, 'float32', [total])),
        ...rule.scalars.map((name) => makeValueInfo(scalarName(name), 'float32', [])),
      ],
      outputs: [...numbers, ...(request.outputs ?? []), ...carried.keys()],
      opset: defaultOpset(model),
    }),
  });
  return {
    model: trained,
    parameters,
    initial: initialState(parameters, stored, moments),
    carried: Object.fromEntries(carried),
    numbers,
    gradient,
    rule: { ...rule, numbers: (...step) => renamed(rule.numbers(...step)) },
    kept: [...keptValues(derived.model.graph, forward)],
    segments,
    blocked: derived.blocked,
  };
}

/** Bytes of a model's values, as far as these dimensions tell. */
function sizesOf(model: Model, dims: Readonly<Record<string, number>>): (value: string) => number {
  const { values } = inferModel(model, { dims });
  return (value) => {
    const { dtype, shape } = values.get(value) ?? {};
    if (dtype === undefined || shape?.every((dim) => typeof dim === 'number') !== true) return 0;
    return storageBytes(dtype, elementCount(shape as readonly number[])) ?? 0;
  };
}

const LOSS = 'loss';
/** Output: the length of the gradient of all weights, before it is clipped. */
export const NORM = 'gradient_norm';

const renamed = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [scalarName(name), value]));

/** The model with every loss behind it, each as a value of its name, and `loss` as their weighted sum. */
export function addLosses(model: Model, losses: readonly Loss[]): Model {
  const { values } = inferModel(model);
  const taken = allValueNames(model.graph);
  const write = new GraphWriter({ taken, opset: defaultOpset(model), prefix: 'loss' });
  const added = new Map<string, ValueInfo>();
  const given = (name: string, dtype: DType, shape: Shape | undefined): string => {
    if (!taken.has(name) && !added.has(name)) added.set(name, makeValueInfo(name, dtype, shape));
    return name;
  };
  const scope = {
    write,
    given,
    dtypeOf: (value: string): DType => {
      if (taken.has(value)) return values.get(value)?.dtype ?? 'float32';
      throw new StudioError('MODEL_UNKNOWN_LAYER', `A loss compares '${value}', which is no value of the model`);
    },
    shapeOf: (value: string): Shape | undefined => values.get(value)?.shape,
  };
  const terms = losses.map((loss) => {
    const value = write.copy(loss.write(scope), loss.name);
    return loss.weight === 1 ? value : write.mul(value, write.number(loss.weight, 'float32'));
  });
  write.copy(write.sum(terms), LOSS);
  const written = withWritten(model, write);
  return { ...written, graph: { ...written.graph, inputs: [...written.graph.inputs, ...added.values()] } };
}

/** Places of some tensors in one vector of all. */
export function layOut(tensors: readonly Tensor[]): readonly Parameter[] {
  let offset = 0;
  return tensors.map(({ name, dims }) => {
    const count = elementCount(dims);
    const parameter = { name, dims, offset, count };
    offset += count;
    return parameter;
  });
}

/** g · min(1, length / (‖g‖ + 1e-6)). @see torch.nn.utils.clip_grad_norm_ */
function clip(
  write: GraphWriter,
  { gradient, norm, length }: { readonly gradient: string; readonly norm: string; readonly length: number },
): string {
  const number = (value: number): string => write.number(value, 'float32');
  return write.mul(gradient, write.min(write.div(number(length), write.add(norm, number(1e-6))), number(1)));
}

/** The graph whose parameters are cut out of the state, with the training graph's inputs and outputs. */
export function assemble(
  graph: Graph,
  ports: {
    readonly parameters: readonly Parameter[];
    readonly inputs: readonly ValueInfo[];
    readonly outputs: readonly string[];
    readonly opset: number;
  },
): Graph {
  const { parameters } = ports;
  const trained = new Set(parameters.map(({ name }) => name));
  const write = new GraphWriter({ taken: allValueNames(graph), opset: ports.opset, prefix: 'state' });
  const parts = parameters.length === 0 ? [] : write.split(WEIGHTS, parameters.map(({ count }) => count)); // prettier-ignore
  parameters.forEach(({ name, dims }, at) => write.copy(write.reshapeTo(parts[at]!, dims), name));
  return {
    ...graph,
    nodes: [...write.nodes, ...graph.nodes],
    initializers: [...graph.initializers.filter(({ name }) => !trained.has(name)), ...write.initializers],
    inputs: [...graph.inputs.filter(({ name }) => !trained.has(name)), ...ports.inputs],
    outputs: ports.outputs.map((name) => ({ name, type: undefined, docString: '', metadata: [], unknown: [] })),
    valueInfos: [],
  };
}

function initialState(
  parameters: readonly Parameter[],
  stored: ReadonlyMap<string, Tensor>,
  moments: readonly string[],
): HostTensors {
  const total = parameters.reduce((sum, { count }) => sum + count, 0);
  const weights = new Float32Array(total);
  for (const { name, offset } of parameters) weights.set(tensorValues(stored.get(name)!) as Float32Array, offset);
  const vector = (data: Float32Array): HostTensors[string] => ({ dtype: 'float32', dims: [total], data });
  return {
    [WEIGHTS]: vector(weights),
    ...Object.fromEntries(moments.map((name) => [name, vector(new Float32Array(total))])),
  };
}

/** The model with trained weights in the place of its own. @param weights the state's vector of all parameters */
export function withWeights(model: Model, parameters: readonly Parameter[], weights: Float32Array): Model {
  const places = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const initializers = model.graph.initializers.map((tensor) => {
    const place = places.get(tensor.name);
    if (place === undefined) return tensor;
    return makeTensor(tensor.name, 'float32', place.dims, weights.slice(place.offset, place.offset + place.count));
  });
  return { ...model, graph: { ...model.graph, initializers } };
}
