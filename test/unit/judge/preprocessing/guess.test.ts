import { expect, it } from 'vitest';
import { preprocessingSchema } from '../../../../main/contract/data.ts';
import { PRESETS } from '../../../../main/contract/preprocessing-presets.ts';
import { guessPreprocessing, type GuessFacts } from '../../../../main/judge/preprocessing/guess.ts';
import { PRESET_TABLE, presetOf } from '../../../../main/judge/preprocessing/presets.ts';

const CLASSIFIER: GuessFacts = {
  input: { dtype: 'float32', shape: ['N', 3, 224, 224] },
  outputs: [['N', 1000]],
  name: 'net',
  metadata: {},
  normalizesItself: false,
  dataDtype: 'uint8',
};

it.each<readonly [string, Partial<GuessFacts>, string]>([
  ['a classifier of 224 pixels', {}, 'imagenet'],
  ['channels last', { input: { dtype: 'float32', shape: [1, 224, 224, 3] } }, 'signed'],
  ['28×28 in one channel', { input: { dtype: 'float32', shape: [1, 1, 28, 28] }, outputs: [[1, 10]] }, 'mnist'],
  ['3×32×32', { input: { dtype: 'float32', shape: ['N', 3, 32, 32] }, outputs: [['N', 10]] }, 'cifar10'],
  ['a detector', { input: { dtype: 'float32', shape: [1, 3, 640, 640] }, outputs: [[1, 84, 8400]] }, 'yolo'],
  [
    'YOLOX by name',
    { input: { dtype: 'float32', shape: [1, 3, 416, 416] }, outputs: [[1, 3549, 85]], name: 'yolox_nano' },
    'yolox',
  ],
  ['bytes', { input: { dtype: 'uint8', shape: [1, 3, 224, 224] } }, 'raw'],
  ['floats in the data', { dataDtype: 'float32' }, 'unit'],
  ['what the model does itself', { normalizesItself: true }, 'raw'],
  ['metadata of Windows ML', { metadata: { 'Image.NominalPixelRange': 'Normalized_1_1' } }, 'signed'],
  ['metadata in words', { metadata: { preprocessing: 'x/255' } }, 'unit'],
  ['no image', { input: { dtype: 'float32', shape: ['N', 128] } }, 'unit'],
])('guesses by %s, and says why', (_what, facts, preset) => {
  const guess = guessPreprocessing({ ...CLASSIFIER, ...facts });
  expect(guess.preset).toBe(preset);
  expect(guess.because).not.toBe('');
});

it('knows each preset by its values, and no other', () => {
  for (const id of PRESETS) expect(presetOf(preprocessingSchema.parse(PRESET_TABLE[id].values))).toBe(id);
  expect(presetOf(preprocessingSchema.parse({ resize: 300 }))).toBeNull();
});
