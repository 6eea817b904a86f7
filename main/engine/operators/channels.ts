/** Facets of the operator table that say where channels lie, and which of them belong together. */
import type { ChannelCut, NodeRecut } from './channel-cut.ts';
import type { ChannelTies } from './channel-ties.ts';

/** The weights that a layer's data meets: where they stand, and how they count channels. */
export interface LayerWeights {
  readonly input: number;
  /** Input with one number to add for each output channel; undefined: the operator takes none. */
  readonly bias: number | undefined;
  /** Where the weights count the channels that the layer gives; undefined: nowhere. */
  readonly outputChannels: (context: WeightContext) => ChannelAxis | undefined;
  /** Where they count the channels of the data's axis 1; undefined: that axis is none of channels. */
  readonly dataChannels?: (context: WeightContext) => ChannelAxis | undefined;
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
 * How a node's axes hang together when elements of some are taken out, and how the node is written afterwards. Absent for an
 * operator: nothing is known, so every axis that it touches stays whole.
 */
export interface ChannelFacet {
  /**
   * Says, for the shapes at hand, which elements of the inputs' and outputs' axes stand or fall together. An axis that it
   * does not mention stays whole.
   */
  readonly relate: (ties: ChannelTies) => void;
  /** Attributes and settings that count elements, after the cut; undefined: none of them changes. */
  readonly recut?: (cut: ChannelCut) => NodeRecut | undefined;
  /** The input that states the sizes of output 0, whose entries follow the cut; `infersOne`: one may be −1. */
  readonly sizes?: { readonly input: number; readonly infersOne: boolean };
}
