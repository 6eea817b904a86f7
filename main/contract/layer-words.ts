/** The closed lists of words behind the columns of the table of layers; free of schemas, since the window reads them first. */

/** What kind of work an operator does; graphs are coloured by it. From the operator table. */
export const LAYER_CATEGORIES = [
  'layer',
  'activation',
  'pool',
  'normalization',
  'dropout',
  'shape',
  'tensor',
  'quantization',
  'attention',
  'other',
] as const;
export type OperatorCategory = (typeof LAYER_CATEGORIES)[number];

/** Where a layer of the source is in the trial; the column `state` holds the place in this list. */
export const LAYER_STATES = ['present', 'fused', 'removed', 'added'] as const;
/**
 * present: nodes of the trial compute it. fused: another layer's nodes compute it too. removed: nothing does.
 * added: the source has no such layer.
 */
export type LayerState = (typeof LAYER_STATES)[number];

/** What layers are among the parts that blocks are recognised by: attention is products around a softmax. */
export const BLOCK_PARTS = [
  'other',
  'convolution',
  /** 1 × 1. */
  'pointwise',
  /** In groups. */
  'depthwise',
  'upsampling',
  'product',
  'softmax',
  'sum',
  /** Elementwise multiplication. */
  'gate',
  'sigmoid',
  'tanh',
  'activation',
  'norm',
  'globalPool',
  'mean',
  'joining',
  'recurrence',
  'attention',
] as const;
export type BlockPart = (typeof BLOCK_PARTS)[number];

/** With more nodes than this, attributes and weights are fetched for the selected layer alone. */
export const MOST_DETAILED = 5000;
