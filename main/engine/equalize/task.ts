import type { TaskContext } from '../../base/progress.ts';
import type { CalibrationSamples } from '../dataset/finite-samples.ts';
import type { Model } from '../graph/ir.ts';
import type { SolvableLayers } from '../linear/solvable-layers.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { EqualizeOutcome } from './outcome.ts';

/** What the methods work on. */
export interface EqualizeTask {
  readonly model: Model;
  /** Layers of a model of the same nodes whose weights may be changed. */
  readonly layersOf: (model: Model) => SolvableLayers;
  readonly samples: CalibrationSamples;
  readonly limit: number;
  /** Samples on which every rewrite is checked. */
  readonly feeds: HostTensors;
  readonly runner: Runner;
  readonly context: TaskContext;
}

/** What a method gives back: a model that computes the same, of the same nodes. */
export interface Equalized extends Omit<EqualizeOutcome, 'method'> {
  readonly model: Model;
}
