/** What a row of scores predicts. */
export interface Prediction {
  /** Index of the largest score, the first of equal ones; -1 when a score is NaN. */
  readonly best: number;
  /** Whether `label` is among the five largest: fewer than five scores are larger (or equal and before it). */
  readonly inTop5: boolean;
}

/** Reads one row of scores. @param label -1: none */
export function predict(scores: ArrayLike<number>, start: number, classes: number, label: number): Prediction {
  let best = 0;
  let before = 0;
  const own = label >= 0 && label < classes ? scores[start + label]! : NaN;
  for (let index = 0; index < classes; index++) {
    const score = scores[start + index]!;
    if (Number.isNaN(score)) return { best: -1, inTop5: false };
    if (score > scores[start + best]!) best = index;
    if (score > own || (score === own && index < label)) before++;
  }
  return { best, inTop5: !Number.isNaN(own) && before < 5 };
}

/** Guards the logarithm and the division. */
const EPSILON = 2.2e-16;

/**
 * Likeness of two signals over everything added, in float64.
 * SQNR in dB: 20·log₁₀(max(‖x‖, ε) / max(‖x − y‖, ε)); cosine: 1 where one of the two is zero throughout.
 */
export class Similarity {
  #signal = 0;
  #noise = 0;
  #other = 0;
  #product = 0;

  /** @param reference x; @param values y, as many */
  add(reference: ArrayLike<number>, values: ArrayLike<number>, length = reference.length): void {
    for (let index = 0; index < length; index++) {
      const x = reference[index]!;
      const y = values[index]!;
      this.#signal += x * x;
      this.#noise += (x - y) * (x - y);
      this.#other += y * y;
      this.#product += x * y;
    }
  }

  /** null when a value was NaN or infinite. */
  get sqnrDb(): number | null {
    const ratio = Math.max(Math.sqrt(this.#signal), EPSILON) / Math.max(Math.sqrt(this.#noise), EPSILON);
    const db = 20 * Math.log10(ratio);
    return Number.isFinite(db) ? db : null;
  }

  /** null when a value was NaN or infinite. */
  get cosine(): number | null {
    const norms = Math.sqrt(this.#signal) * Math.sqrt(this.#other);
    if (norms === 0) return 1;
    const cosine = this.#product / norms;
    return Number.isFinite(cosine) ? cosine : null;
  }
}
