/** Sums over the elements of a reference x and its approximation y. */
export interface ErrorSums {
  /** Σ x² */
  readonly reference: number;
  /** Σ (x − y)² */
  readonly difference: number;
  /** Σ y² */
  readonly approximation: number;
}

/** Double precision's unit, under which neither norm is taken. */
const EPSILON = 2.2e-16;

/**
 * Signal to quantization noise, 20·log₁₀(max(‖x‖, ε) / max(‖x − y‖, ε)) in dB; 6.02 dB are one bit. Equal signals give a
 * large finite number; so does silence that stayed silent (313 dB, as a signal of norm 1 would), which the formula alone
 * would call 0 dB: a dead channel is no bad channel.
 */
export function sqnrDb({ reference, difference }: Pick<ErrorSums, 'reference' | 'difference'>): number {
  if (reference === 0 && difference === 0) return -20 * Math.log10(EPSILON);
  return 20 * Math.log10(Math.max(Math.sqrt(reference), EPSILON) / Math.max(Math.sqrt(difference), EPSILON));
}

/**
 * Cosine of the angle between x and y, from Σxy = (Σx² + Σy² − Σ(x−y)²)/2; 1 when both are zero, 0 when one is.
 */
export function cosineOf({ reference, difference, approximation }: ErrorSums): number {
  if (reference === 0 && approximation === 0) return 1;
  if (reference === 0 || approximation === 0) return 0;
  const product = (reference + approximation - difference) / 2;
  return Math.max(-1, Math.min(1, product / Math.sqrt(reference * approximation)));
}
