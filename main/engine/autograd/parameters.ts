import type { Model, Tensor } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { elementCount } from '../graph/tensor-size.ts';
import { hasTrait } from '../operators/ask.ts';
import type { OperatorSpec } from '../operators/spec.ts';
import { operatorSpec } from '../operators/table.ts';

/** Where a parameter lies in the vector of all weights. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly count: number;
}

/**
 * The weights that training changes unless it is told otherwise: float32 initializers that layers and normalizations take as
 * parameters, and those that arithmetic brings to what such weights have made: biases and tables that are added, factors of single
 * channels, tokens that are put beside it. Also through operators that only move or repeat elements. What stays: statistics of
 * batch normalization, single numbers (factors, epsilons), what operators take as settings, and constants that were never learnt, as
 * `wasLearnt` and `meetsLearnt` tell them.
 * @param model main graph in topological order, weights as initializers
 */
export function trainableParameters(model: Model): readonly string[] {
  const stored = new Map<string, Tensor>(model.graph.initializers.map((tensor) => [tensor.name, tensor]));
  /** The initializer whose elements a value holds, by the value's name. */
  const holds = new Map<string, string>([...stored.keys()].map((name) => [name, name]));
  const found = new Set<string>();
  /** Values that weights had a part in. */
  const learnt = new Set<string>();
  for (const node of model.graph.nodes) {
    const spec = operatorSpec(node.domain, node.opType);
    if (spec === undefined) continue;
    const source = spec.carries === 'first' || hasTrait(node, 'repeats') ? holds.get(node.inputs[0] ?? '') : undefined;
    if (source !== undefined) node.outputs.forEach((output) => holds.set(output, source));
    const behind = node.inputs.some((input) => learnt.has(input));
    // A layer's weights may be codes.
    let weighted = spec.weights !== undefined;
    node.inputs.forEach((input, at) => {
      const tensor = stored.get(holds.get(input) ?? '');
      if (tensor?.dtype !== 'float32' || elementCount(tensor.dims) < 2) return;
      const own = isArithmetic(spec) ? behind && meetsLearnt(spec, tensor) : isParameter(spec, at);
      if (!own) return;
      weighted = true;
      found.add(tensor.name);
    });
    if (weighted || behind) for (const output of node.outputs) learnt.add(output);
  }
  return model.graph.initializers.flatMap(({ name }) => (found.has(name) ? [name] : []));
}

function isParameter({ parameterInputs, normalization }: OperatorSpec, at: number): boolean {
  const { statistics } = normalization ?? {};
  return parameterInputs.includes(at) && at !== statistics?.mean && at !== statistics?.variance;
}

/** Whether it takes weights and what they meet in any order: element by element, or beside each other. */
function isArithmetic({ parameterInputs, fold, carries }: OperatorSpec): boolean {
  return carries === 'all' || (fold !== undefined && parameterInputs.length > 0);
}

/**
 * Whether an operand beside something learnt is a weight. Sums take a whole table of positions; a factor is one if it has a number for
 * each channel: the tables by which positions are rotated have one for each position and channel. Beside what nothing was
 * learnt for (an input and its mean and deviation) no constant is a weight. Exponents are none.
 */
function meetsLearnt({ scaling, carries }: OperatorSpec, tensor: Tensor): boolean {
  const isSum = carries === 'all' || scaling?.kind === 'joins';
  const isFactor = scaling !== undefined && tensor.dims.filter((dim) => dim > 1).length === 1;
  return (isSum || isFactor) && wasLearnt(tensor);
}

/** Magnitudes from which on a summand is a mask. */
const MASK = 1000;

/**
 * Whether numbers may have been learnt: not those of masks (−10000, −∞), of grids and strides (whole numbers above one), nor of sines and cosines
 * of positions (rows of half as much in squares as they have elements, all alike).
 */
function wasLearnt(tensor: Tensor): boolean {
  const values = tensorValues(tensor) as Float32Array;
  if (values.some((value) => !(Math.abs(value) < MASK))) return false;
  if (values.every((value) => Number.isInteger(value)) && values.some((value) => Math.abs(value) > 1)) return false;
  const length = tensor.dims.at(-1) ?? 0;
  if (length < 2 || values.length === length) return true;
  const power = (row: number): number =>
    values.subarray(row * length, (row + 1) * length).reduce((sum, value) => sum + value * value, 0);
  const rows = Array.from({ length: values.length / length }, (_, row) => power(row));
  return rows.some((square) => Math.abs(square / (length / 2) - 1) > WAVES);
}

/** How far from it they may be by rounding. */
const WAVES = 1e-3;
