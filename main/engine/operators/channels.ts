/** Facets of the operator table that say where channels lie, and which of them belong together. */
import type { Facts } from './facts.ts';
import type { NodeAttributes } from './node-attributes.ts';

/** The weights that a layer's data meets: where they stand, and how they count channels. */
export interface LayerWeights {
  readonly input: number;
  /** Input with one number to add for each output channel; undefined: the operator takes none. */
  readonly bias: number | undefined;
  /** Where the weights count the channels that the layer gives; undefined: nowhere. */
  readonly outputChannels: (context: WeightContext) => ChannelAxis | undefined;
  /** Where they count the channels of the data's axis 1; undefined: that axis is none of channels. */
  readonly dataChannels?: (context: WeightContext) => ChannelAxis | undefined;
  /** The axes that the products of one output are summed over; undefined: they cannot be told. */
  readonly summed: (context: WeightContext) => SummedAxes | undefined;
}

/** Where the weights count the inputs of one output, and where the places of a kernel. */
export interface SummedAxes {
  readonly inputs: number;
  /** Axes of the kernel's places, in order; none: a matrix. */
  readonly taps: readonly number[];
}

/** The axis counts the channels of one group, all of them together are `groups` times as many. */
export interface ChannelAxis {
  readonly axis: number;
  readonly groups: number;
}

export interface WeightContext {
  readonly weightRank: number;
  int(attribute: string, fallback: number): number;
}

/**
 * Which channels of a node's inputs and outputs stand or fall together when some are removed, for the shapes at hand: Conv
 * ties W's axis 0 and B's axis 0 to the output's axis 1, and the data's axis 1 to W's axis 1; Concat an input's axis to a
 * stretch of the output's; Flatten each channel to H·W features in a row. A constant at an input is sliced along the axis
 * of its relations.
 * @returns every relation of the node; undefined: these operands tie channels in a way that cannot be told, so all stay
 */
export type ChannelRelations = (context: ChannelContext) => readonly ChannelRelation[] | undefined;

/** A node with the facts of its inputs and outputs, as a `ChannelRelations` rule sees it. */
export interface ChannelContext {
  readonly attributes: NodeAttributes;
  readonly inputs: readonly (Facts | undefined)[];
  readonly outputs: readonly (Facts | undefined)[];
}

/** One axis of one input or output. */
export interface ChannelEnd {
  readonly side: 'input' | 'output';
  readonly position: number;
  readonly axis: number;
}

/**
 * Channel c of `from` goes with the channels offset + stride·(c·repeat + r) of `to`, for 0 ≤ r < repeat; those that lie
 * outside of `to` have no counterpart.
 */
export interface ChannelRelation {
  readonly from: ChannelEnd;
  readonly to: ChannelEnd;
  /** Where the first channel goes; negative where the first ones are cut off (Slice). */
  readonly offset: number;
  /** 1: neighbours stay neighbours. */
  readonly stride: number;
  /** Channels of `to` that one of `from` stands for: H·W behind a Flatten. */
  readonly repeat: number;
  /** Parts of the axes of which each must lose as many channels; 1: the axes are one part. */
  readonly groups: number;
}
