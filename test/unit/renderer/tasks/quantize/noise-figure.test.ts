import { describe, expect, it } from 'vitest';
import { LAYER_WAYS, type LayerTrials } from '../../../../../main/contract/layer-trials.ts';
import { noiseFigure, noiseNote } from '../../../../../renderer/tasks/quantize/noise-figure.ts';
import { someMeasurement } from '../../../../support/measured.ts';
import { BASELINE, int8, trial } from '../../../judge/predict/cases.ts';

const ways = LAYER_WAYS.schemes.map(({ key }) => key);
const schemes: LayerTrials = {
  tried: 'schemes',
  ways,
  data: { datasetId: 'd', name: 'd', key: '' },
  samples: 16,
  measure: 'error',
  rows: [{ layer: 'a', op: 'Conv', cells: ways.map(() => ({ loss: 0, sqnrDb: 30 })) }],
  layers: 1,
};
const inputs = { schemes, bits: null, vnni: true, trials: [] };

describe('the figure of the outputs’ signal to noise', () => {
  it('is not there where nothing is quantized', () => {
    expect(noiseFigure({ recipe: BASELINE, measured: null }, inputs)).toBeNull();
  });

  it('is predicted at once, and says how far such predictions were off', () => {
    const figure = noiseFigure({ recipe: int8(), measured: null }, inputs)!;
    expect(figure).toMatchObject({ sqnrDb: 30, measured: false });
    expect(noiseNote(figure, null)).toBe('layers alone');
    expect(noiseNote(figure, { trials: 2, meanDb: 1.5 })).toBe('layers alone; off by 1.5 dB so far (2 trials)');
  });

  it('asks for what is missing', () => {
    expect(noiseFigure({ recipe: int8(), measured: null }, { ...inputs, schemes: null })).toMatchObject({
      sqnrDb: null,
      missing: 'measure Schemes below',
    });
  });

  it('is measured then, beside what had been predicted', () => {
    const measured = trial('t', int8(false), {
      createdAt: 5,
      measurements: [someMeasurement({ trialId: 't', metric: 'sqnr', value: 28 })],
    });
    const figure = noiseFigure({ recipe: int8(false), measured }, { ...inputs, trials: [measured] })!;
    expect(figure).toMatchObject({ sqnrDb: 28, measured: true, predictedDb: 30 });
    expect(noiseNote(figure, null)).toBe('predicted 30 dB');
  });
});
