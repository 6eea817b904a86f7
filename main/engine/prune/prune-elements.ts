import { assert } from '../../base/errors.ts';
import type { Model, Tensor } from '../graph/ir.ts';
import { makeRawTensor } from '../graph/make.ts';
import { tensorBytes, tensorPieces, tensorValues } from '../graph/tensor-data.ts';
import { mapTensors, walkTensors } from '../graph/tensors.ts';
import { seededRandom } from '../tensor/random.ts';
import { dtypeBits } from '../tensor/dtype.ts';
import type { PassContext, Sources } from '../passes/pass.ts';
import { layerMacs } from './layer-macs.ts';
import type { Lineage } from './lineage.ts';
import { preparePruning, type PrunableModel } from './prepare.ts';
import { prunableWeights, type FrozenLayer, type PrunableLayer, type PrunableWeights } from './prunable-weights.ts';
import type { PruneStep } from '../../contract/recipe/prune.ts';
import { applyCut, magnitudeBits, smallestCut } from './select-smallest.ts';

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What element pruning did. */
export interface PruneOutcome {
  /** Shares of the prunable weights that are zero. */
  readonly sparsity: { readonly requested: number; readonly achieved: number };
  /** Elements of float tensors that are not zero. */
  readonly parameters: BeforeAfter;
  /** Multiply–accumulates of one sample that meet a weight other than zero; layers of unknown cost count nothing. */
  readonly macs: BeforeAfter;
  readonly layers: readonly {
    readonly name: string;
    readonly op: string;
    readonly sparsity: number;
    readonly channels: null;
  }[];
  readonly frozen: readonly FrozenLayer[];
  readonly notes: readonly string[];
}

/**
 * Sets weights to zero, the smallest or any, without removing anything: `sparsity` of all prunable weights (scope global) or of
 * each layer's (scope layer), exact to one weight; among equal magnitudes the earlier layer and element goes first.
 * Weights keep their element type and every bit of those that stay. The given model and its arrays are not modified.
 * @throws RUNTIME_DIED, CANCELLED
 */
export async function pruneElements(model: Model, step: PruneStep, context: PassContext): Promise<PrunedModel> {
  return pruneWeights(await preparePruning(model, context), step);
}

/** A pruned model, the layers of the source that its nodes stand for, and what was done. */
export interface PrunedModel {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  readonly result: PruneOutcome;
}

function pruneWeights(prepared: PrunableModel, step: PruneStep): PrunedModel {
  const { model } = prepared;
  const weights = prunableWeights(prepared, new Set(step.exclude));
  const { layers, frozen } = weights;
  const tensors = layers.flatMap((layer) => layer.tensors);
  const magnitudes = new Map(tensors.map((tensor) => [tensor, magnitudeBits(floatsOf(tensor))]));
  if (step.score === 'random') drawOrder(magnitudes.values(), seededRandom(step.seed));
  const masks = new Map<Tensor, Uint8Array>();
  for (const { members, count } of cutSizes(layers, step)) {
    const bits = members.map((tensor) => magnitudes.get(tensor)!);
    const cut = applyCut(bits, smallestCut(bits, count));
    for (const [position, tensor] of members.entries()) masks.set(tensor, cut[position]!);
  }
  const zeroed = new Map([...masks].map(([tensor, mask]) => [tensor, withZeros(tensor, mask)]));
  const pruned = mapTensors(model, (tensor) => zeroed.get(tensor) ?? tensor);
  const { unknownCosts, ...measured } = measure(prepared, weights, zeroed);
  const notes = [...prepared.notes, ...notesOf(step, layers, unknownCosts)];
  return {
    model: pruned,
    lineage: { before: model, kept: new Map() },
    sources: prepared.sources,
    result: { ...measured, frozen, notes, sparsity: sparsityOf() },
  };

  function sparsityOf(): PruneOutcome['sparsity'] {
    const total = tensors.reduce((sum, tensor) => sum + magnitudes.get(tensor)!.length, 0);
    const zeros = total - tensors.reduce((sum, tensor) => sum + nonZero(zeroed.get(tensor) ?? tensor), 0);
    return { requested: step.sparsity, achieved: total === 0 ? 0 : zeros / total };
  }
}

