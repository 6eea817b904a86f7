/** A facet of the operator table: where normalizations keep what they are trained and told. */
/** Inputs of a normalization with one number for each channel. */
export interface Normalization {
  readonly scale: number;
  readonly bias: number;
  /** Mean and variance that it was told in training; undefined: it takes those of the data at hand. */
  readonly statistics: { readonly mean: number; readonly variance: number } | undefined;
  /** Whether channels lie on the last axis, or on axis 1. */
  readonly channelsLast: boolean;
}
