import type { TrainingOrder } from '../../contract/training.ts';

let ask: () => Promise<TrainingOrder> = () => Promise.resolve('go');

/** Whom this thread's trainings ask what to do next. To be called before the first operation. */
export function takeOrdersFrom(owner: () => Promise<TrainingOrder>): void {
  ask = owner;
}

/** What the training is to do next. */
export function trainingOrder(): Promise<TrainingOrder> {
  return ask();
}