/** Puts an order by chance in the place of that by magnitude; zeros stay first, for they are cut already. */
function drawOrder(magnitudes: Iterable<Uint32Array>, random: () => number): void {
  for (const bits of magnitudes) {
    for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) bits[i] = 1 + random() * 0x7ffffffe;
  }
}

/** How many weights to cut out of which tensors together. Rounding is carried on, so the total is exact in both scopes. */
function cutSizes(
  layers: readonly PrunableLayer[],
  step: PruneStep,
): readonly { members: readonly Tensor[]; count: number }[] {
  const groups =
    step.scope === 'global' ? [layers.flatMap(({ tensors }) => tensors)] : layers.map(({ tensors }) => tensors);
  let seen = 0;
  let cut = 0;
  return groups.map((members) => {
    seen += members.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
    const count = Math.round(step.sparsity * seen) - cut;
    cut += count;
    return { members, count };
  });
}

function floatsOf(tensor: Tensor): Float32Array | Float64Array {
  const values = tensorValues(tensor);
  assert(values instanceof Float32Array || values instanceof Float64Array, `'${tensor.name}' holds floats`);
  return values;
}

/** A copy with the masked elements set to +0; all other bits as they were, whatever the float type. */
function withZeros(tensor: Tensor, mask: Uint8Array): Tensor {
  const size = (dtypeBits(tensor.dtype) ?? 0) / 8;
  const bytes = new Uint8Array(tensorBytes(tensor));
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 1) bytes.fill(0, i * size, (i + 1) * size);
  }
  return {
    ...makeRawTensor(tensor.name, tensor.dtype, tensor.dims, bytes),
    docString: tensor.docString,
    metadata: tensor.metadata,
    unknown: tensor.unknown,
  };
}

const FLOATS = new Set(['float32', 'float16', 'bfloat16', 'float64']);

function nonZero(tensor: Tensor): number {
  let count = 0;
  for (const piece of tensorPieces(tensor)) {
    for (let i = 0; i < piece.length; i++) if (piece[i] !== 0) count++;
  }
  return count;
}

function measure(
  prepared: PrunableModel,
  { layers, weightsOf }: PrunableWeights,
  zeroed: ReadonlyMap<Tensor, Tensor>,
): Pick<PruneOutcome, 'parameters' | 'macs' | 'layers'> & { readonly unknownCosts: number } {
  const before = new Map<Tensor, number>();
  const after = new Map<Tensor, number>();
  for (const tensor of new Set(walkTensors(prepared.model))) {
    if (!FLOATS.has(tensor.dtype)) continue;
    const count = nonZero(tensor);
    const pruned = zeroed.get(tensor);
    before.set(tensor, count);
    after.set(tensor, pruned === undefined ? count : nonZero(pruned));
  }
  const share = (counts: ReadonlyMap<Tensor, number>, tensors: readonly Tensor[]): number => {
    const elements = tensors.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0);
    return elements === 0 ? 1 : tensors.reduce((sum, tensor) => sum + (counts.get(tensor) ?? 0), 0) / elements;
  };
  const macs = { before: 0, after: 0 };
  let unknownCosts = 0;
  for (const [name, count] of layerMacs(prepared)) {
    const weights = weightsOf.get(name) ?? [];
    if (count === null && weights.length > 0) unknownCosts++;
    macs.before += (count ?? 0) * share(before, weights);
    macs.after += (count ?? 0) * share(after, weights);
  }
  const sum = (counts: ReadonlyMap<Tensor, number>): number =>
    [...counts.values()].reduce((total, count) => total + count, 0);
  return {
    parameters: { before: sum(before), after: sum(after) },
    macs: { before: Math.round(macs.before), after: Math.round(macs.after) },
    layers: layers.map(({ name, op, tensors }) => ({ name, op, sparsity: 1 - share(after, tensors), channels: null })),
    unknownCosts,
  };
}

function notesOf(step: PruneStep, layers: readonly PrunableLayer[], unknownCosts: number): readonly string[] {
  if (layers.length === 0) return ['No layer of this model has weights that could be pruned.'];
  const notes = [];
  if (step.sparsity > 0) {
    notes.push('Zeros save space when the file is compressed; the CPU runs them at the same speed as other weights.');
  }
  if (unknownCosts > 0)
    notes.push(`The cost of ${unknownCosts} pruned layers is not known; their multiply–accumulates count nothing.`);
  return notes;
}
