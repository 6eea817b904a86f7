/**
 * How far the weights of a layer are from those of the same layer in another model. Quantized weights, packed ones too, count as what
 * they stand for, (code − zero point)·scale; weights are paired by the role that they have for the node.
 */
import { sqnrDb } from '../../judge/signal-error.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Graph, Node, Tensor } from '../graph/ir.ts';
import { tensorBytes, tensorValues } from '../graph/tensor-data.ts';
import { operatorSpec } from '../operators/table.ts';
import { constantBehind } from '../operators/constant-behind.ts';
import { isFloating } from '../operators/node-writer.ts';
import { hasTrait } from '../operators/ask.ts';
import { codesBehind, dequantize, storedCodes } from '../passes/dequantized-weights.ts';
import { packedWeights } from '../passes/packed-values.ts';
import type { Layer } from './group-layers.ts';

export interface WeightDistance {
  /** ‖a − b‖ / ‖a‖ over all weights of the layer; null: a is zero. */
  readonly relative: number | null;
  /** Signal to noise of b as a form of a, dB. */
  readonly sqnrDb: number;
  /** Both are told up to a factor for each channel of the matrix: something that scales channels was folded into b, or out of it. */
  readonly scaled: boolean;
}

/** Factors for channels are believed where they bring the weights so much nearer, in dB. */
const FOLDED_GAIN_DB = 12;

