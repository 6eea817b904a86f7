import type { Training, TrainingOrder } from '../contract/training.ts';
import type { Emit } from './handlers.ts';

/** Trainings that run, as they tell of themselves, and what they are to do next. One runs at a time, as all jobs do. */
export class Trainings {
  readonly #emit: Emit;
  #running: { readonly trialId: string; readonly modelId: string; order: TrainingOrder; last: Training | null } | null =
    null;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** What the running training is to do. */
  get order(): TrainingOrder {
    return this.#running?.order ?? 'go';
  }

  /** A trial is being made, which may train. */
  begin(trialId: string, modelId: string, order: TrainingOrder): void {
    this.#running = { trialId, modelId, order, last: null };
  }

  /** What the running training told. */
  tell(training: Training): void {
    if (this.#running === null) return;
    this.#running.last = training;
    const { trialId, modelId } = this.#running;
    this.#emit('training', { trialId, modelId });
  }

  /** The trial is made, or given up. @returns what its training told last */
  end(): Training | null {
    const last = this.#running?.last ?? null;
    this.#running = null;
    return last;
  }

  /** What the training of a trial told, while it runs; null: it does not. */
  of(trialId: string): Training | null {
    return this.#running?.trialId === trialId ? this.#running.last : null;
  }

  /** Tells the running training of a trial what to do. */
  command(trialId: string, order: TrainingOrder): void {
    if (this.#running?.trialId === trialId) this.#running.order = order;
  }
}
