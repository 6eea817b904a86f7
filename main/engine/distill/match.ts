/** A value of the student that is to come near to something, with the shapes of both. */
export interface Match {
  /**
   * `values`: the teacher's value, by squared error; `attention`: where it is active; `outputs`: the softmax of its scores;
   * `labels`: the class of each sample.
   */
  readonly kind: 'values' | 'attention' | 'outputs' | 'labels';
  /** Values in the student and in the teacher; of labels the teacher's is not used. */
  readonly student: string;
  readonly teacher: string;
  /** Dimensions of the student's value, and of what it is compared with; the batch first. */
  readonly dims: readonly number[];
  readonly targetDims: readonly number[];
  /** Axis of the channels or of the classes. */
  readonly axis: number;
  /** Share of the loss at the start. */
  readonly share: number;
  /** Where the teacher has other channels, what they are made of at first: [channels of the student, of the teacher]. */
  readonly adaptor?: Float32Array;
}

/** A match as an input of the graphs that train and evaluate, and the loss between both. */
export interface Target {
  readonly match: Match;
  /** Input: what the student's value is to come near to. */
  readonly input: string;
  /** The student's value, or what an adaptor makes of it. */
  readonly value: string;
  /** Output: the loss, a number. */
  readonly loss: string;
}
