/** Over less than this a pace tells how long one message took, not how long steps do. */
const LEAST_MS = 200;

/** Steps per second of a training, over the time in which it made steps: neither pauses nor what goes before count. */
export class Pace {
  #at: number;
  #step = 0;
  #perSecond: number | null = null;

  /** @param now milliseconds */
  constructor(now: number) {
    this.#at = now;
  }

  /** null: not known yet. */
  get perSecond(): number | null {
    return this.#perSecond;
  }

  /** The step that the training is at. @param goesOn whether it has made steps since the last time, and not waited */
  reached(step: number, now: number, goesOn: boolean): void {
    const isSooner = now - this.#at < LEAST_MS && this.#perSecond !== null;
    if (goesOn && step > this.#step && isSooner) return;
    if (goesOn && step > this.#step && now > this.#at)
      this.#perSecond = (1000 * (step - this.#step)) / (now - this.#at);
    [this.#at, this.#step] = [now, step];
  }
}
