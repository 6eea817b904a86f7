/** How far the outputs of two models are apart, on the same samples. */
import { sqnrDb } from '../../judge/signal-error.ts';
import type { HostTensor, HostTensors } from '../tensor/host-tensor.ts';

export type DistanceMeasure = 'divergence' | 'error';

/** What a distance tells: the divergence of rows of scores, or, with other outputs, an error. */
export function distanceMeasure(outputs: HostTensors | undefined): DistanceMeasure {
  const scores = Object.values(outputs ?? {})
    .filter(isFloat)
    .every(isRowOfScores);
  return scores ? 'divergence' : 'error';
}

/**
 * Mean over samples and outputs: where an output is a row of scores for each sample, KL(reference ‖ other) of their softmax;
 * else the squared error over the reference's square. NaN where the others hold it.
 * @param reference the float model's outputs, a batch each
 * @param others of the same batches
 */
export function outputDistance(reference: readonly HostTensors[], others: readonly HostTensors[]): number {
  const tallies = new Map<string, { sum: number; count: number }>();
  for (const [name, tensor, other] of pairsOf(reference, others)) {
    const tally = tallies.get(name) ?? { sum: 0, count: 0 };
    tallies.set(name, tally);
    addDistance(tally, tensor, other);
  }
  const means = [...tallies.values()].map(({ sum, count }) => (count === 0 ? 0 : sum / count));
  return means.reduce((total, mean) => total + mean, 0) / Math.max(1, means.length);
}

/** Signal to noise of all float outputs together, dB; NaN where the others hold it. */
export function outputSqnrDb(reference: readonly HostTensors[], others: readonly HostTensors[]): number {
  const sums = { reference: 0, difference: 0 };
  for (const [, tensor, other] of pairsOf(reference, others)) {
    const [x, y] = [tensor.data as Float32Array, other.data as Float32Array];
    for (let i = 0; i < x.length; i++) {
      sums.reference += x[i]! ** 2;
      sums.difference += (x[i]! - y[i]!) ** 2;
    }
  }
  return Number.isNaN(sums.difference) ? Number.NaN : sqnrDb(sums);
}

function* pairsOf(
  reference: readonly HostTensors[],
  others: readonly HostTensors[],
): Iterable<readonly [name: string, reference: HostTensor, other: HostTensor]> {
  for (const [at, batch] of reference.entries()) {
    for (const [name, tensor] of Object.entries(batch)) {
      const other = others[at]?.[name];
      if (other !== undefined && isFloat(tensor)) yield [name, tensor, other];
    }
  }
}

function isFloat({ data }: HostTensor): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}

function isRowOfScores({ dims }: HostTensor): boolean {
  return dims.length === 2 && dims[1]! > 1;
}

function addDistance(tally: { sum: number; count: number }, reference: HostTensor, other: HostTensor): void {
  const [x, y] = [reference.data as Float32Array, other.data as Float32Array];
  const [rows = 1, scores = 1] = reference.dims;
  if (isRowOfScores(reference)) {
    for (let row = 0; row < rows; row++) {
      const [p, q] = [x, y].map((values) => logSoftmax(values.subarray(row * scores, (row + 1) * scores)));
      for (let i = 0; i < scores; i++) tally.sum += Math.exp(p![i]!) * (p![i]! - q![i]!);
    }
    tally.count += rows;
    return;
  }
  let [square, difference] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    square += x[i]! ** 2;
    difference += (x[i]! - y[i]!) ** 2;
  }
  tally.sum += difference;
  tally.count += square;
}

function logSoftmax(values: Float32Array): Float64Array {
  // Rows of probabilities already are what they are.
  const total = values.reduce((sum, value) => sum + value, 0);
  if (Math.abs(total - 1) < 1e-4 && values.every((value) => value >= 0)) {
    return Float64Array.from(values, (value) => Math.log(Math.max(value, 1e-12)));
  }
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return Float64Array.from(values, (value) => value - largest - Math.log(sum));
}