/** A pair of weights whose shapes do not agree. */
export interface ShapeChange {
  /** The input's role: "W". */
  readonly role: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export interface WeightComparison {
  /** Null: every weight is the same, or none can be compared. */
  readonly distance: WeightDistance | null;
  readonly shapes: readonly ShapeChange[];
}

/** @param a the reference. Reads all their weights; no work where the bytes are the same. */
export function compareWeights(a: Layer, b: Layer): WeightComparison {
  const [weightsA, weightsB] = [weightsOf(a), weightsOf(b)];
  const shapes: ShapeChange[] = [];
  let [reference, difference] = [0, 0];
  let matrix: Matrices | undefined;
  let differ = false;
  for (const [role, weightA] of weightsA) {
    const weightB = weightsB.get(role);
    if (weightB === undefined) continue;
    const [left, right] = alike(weightA, weightB);
    if (left.dims.join() !== right.dims.join()) {
      shapes.push({ role, a: left.dims, b: right.dims });
      continue;
    }
    if (sameBytes(left, right)) {
      reference += squares(tensorValues(left));
      continue;
    }
    differ = true;
    const [x, y] = [tensorValues(left), tensorValues(right)];
    if (left.dims.length > 1) matrix ??= { dims: left.dims, x, y };
    for (let i = 0; i < x.length; i++) {
      const [value, other] = [Number(x[i]), Number(y[i])];
      reference += value * value;
      difference += (value - other) * (value - other);
    }
  }
  if (!differ || !Number.isFinite(reference + difference)) return { distance: null, shapes };
  const plain = distanceOf({ reference, difference }, false);
  const scaled = matrix === undefined ? undefined : distanceOf(upToFactors(matrix), true);
  const folded = scaled !== undefined && scaled.sqnrDb > Math.max(FOLDED_GAIN_DB, plain.sqnrDb + FOLDED_GAIN_DB);
  return { distance: folded ? scaled : plain, shapes };
}

interface Powers {
  readonly reference: number;
  readonly difference: number;
}

function distanceOf(powers: Powers, scaled: boolean): WeightDistance {
  const relative = powers.reference === 0 ? null : Math.sqrt(powers.difference / powers.reference);
  return { relative, sqnrDb: sqnrDb(powers), scaled };
}

interface Matrices {
  readonly dims: readonly number[];
  readonly x: ArrayLike<number | bigint>;
  readonly y: ArrayLike<number | bigint>;
}

/**
 * What is left of y where each slice along the first or the second axis, whichever fits better, is a multiple of x's: Σ‖y − s·x‖² over Σ‖s·x‖²,
 * s = ⟨x, y⟩ / ⟨x, x⟩.
 */
function upToFactors({ dims, x, y }: Matrices): Powers {
  const [first, second] = [0, 1].map((axis) => {
    const size = dims[axis]!;
    const inner = dims.slice(axis + 1).reduce((all, one) => all * one, 1);
    const [xx, xy, yy] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
    for (let i = 0; i < x.length; i++) {
      const at = Math.floor(i / inner) % size;
      const [value, other] = [Number(x[i]), Number(y[i])];
      xx[at]! += value * value;
      xy[at]! += value * other;
      yy[at]! += other * other;
    }
    let [reference, difference] = [0, 0];
    xx.forEach((own, at) => {
      const explained = own === 0 ? 0 : xy[at]! ** 2 / own;
      reference += explained;
      difference += Math.max(0, yy[at]! - explained);
    });
    return { reference, difference };
  });
  return second!.difference < first!.difference ? second! : first!;
}

/** Both in the same shape, where one of them can be turned into the other's. */
function alike(a: Weight, b: Weight): readonly [Tensor, Tensor] {
  const [left, right] = [a.read(), b.read()];
  const wanted = (tensor: Tensor, other: Tensor): boolean =>
    tensor.dims.join() !== other.dims.join() && tensor.dims.toReversed().join() === other.dims.join();
  if (a.turned !== undefined && wanted(left, right)) return [a.turned(), right];
  if (b.turned !== undefined && wanted(right, left)) return [left, b.turned()];
  return [left, right];
}

function squares(values: ArrayLike<number | bigint>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Number(values[i]) ** 2;
  return sum;
}

function sameBytes(a: Tensor, b: Tensor): boolean {
  return a.dtype === b.dtype && (a.storage === b.storage || Buffer.compare(tensorBytes(a), tensorBytes(b)) === 0);
}

interface Weight {
  /** Real values, float of any width. */
  readonly read: () => Tensor;
  /** With its axes turned, where the operator takes it so in one of its forms. */
  readonly turned?: () => Tensor;
}

/** The weights of a layer's main node by role: floats, and codes with their scales. */
function weightsOf({ main: { node, graph } }: Layer): ReadonlyMap<string, Weight> {
  const index = indexGraph(graph);
  const roles = operatorSpec(node.domain, node.opType)?.inputRoles.map((role) => role.toLowerCase()) ?? [];
  const found = new Map<string, Weight>();
  const packed = packedWeights(index, node);
  for (const [place, value] of node.inputs.entries()) {
    const role = roles[place] ?? `input ${place}`;
    if (packed?.input === place) found.set(role, packed);
    if (packed?.input === place || packed?.settings.includes(place) === true) continue;
    const tensor = value === '' || isSetting(role) ? undefined : weightBehind(index, graph, value);
    if (tensor !== undefined) found.set(role, tensor);
    else {
      const codes = codesOf(index, node, { role, roles, value });
      if (codes !== undefined) found.set(role, codes);
    }
  }
  return found;
}

const isSetting = (role: string): boolean => /_(?:scale|zero_point)$/u.test(role);

function weightBehind(index: GraphIndex, graph: Graph, value: string): Weight | undefined {
  const behind = constantBehind(graph, value);
  if ('tensor' in behind) {
    const { tensor } = behind;
    return isFloating(tensor.dtype) ? { read: () => tensor } : undefined;
  }
  if (behind.other !== 'dequantized') return undefined;
  const producer = index.producer(value);
  if (producer === undefined || !hasTrait(producer, 'dequantizes')) return undefined;
  const codes = codesBehind(index, producer);
  return codes === undefined ? undefined : { read: () => dequantize(value, codes) };
}

/** Codes that a kernel takes with their scale and zero point as inputs of its own. */
function codesOf(
  index: GraphIndex,
  node: Node,
  { role, roles, value }: { readonly role: string; readonly roles: readonly string[]; readonly value: string },
): Weight | undefined {
  const scale = roles.indexOf(`${role}_scale`);
  if (scale < 0 || value === '') return undefined;
  const zero = roles.indexOf(`${role}_zero_point`);
  const codes = storedCodes(index, [value, node.inputs[scale], zero < 0 ? undefined : node.inputs[zero]], { axis: 0 });
  return codes === undefined ? undefined : { read: () => dequantize(value, codes) };
}
