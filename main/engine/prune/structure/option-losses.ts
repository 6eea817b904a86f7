import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import type { CalibrationRunner } from '../repair/layer-sums.ts';
import { RESTING } from '../../sums/session-settings.ts';

/** How far a model's answers are from the float model's, on the same samples. */
export class OutputDistance {
  readonly #on: CalibrationRunner;
  readonly #context: TaskContext;
  #reference: readonly HostTensors[] = [];

  private constructor(on: CalibrationRunner, context: TaskContext) {
    this.#on = on;
    this.#context = context;
  }

  /**
   * Keeps the outputs of the float model.
   * @throws RUNTIME_…, CANCELLED
   */
  static async from(model: Model, on: CalibrationRunner, context: TaskContext): Promise<OutputDistance> {
    const distance = new OutputDistance(on, context);
    distance.#reference = await distance.#run(model);
    return distance;
  }

  /**
   * Mean over samples and outputs: where an output is a row of scores for each sample, KL(float ‖ model) of their softmax; else
   * the squared error over the float output's square.
   * @throws RUNTIME_…, CANCELLED
   */
  async of(model: Model): Promise<number> {
    const outputs = await this.#run(model);
    const tallies = new Map<string, { sum: number; count: number }>();
    for (const [at, reference] of this.#reference.entries()) {
      for (const [name, tensor] of Object.entries(reference)) {
        const other = outputs[at]?.[name];
        if (other === undefined || !isFloat(tensor)) continue;
        const tally = tallies.get(name) ?? { sum: 0, count: 0 };
        tallies.set(name, tally);
        addDistance(tally, tensor, other);
      }
    }
    const means = [...tallies.values()].map(({ sum, count }) => (count === 0 ? 0 : sum / count));
    return means.reduce((total, mean) => total + mean, 0) / Math.max(1, means.length);
  }

  /** What `of` tells: the divergence of rows of scores, or, with other outputs, an error. */
  get measure(): 'divergence' | 'error' {
    const [first] = this.#reference;
    return Object.values(first ?? {})
      .filter(isFloat)
      .every(isRowOfScores)
      ? 'divergence'
      : 'error';
  }

  async #run(model: Model): Promise<readonly HostTensors[]> {
    const { runner, batches } = this.#on;
    const { signal } = this.#context;
    const session = await runner.load(sourceOfModel(model), RESTING, { signal });
    const outputs: HostTensors[] = [];
    try {
      for await (const feeds of batches()) {
        throwIfCancelled(signal);
        outputs.push(await session.run(feeds, { signal }));
      }
    } finally {
      if (runner.alive) await session.close();
    }
    return outputs;
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
