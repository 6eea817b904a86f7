import type { Turns } from '../base/turns.ts';

/**
 * Keeps questions and timed work apart: a question waits while a timed block runs, a timed block waits while questions are
 * answered. Between two blocks all questions that wait are let in at once and run to their end; those that come later wait
 * for the next time, so that neither side starves.
 */
export class Gate implements Turns {
  #timing = false;
  #asking = 0;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  /** Answers a question when no timed block runs. What touches no core needs no gate. */
  async ask<T>(answer: () => Promise<T>): Promise<T> {
    // Whoever lets it in has counted it already.
    if (this.#timing) await new Promise<void>((letIn) => this.#waiting.push(letIn));
    else this.#asking++;
    try {
      return await answer();
    } finally {
      this.#asking--;
      if (this.#asking === 0) for (const tell of this.#idle.splice(0)) tell();
    }
  }

  async take(): Promise<boolean> {
    this.#letIn();
    this.#timing = true;
    const disturbed = this.#asking > 0;
    while (this.#asking > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
      // The answer is packed for its window in the microtasks that follow: that is work too.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return disturbed;
  }

  giveBack(): void {
    this.#timing = false;
    this.#letIn();
  }

  #letIn(): void {
    const waiting = this.#waiting.splice(0);
    this.#asking += waiting.length;
    for (const letIn of waiting) letIn();
  }
}
