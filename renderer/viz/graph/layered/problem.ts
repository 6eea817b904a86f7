/**
 * A layered drawing as numbers. Ranks follow each other "across" (down the page where the graph runs down), items of one rank
 * lie beside each other "along" it; whoever asks for a drawing that runs to the right swaps the two.
 */

/** What is said of an item's rank: nothing; at the start or the end among others; a rank of their own before or after all. */
export const ANYWHERE = 0;
export const FIRST = 1;
export const LAST = 2;
export const BEFORE_ALL = 3;
export const AFTER_ALL = 4;

export interface LayeredProblem {
  /** Extent of each item along its rank and across it, ≥ 0. */
  readonly along: Float64Array;
  readonly across: Float64Array;
  /** ANYWHERE, FIRST, LAST, BEFORE_ALL or AFTER_ALL for each item. */
  readonly place: Uint8Array;
  /** Items at the ends of each edge. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Where the edge leaves and reaches its items: distance along, from the item's start. */
  readonly fromAt: Float64Array;
  readonly toAt: Float64Array;
  /** Edges of one item with the same number are one line that branches. */
  readonly value: Int32Array;
}

/** Distances between what is drawn, scene units. */
export interface Spacing {
  /** Between items of a rank. */
  readonly items: number;
  /** Between an item and a line that passes by, and between two lines. */
  readonly lines: number;
  /** Least distance between ranks. */
  readonly ranks: number;
  /** Between parallel lines that run along in the room between two ranks. */
  readonly tracks: number;
}

export interface LayeredResult {
  /** Places of the items' starts. */
  readonly along: Float64Array;
  readonly across: Float64Array;
  /** Extent of the whole. */
  readonly extentAlong: number;
  readonly extentAcross: number;
  /** For each edge its corners: along, across, along, across … */
  readonly routes: readonly (readonly number[])[];
}
