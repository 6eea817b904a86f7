import { describe, expect, it } from 'vitest';
import { preprocessingSchema, WHOLE_SET, type MeasuredData, type Preprocessing } from '../../../main/contract/data.ts';
import { EMPTY_RECIPE, recipeSchema } from '../../../main/contract/recipe/recipe.ts';
import type { DatasetEntry } from '../../../main/contract/studio.ts';
import { PRESET_TABLE } from '../../../main/judge/preprocessing/presets.ts';
import { commandsFor } from '../../../main/services/report-commands.ts';

const QUANTIZED = recipeSchema.parse({ version: 2, steps: [{ quantize: { scheme: 'int8-static' } }] });

const set = (given: Partial<DatasetEntry> = {}): DatasetEntry => ({
  id: 'glyphs',
  name: 'Glyphs, fonts unseen in training (test)',
  path: '/somewhere/samples/glyphs-test.npz',
  labelsPath: null,
  kind: 'npz',
  samples: 1728,
  labelled: true,
  classCount: 36,
  preprocessing: preprocessingSchema.parse({}),
  ...given,
});

const measuredOn = (preprocessing: Partial<Preprocessing> = {}, given: Partial<MeasuredData> = {}): MeasuredData => ({
  datasetId: 'glyphs',
  fingerprint: '',
  name: set().name,
  split: WHOLE_SET,
  preprocessing: preprocessingSchema.parse(preprocessing),
  samples: 1728,
  ...given,
});

describe('commands of a report', () => {
  it('name the files of data, not their titles', () => {
    const own = measuredOn({}, { split: { part: 'calibration', share: 0.2, seed: 1 } });
    const known = { data: measuredOn(), datasets: [set()] };
    expect(commandsFor('net.onnx', { recipe: QUANTIZED, calibration: own }, known)).toEqual([
      'lapidary apply net.onnx -o optimized.onnx --recipe recipe.json --data glyphs-test.npz --calibration-share 0.2 --split-seed 1',
      'lapidary compare net.onnx optimized.onnx --data glyphs-test.npz',
    ]);
  });

  it.each([
    ['by its name where it has one', PRESET_TABLE.yolox.values, ' --preprocess yolox'],
    ['by its values else', { mean: [0.485, 0.5], std: [0.2, 0.3] }, ' --mean 0.485,0.5 --std 0.2,0.3'],
    [
      'with the offset of labels',
      { ...PRESET_TABLE.signed.values, labelOffset: 1 },
      ' --preprocess signed --label-offset 1',
    ],
  ])('say how data are prepared: %s', (_how, preprocessing, options) => {
    const known = { data: measuredOn(preprocessing), datasets: [set({ labelsPath: '/elsewhere/my labels.npy' })] };
    expect(commandsFor('net.onnx', { recipe: EMPTY_RECIPE, calibration: null }, known)).toEqual([
      'lapidary profile net.onnx',
      `lapidary evaluate net.onnx --data glyphs-test.npz --labels 'my labels.npy'${options}`,
    ]);
  });

  it('keep the name of a set that was removed since', () => {
    expect(
      commandsFor('net.onnx', { recipe: EMPTY_RECIPE, calibration: null }, { data: measuredOn(), datasets: [] })[1],
    ).toBe("lapidary evaluate net.onnx --data 'Glyphs, fonts unseen in training (test)'");
  });
});
