/** Names of ways to prepare images; what each does is in `judge/preprocessing/presets.ts`. */
export const PRESETS = [
  'unit',
  'raw',
  'imagenet',
  'imagenet-whole',
  'cifar10',
  'mnist',
  'signed',
  'yolo',
  'yolox',
] as const;
export type PresetId = (typeof PRESETS)[number];
