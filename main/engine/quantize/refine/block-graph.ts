import { allValueNames, indexGraph } from '../../graph/index-graph.ts';
import { GraphEditor } from '../../graph/edit.ts';
import type { Model, Tensor } from '../../graph/ir.ts';
import { makeTensor } from '../../graph/make.ts';
import type { Loss } from '../../autograd/loss.ts';
import { hasTrait } from '../../operators/ask.ts';
import { GraphWriter } from '../../operators/graph-writer.ts';
import {
  addNode,
  limitNode,
  logisticNode,
  magnitudeNode,
  powerNode,
  productNode,
  subtractNode,
} from '../../operators/nodes.ts';
import { defaultOpset } from '../../passes/upgrade-opset.ts';
import { middleCode } from '../schemes.ts';
import { scaleAt, type CodedLayer } from './coded-layer.ts';
import type { RefinedLayer, WeightCodes } from './refined-layer.ts';
import { STRETCH, variableOf } from './rounding-graph.ts';

/** Inputs of the training graph beside the block's: the float values at its end, and numbers that change from step to step. */
export const TARGET = 'block/target';
const OF_ERROR = 'block/of_error';
const PULL = 'block/pull';
const SHARPNESS = 'block/sharpness';

/** How the terms of the loss are weighed in a step. */
export interface BlockTerms {
  /** Of the squared error. */
  readonly ofError: number;
  /** Of what drives each weight to one of its two codes, as a mean over all weights. */
  readonly pull: number;
  /** Exponent of that. */
  readonly sharpness: number;
}

export function blockNumbers({ ofError, pull, sharpness }: BlockTerms): Readonly<Record<string, number>> {
  return { [OF_ERROR]: ofError, [PULL]: pull, [SHARPNESS]: sharpness };
}

/** What was learnt of a block. */
export interface LearntBlock {
  /** By layer. */
  readonly layers: ReadonlyMap<string, RefinedLayer>;
  /** By which the steps of activations are multiplied, by the initializer that holds the step. */
  readonly factors: ReadonlyMap<string, number>;
}

/** A block whose weights are rounded softly, whose biases and steps of activations move. */
export interface SoftBlock {
  readonly model: Model;
  /** Initializers that are learnt; all 0 but the variables of weights. */
  readonly parameters: readonly string[];
  readonly losses: readonly Loss[];
  /** The same parameters with each weight at the code that its variable is nearer to. @param values of one parameter */
  readonly hardened: (parameter: string, values: Float32Array) => Float32Array;
  readonly learnt: (valuesOf: (parameter: string) => Float32Array) => LearntBlock;
}

/** From here on a rectified sigmoid is 1. */
const CERTAIN = 20;
/** A bias moves in tenths of the biases' root mean square. */
const BIAS_UNIT = 0.1;
/** A step of an activation moves in twentieths of itself. */
const STEP_UNIT = 0.05;

interface SoftLayer {
  readonly layer: CodedLayer;
  readonly variables: string;
  readonly floor: Float32Array;
  readonly bias: { readonly parameter: string; readonly unit: number } | undefined;
}

/**
 * Puts h(v) in the place of each rounding: w ≈ s · clip(⌊w/s⌋ + h(v)), h(v) = clip(1.2 σ(v) − 0.1, 0, 1), with the v that leave the
 * weights as they are. Activations stay rounded, gradients pass straight through; their steps s become s · (1 + p/20), which is LSQ;
 * biases b become b + p · unit. The loss is the squared error at the block's end and Σ 1 − |2h − 1|^β over the weights.
 * @param block of the quantized model, as a model
 * @param free initializers with steps of activations that are learnt as well
 * @see Li et al. 2021 (BRECQ, arXiv 2102.05426); Nagel et al. 2020 (AdaRound); Esser et al. 2020 (LSQ)
 */
