/** The recipe step of static int8 quantization, with every default filled in. */
export interface QuantizeStep {
  readonly scheme: 'int8-static';
  readonly calibrator: 'minmax';
  readonly perChannel: boolean;
  /** true: weights in 7 bits; 'auto': where the CPU lacks VNNI. */
  readonly reduceRange: boolean | 'auto';
  /** Calibration samples from the start of the data. */
  readonly samples: number;
  /** Layers left in float32, by name. */
  readonly exclude: readonly string[];
}
