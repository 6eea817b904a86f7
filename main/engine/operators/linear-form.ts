/** A facet of the operator table: layers whose output is linear in their weights, written as matrix products. */
import type { WeightContext } from './channels.ts';

/**
 * output[g, m] = scale · Σ_k weight[at(g, m, k)] · column[g, k] + biasScale · bias[g·outputs + m], at each position and for
 * each group g. What the columns are follows from the data alone.
 */
export interface LinearForm {
  /** Which input holds the weights, and which the bias; undefined: the operator takes none. */
  readonly weight: number;
  readonly bias: number | undefined;
  readonly groups: number;
  /** Outputs and columns of one group. */
  readonly outputs: number;
  readonly columns: number;
  /** Columns of one input channel, which follow each other: the places of a kernel; 1 for matrices. */
  readonly taps: number;
  /** Place of a weight in its tensor. */
  readonly at: (group: number, output: number, column: number) => number;
  readonly scale: number;
  readonly biasScale: number;
  /** Whether channels lie on the last axis of data and output, or on axis 1. */
  readonly channelsLast: boolean;
  /** How data become columns; undefined: they are the columns. */
  readonly unfold: Unfolding | undefined;
}

/** The same operator with other weights gives the columns themselves, one as each channel of its output. */
export interface Unfolding {
  readonly weightDims: readonly number[];
  /** Places of the ones in these weights; all others are zero. */
  readonly ones: readonly number[];
  /** Replaces the node's own. */
  readonly attributes: Readonly<Record<string, bigint>>;
  /**
   * Further attributes with which only every so many positions of each spatial axis come out, from the first on; undefined:
   * they cannot be told apart so.
   */
  readonly thinned: ((steps: readonly number[]) => Readonly<Record<string, readonly bigint[]>>) | undefined;
}

/** @returns undefined: with these attributes and weights the layer is not of this form */
export type LinearRule = (context: LinearContext) => LinearForm | undefined;

export interface LinearContext extends WeightContext {
  readonly weightDims: readonly number[];
  ints(attribute: string): readonly number[] | undefined;
  float(attribute: string, fallback: number): number;
  text(attribute: string, fallback: string): string;
}
