/** A value with its 95 % interval; null bounds: too little was seen to say. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Two-sided 95 % of the normal distribution. */
export const Z95 = 1.959963984540054;
