/** One step: which operator, and what decides its details. */
export interface NetworkStep {
  readonly pick: number;
  readonly detail: number;
  readonly other: number;
}

export interface NetworkProgram {
  readonly family: 'image' | 'sequence';
  readonly seed: number;
  /** Channels, or features. */
  readonly width: number;
  readonly steps: readonly NetworkStep[];
}
