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
}

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
    for (let i = 0; i < x.length; i++) {
      const [value, other] = [Number(x[i]), Number(y[i])];
      reference += value * value;
      difference += (value - other) * (value - other);
    }
  }
  if (!differ || !Number.isFinite(reference + difference)) return { distance: null, shapes };
  const relative = reference === 0 ? null : Math.sqrt(difference / reference);
  return { distance: { relative, sqnrDb: sqnrDb({ reference, difference }) }, shapes };
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