export function softBlock(
  block: Model,
  {
    layers,
    end,
    free,
  }: { readonly layers: readonly CodedLayer[]; readonly end: string; readonly free: readonly string[] },
): SoftBlock {
  const index = indexGraph(block.graph);
  const editor = new GraphEditor(block.graph);
  const taken = allValueNames(block.graph);
  const write = new GraphWriter({ taken, opset: defaultOpset(block), prefix: 'soft' });
  const put = (make: typeof addNode, inputs: readonly string[]): string => {
    const output = write.fresh('soft/value');
    write.nodes.push(make(inputs, output, { name: output }));
    return output;
  };
  const number = (value: number): string => write.number(value, 'float32');
  const parameters: Tensor[] = [];
  const learnt = (base: string, dims: readonly number[], values: Float32Array): string => {
    const name = write.fresh(base);
    parameters.push(makeTensor(name, 'float32', dims, values));
    return name;
  };
  const roundings: { readonly share: string; readonly count: number }[] = [];
  const soft = layers.map((layer): SoftLayer => {
    const { unit, written } = layer;
    const node = index.nodeByName(layer.node.name)!;
    const operands = unit.weights!;
    const { floor, share } = partsOf(layer);
    const { dims, format } = written;
    const variables = learnt(`${unit.layer}/rounding`, dims, Float32Array.from(share, variableOf));
    const middle = middleCode(format);
    const [zero, one] = [number(0), number(1)];
    const raised = put(logisticNode, [variables]);
    const h = put(limitNode, [put(addNode, [put(productNode, [raised, number(STRETCH.times)]), number(STRETCH.plus)]), zero, one]); // prettier-ignore
    const code = put(limitNode, [
      put(addNode, [write.constant('float32', dims, floor), h]),
      number(format.lowest - middle),
      number(format.highest - middle),
    ]);
    editor.replaceInput(node, operands.weightInput, put(productNode, [code, stepsOf(write, layer)]));
    roundings.push({ share: h, count: share.length });
    if (written.bias === undefined || operands.biasInput === undefined)
      return { layer, variables, floor, bias: undefined };
    const { bias } = written;
    const scale = Math.sqrt(bias.reduce((sum, value) => sum + value * value, 0) / bias.length);
    const unitOf = scale > 0 ? BIAS_UNIT * scale : BIAS_UNIT;
    const parameter = learnt(`${unit.layer}/bias`, [bias.length], new Float32Array(bias.length));
    const moved = put(productNode, [parameter, number(unitOf)]);
    const value = put(addNode, [write.constant('float32', [bias.length], bias), moved]);
    editor.replaceInput(node, operands.biasInput, value);
    return { layer, variables, floor, bias: { parameter, unit: unitOf } };
  });
  const steps = free.map((scale) => {
    const parameter = learnt(`${scale}/step`, [], new Float32Array(1));
    const factor = put(addNode, [put(productNode, [parameter, number(STEP_UNIT)]), number(1)]);
    const value = put(productNode, [scale, factor]);
    for (const node of block.graph.nodes) {
      if (!hasTrait(node, 'quantizes') && !hasTrait(node, 'dequantizes')) continue;
      if (node.inputs[1] === scale) editor.replaceInput(node, 1, value);
    }
    return { scale, parameter };
  });
  for (const tensor of [...write.initializers, ...parameters]) editor.setInitializer(tensor);
  editor.prepend(...write.nodes);
  const model = { ...block, graph: editor.build({ dropUnused: true }) };
  const variables = new Set(soft.map((each) => each.variables));
  return {
    model,
    parameters: parameters.map(({ name }) => name),
    losses: [errorAt(end), pullOf(roundings)],
    hardened: (parameter, values) =>
      variables.has(parameter) ? values.map((value) => (value >= 0 ? CERTAIN : -CERTAIN)) : values,
    learnt: (valuesOf) => ({
      layers: new Map(soft.map((each) => [each.layer.unit.layer, refinedOf(each, valuesOf)])),
      factors: new Map(steps.map(({ scale, parameter }) => [scale, 1 + STEP_UNIT * valuesOf(parameter)[0]!])),
    }),
  };
}

/** Weights in steps: rounded down, and how far above that they lie, in the order of the tensor. */
function partsOf({ written }: CodedLayer): { readonly floor: Float32Array; readonly share: Float32Array } {
  const { scales, format } = written;
  const values = written.values();
  const middle = middleCode(format);
  const floor = new Float32Array(values.length);
  const share = new Float32Array(values.length);
  for (const [place, value] of values.entries()) {
    const steps = value / scales[scaleAt(written, place)]!;
    const held = Math.min(format.highest - middle, Math.max(format.lowest - middle, steps));
    floor[place] = Math.floor(held);
    share[place] = held - floor[place]!;
  }
  return { floor, share };
}

/** Steps of the weights so that they broadcast along their axis. */
function stepsOf(write: GraphWriter, { written: { dims, axis, scales } }: CodedLayer): string {
  const shape = axis === null || scales.length === 1 ? [] : dims.map((size, at) => (at === axis ? size : 1));
  return write.constant('float32', shape, scales);
}

function refinedOf(
  { layer: { written }, variables, floor, bias }: SoftLayer,
  valuesOf: (parameter: string) => Float32Array,
): RefinedLayer {
  const { format, scales } = written;
  const middle = middleCode(format);
  const up = valuesOf(variables);
  const codes: WeightCodes = written.codes.slice();
  floor.forEach((low, at) => {
    codes[at] = Math.min(format.highest, Math.max(format.lowest, low + (up[at]! >= 0 ? 1 : 0) + middle));
  });
  if (bias === undefined) return { codes, scales };
  const moved = valuesOf(bias.parameter);
  return { codes, scales, bias: written.bias!.map((value, at) => value + bias.unit * moved[at]!) };
}

/** The mean squared error at the block's end. */
function errorAt(end: string): Loss {
  return {
    name: 'error',
    weight: 1,
    write: ({ write, given, shapeOf }) => {
      const target = given(TARGET, 'float32', shapeOf(end));
      const error = write.reduceMean(write.square(write.sub(end, target)), undefined, false);
      return write.mul(error, given(OF_ERROR, 'float32', []));
    },
  };
}

/** pull · mean of 1 − |2h − 1|^β over all weights. */
function pullOf(roundings: readonly { readonly share: string; readonly count: number }[]): Loss {
  const all = roundings.reduce((sum, { count }) => sum + count, 0);
  return {
    name: 'pull',
    weight: 1,
    write: ({ write, given }) => {
      const put = (make: typeof addNode, inputs: readonly string[]): string => {
        const output = write.fresh('soft/pull');
        write.nodes.push(make(inputs, output, { name: output }));
        return output;
      };
      const one = write.number(1, 'float32');
      const sharpness = given(SHARPNESS, 'float32', []);
      const terms = roundings.map(({ share }) => {
        const apart = put(subtractNode, [put(addNode, [share, share]), one]);
        return write.reduceSum(put(powerNode, [put(magnitudeNode, [apart]), sharpness]), undefined, false);
      });
      const between = write.sub(one, write.mul(write.sum(terms), write.number(1 / all, 'float32')));
      return write.mul(between, given(PULL, 'float32', []));
    },
  };
}
