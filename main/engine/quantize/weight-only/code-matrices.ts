import type { TaskContext } from '../../../base/progress.ts';
import type { WeightOnlyStep } from '../../../contract/recipe/quantize-weight-only.ts';
import { runInterruptibly, type Steps } from '../../tensor/linear/interruptible.ts';
import { float32ToFloat16, float16ToFloat32 } from '../../tensor/half.ts';
import { notFinite } from '../not-finite.ts';
import { blockFor, decodeBlocks, type BlockCodes, type BlockFormat } from './block-codes.ts';
import { decibels, outputEnergy } from './coding-errors.ts';
import { descendCodes } from './descend-codes.ts';
import type { StoredMatrix } from './find-matrices.ts';
import { matrixValues } from './matrix-values.ts';
import { gptq } from './gptq.ts';
import { halfQuadratic } from './half-quadratic.ts';
import { roundToNearest } from './round-to-nearest.ts';

/** A matrix with its codes, and how far these are from it. */
export interface CodedMatrix {
  readonly matrix: StoredMatrix;
  readonly codes: BlockCodes;
  /** Of the weights, in dB. */
  readonly weightSqnrDb: number;
  /** Of the outputs on calibration data; null: without data. */
  readonly outputSqnrDb: number | null;
}

/** How the weights of a matrix are coded. */
export function formatOf({ scheme, block, symmetric }: WeightOnlyStep, { dtype, columns }: StoredMatrix): BlockFormat {
  return {
    bits: BITS[scheme],
    block: block === 'row' ? columns : blockFor(block, columns, BITS[scheme]),
    symmetric,
    roundScale: dtype === 'float16' ? toFloat16 : Math.fround,
  };
}

export const BITS = { 'int8-weight': 8, 'int4-weight': 4, 'int2-weight': 2 } as const;

const one = new Float32Array(1);

function toFloat16(value: number): number {
  one[0] = value;
  return float16ToFloat32(float32ToFloat16(one))[0]!;
}

/** How much a table that shares a head's matrix counts: a share of the mean square of the head's inputs, for each of its. */
const TABLE_SHARE = 0.3;

/**
 * The codes of one matrix by the step's method.
 * @param gram Σx·xᵀ of its inputs, used up; undefined: by the weights alone
 * @throws QUANTIZE_NOT_FINITE, CANCELLED
 */
export async function codeMatrix(
  matrix: StoredMatrix,
  step: WeightOnlyStep,
  gram: Float64Array | undefined,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<CodedMatrix> {
  const weights = matrixValues(matrix);
  const bad = firstNotFinite(weights);
  if (bad >= 0) throw notFinite(`Layer '${matrix.uses[0]!.node.name}', '${matrix.tensor.name}'`, bad, weights[bad]!);
  const coding = codesOf(weights, matrix, step, gram);
  return runInterruptibly(measured(matrix, weights, coding, gram), signal);
}

function firstNotFinite(weights: Float32Array): number {
  // A difference that is not 0 is NaN: no call for each weight.
  let differences = 0;
  for (let at = 0; at < weights.length; at++) differences += weights[at]! - weights[at]!;
  return differences === 0 ? -1 : weights.findIndex((weight) => !Number.isFinite(weight));
}

function* codesOf(
  weights: Float32Array,
  matrix: StoredMatrix,
  step: WeightOnlyStep,
  gram: Float64Array | undefined,
): Steps<BlockCodes> {
  const format = formatOf(step, matrix);
  if (step.method === 'hqq') return yield* halfQuadratic(weights, matrix, format);
  if (gram === undefined || step.method !== 'gptq') return yield* roundToNearest(weights, matrix, format);
  const counted = matrix.uses.some(({ kind }) => kind === 'lookup') ? withTable(gram, matrix.columns) : gram;
  const codes = yield* gptq(new Float64Array(weights), counted, matrix, format);
  yield* descendCodes(codes, weights, counted);
  return codes;
}

/** As if the inputs of the head were also such that each column stands alone, which is how a table is read. */
function withTable(gram: Float64Array, columns: number): Float64Array {
  let mean = 0;
  for (let at = 0; at < columns; at++) mean += gram[at * columns + at]! / columns;
  const counted = gram.slice();
  for (let at = 0; at < columns; at++) counted[at * columns + at]! += TABLE_SHARE * mean;
  return counted;
}

function* measured(
  matrix: StoredMatrix,
  weights: Float32Array,
  coding: Steps<BlockCodes>,
  gram: Float64Array | undefined,
): Steps<CodedMatrix> {
  const codes = yield* coding;
  const decoded = decodeBlocks(codes);
  let [signal, error] = [0, 0];
  for (let at = 0; at < weights.length; at++) {
    const difference = weights[at]! - decoded[at]!;
    signal += weights[at]! * weights[at]!;
    error += difference * difference;
    // What is decoded is needed no more: errors in its place.
    decoded[at] = difference;
  }
  yield;
  const weightSqnrDb = decibels(signal, error);
  if (gram === undefined) return { matrix, codes, weightSqnrDb, outputSqnrDb: null };
  const loud = yield* outputEnergy(weights, matrix, gram);
  const wrong = yield* outputEnergy(decoded, matrix, gram);
  return { matrix, codes, weightSqnrDb, outputSqnrDb: decibels(loud, wrong) };
}
