import type { Training, TrainingOrder } from '../../contract/training.ts';
import type { CheckpointStore } from './checkpoint.ts';

/** What the outside has to do with a training. */
export interface TrainingHost {
  /** Told whenever there is something new, at most a few times a second. */
  readonly tell: (training: Training) => void;
  /** Asked before every step. */
  readonly order: () => Promise<TrainingOrder>;
  /** Where what is needed to go on is kept; undefined: nowhere. */
  readonly checkpoints?: CheckpointStore | undefined;
  /** Where what the steps before the training made is kept, so that a run that goes on need not make it again. */
  readonly stepsBefore?: CheckpointStore | undefined;
}

/** Nobody hears of it, and it runs to its end. */
export const NOBODY: TrainingHost = { tell: () => undefined, order: () => Promise.resolve('go') };
