import { throwIfCancelled } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { removeDeadCode } from '../../passes/dead-code.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { KeptValues } from '../../runtime/protocol.ts';
import { tapModel } from '../../runtime/taps.ts';
import { distanceMeasure, outputDistance, type DistanceMeasure } from '../../dataset/output-distance.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { CalibrationRunner } from '../repair/layer-sums.ts';
import { beginningAt, crossing, KEPT_BYTES } from '../../sums/frontier.ts';
import { levelsOf } from '../../sums/levels.ts';
import { RESTING } from '../../sums/session-settings.ts';

/** Compares models that differ from the float one behind some values only. */
export interface DistanceBehind {
  readonly of: (changed: Model) => Promise<number>;
  readonly close: () => Promise<void>;
}

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

  /**
   * The same for models that differ from the float one in some nodes' weights alone: what comes before these nodes is computed
   * once, and kept in the runner. To be closed.
   * @param nodes of the float model
   * @throws RUNTIME_…, CANCELLED
   */
  async behind(model: Model, nodes: ReadonlySet<Node>): Promise<DistanceBehind> {
    const values = crossing(model, levelsOf(model.graph, nodes), 0);
    const kept = values.length === 0 ? [] : await this.#kept(model, values);
    if (kept.length === 0) return { of: (changed) => this.of(changed), close: () => Promise.resolve() };
    return {
      of: async (changed) => {
        const begun = removeDeadCode(beginningAt(changed, values)).model;
        return outputDistance(this.#reference, await this.#run(begun, kept));
      },
      close: () => this.#on.runner.release(kept),
    };
  }

  /** Values of each batch; none where they take too much memory. */
  async #kept(model: Model, values: readonly string[]): Promise<readonly KeptValues[]> {
    const { runner, batches } = this.#on;
    const { signal } = this.#context;
    const tapped = removeDeadCode({
      ...model,
      graph: {
        ...model.graph,
        outputs: tapModel(model, values).graph.outputs.filter(({ name }) => values.includes(name)),
      },
    }).model;
    const session = await runner.load(sourceOfModel(tapped), RESTING, { signal });
    const kept: KeptValues[] = [];
    try {
      for await (const feeds of batches()) {
        throwIfCancelled(signal);
        const run = await session.runKeeping({ feeds, from: null }, { outputs: [], keep: values }, { signal });
        if (run.kept !== null) kept.push(run.kept);
        if (kept.reduce((sum, { bytes }) => sum + bytes, 0) > KEPT_BYTES) {
          await runner.release(kept.splice(0));
          break;
        }
      }
    } finally {
      if (runner.alive) await session.close();
    }
    return kept;
  }

  /** What `of` tells: the divergence of rows of scores, or, with other outputs, an error. */
  get measure(): DistanceMeasure {
    return distanceMeasure(this.#reference[0]);
  }

  /** @param kept what the model begins with, batch by batch; left out: with its inputs */
  async #run(model: Model, kept?: readonly KeptValues[]): Promise<readonly HostTensors[]> {
    const { runner, batches } = this.#on;
    const { signal } = this.#context;
    const session = await runner.load(sourceOfModel(model), RESTING, { signal });
    const names = session.outputs.map(({ name }) => name);
    const outputs: HostTensors[] = [];
    try {
      for await (const feeds of batches()) {
        throwIfCancelled(signal);
        const from = kept?.[outputs.length];
        if (from === undefined) outputs.push(await session.run(feeds, { signal }));
        else
          outputs.push((await session.runKeeping({ feeds, from }, { outputs: names, keep: [] }, { signal })).outputs);
      }
    } finally {
      if (runner.alive) await session.close();
    }
    return outputs;
  }
}
