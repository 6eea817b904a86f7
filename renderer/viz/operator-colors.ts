import type { OperatorCategory } from '../../main/contract/layer-words.ts';

/** Header colours of operators by their category: Netron's, rgb; text on them is white. */
export const CATEGORY_COLORS: Readonly<Record<OperatorCategory, string>> = {
  layer: 'rgb(51, 85, 136)',
  activation: 'rgb(112, 41, 33)',
  pool: 'rgb(51, 85, 51)',
  normalization: 'rgb(51, 85, 68)',
  dropout: 'rgb(69, 71, 112)',
  shape: 'rgb(108, 79, 71)',
  tensor: 'rgb(89, 66, 59)',
  quantization: 'rgb(80, 40, 0)',
  attention: 'rgb(120, 60, 0)',
  other: 'rgb(70, 74, 82)',
};
