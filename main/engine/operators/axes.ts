/** Channel axes: where data and weights count channels. */
import { intAttribute } from '../graph/attributes.ts';
import type { Node } from '../graph/ir.ts';
import { nameHasTrait } from './ask.ts';
import type { ChannelAxis, LayerWeights, WeightContext } from './channels.ts';
import { operatorSpec } from './table.ts';

/**
 * The axis of an operator's output that counts channels: 1; in sequences [batch, steps, features] of matrix products and the
 * like the last. undefined for vectors and numbers.
 */
export function channelAxis(rank: number, opType: string): number | undefined {
  if (rank < 2) return undefined;
  return rank === 3 && !nameHasTrait(opType, 'channelsSecond') ? 2 : 1;
}

/** Where the node takes weights; undefined: it is no layer with weights, or unknown. */
export function layerWeights(node: Node): LayerWeights | undefined {
  return operatorSpec(node.domain, node.opType)?.weights;
}

/** Where weights of these dimensions count the channels that the node gives. */
export function outputChannels(node: Node, weightDims: readonly number[]): ChannelAxis | undefined {
  return layerWeights(node)?.outputChannels(weightContext(node, weightDims));
}

/** Channels of the data's axis 1, told by the weights' dimensions; undefined: that axis is none of channels. */
export function dataChannels(node: Node, weightDims: readonly number[]): number | undefined {
  const found = layerWeights(node)?.dataChannels?.(weightContext(node, weightDims));
  return found === undefined ? undefined : (weightDims[found.axis] ?? 1) * found.groups;
}

/** A weight as the operator table's questions take it. */
export function weightContext(node: Node, weightDims: readonly number[]): WeightContext {
  return {
    weightRank: weightDims.length,
    int: (attribute, fallback) => intAttribute(node, attribute, fallback),
  };
}
