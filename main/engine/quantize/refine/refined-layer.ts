import type { CodeFormat } from '../schemes.ts';

/** As their format holds them. */
export type WeightCodes = Int8Array | Uint8Array | Uint16Array;

/** What takes the place of a layer's rounded weights and of its bias; undefined: they stay. */
export interface RefinedLayer {
  /** Codes of the weights, in their order, with the scales that they are meant for. */
  readonly codes?: WeightCodes;
  readonly scales?: Float32Array;
  readonly bias?: Float32Array;
}

/** What refinement did to a layer. */
export interface Refinement {
  /** Squared error of its activated outputs on the samples it learnt on, over their square: to the nearest, and learnt. */
  readonly rounding: { readonly before: number; readonly after: number } | null;
  /** The largest shift of a bias, over the root mean square of what the layer gives; null: no bias was corrected. */
  readonly biasShift: number | null;
  readonly note: string | null;
}

/** A layer's weights as they were written. */
export interface WrittenWeights {
  /** In the units of the output: factors of the layer are in them. Made when asked for: all at once are as large as the model. */
  readonly values: () => Float32Array;
  readonly dims: readonly number[];
  /** Axis with a scale each; null: one scale for all. */
  readonly axis: number | null;
  readonly scales: Float32Array;
  readonly codes: WeightCodes;
  /** One number for each output channel; undefined: the layer has none. */
  readonly bias: Float32Array | undefined;
  readonly format: CodeFormat;
}
