import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import { distanceMeasure, outputDistance, type DistanceMeasure } from '../../dataset/output-distance.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
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
   * See `outputDistance`.
   * @throws RUNTIME_…, CANCELLED
   */
  async of(model: Model): Promise<number> {
    const outputs = await this.#run(model);
    return outputDistance(this.#reference, outputs);
  }

  /** What `of` tells: the divergence of rows of scores, or, with other outputs, an error. */
  get measure(): DistanceMeasure {
    return distanceMeasure(this.#reference[0]);
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
