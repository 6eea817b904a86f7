/** Ways in which the field's models want their images, by the names that people know. */
import type { Preprocessing } from '../../contract/data.ts';
import { PRESETS, type PresetId } from '../../contract/preprocessing-presets.ts';

/** What a preset sets; the layout and the offset of labels are the model's and the data's own. */
export type PresetValues = Pick<Preprocessing, 'resize' | 'mean' | 'std' | 'scale' | 'channels' | 'letterbox'>;

export interface Preset {
  readonly title: string;
  /** What becomes of an 8-bit pixel. */
  readonly help: string;
  readonly values: PresetValues;
}

const PLAIN = { resize: null, mean: [], std: [], scale: null, channels: 'auto' } as const;

/**
 * Means and deviations as the field writes them: torchvision's for ImageNet, those of the training sets of CIFAR-10 and MNIST;
 * letterboxes as Ultralytics (centred, RGB, x/255) and YOLOX (top left, BGR, 0…255) make them, filled with grey 114.
 */
export const PRESET_TABLE: Readonly<Record<PresetId, Preset>> = {
  unit: { title: 'Scaled to 0…1', help: 'x/255', values: PLAIN },
  raw: { title: 'None', help: 'values as they are, 0…255', values: { ...PLAIN, scale: 1 } },
  imagenet: {
    title: 'ImageNet',
    help: 'shorter side 256, centre crop, mean and deviation of ImageNet',
    values: { ...PLAIN, resize: 256, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  'imagenet-whole': {
    title: 'ImageNet, uncropped',
    help: 'stretched to the input, mean and deviation of ImageNet: small images, some detectors',
    values: { ...PLAIN, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  cifar10: {
    title: 'CIFAR-10',
    help: 'mean and deviation of CIFAR-10',
    values: { ...PLAIN, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  },
  mnist: {
    title: 'MNIST',
    help: 'brightness, mean 0.1307, deviation 0.3081',
    values: { ...PLAIN, channels: 'gray', mean: [0.1307], std: [0.3081] },
  },
  signed: {
    title: 'Scaled to −1…1',
    help: '2x/255 − 1, as TensorFlow’s MobileNets take it',
    values: { ...PLAIN, mean: [0.5], std: [0.5] },
  },
  yolo: {
    title: 'YOLO letterbox',
    help: 'fitted in whole, centred, the rest grey 114; x/255',
    values: { ...PLAIN, letterbox: { fill: 114, align: 'center' } },
  },
  yolox: {
    title: 'YOLOX letterbox',
    help: 'fitted in whole, top left, the rest grey 114; BGR, 0…255',
    values: { ...PLAIN, scale: 1, channels: 'bgr', letterbox: { fill: 114, align: 'corner' } },
  },
};

/** The preset that sets just these values; null: they are nobody's. */
export function presetOf(preprocessing: PresetValues): PresetId | null {
  return PRESETS.find((id) => sameValues(PRESET_TABLE[id].values, preprocessing)) ?? null;
}

function sameValues(a: PresetValues, b: PresetValues): boolean {
  const text = ({ resize, mean, std, scale, channels, letterbox }: PresetValues): string =>
    JSON.stringify([resize, mean, std, scale, channels, letterbox?.fill, letterbox?.align]);
  return text(a) === text(b);
}
