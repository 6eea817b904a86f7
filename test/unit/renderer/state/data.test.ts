import { describe, expect, it } from 'vitest';
import { dataFor, type DataChoice } from '../../../../renderer/state/data.ts';

const model = (id: string, ...sample: readonly (number | string)[]) => ({
  entry: { id },
  inspect: { inputs: [{ name: 'x', dtype: 'float32' as const, shape: ['N', ...sample] }] },
});
const digits: DataChoice = { evaluationId: 'digits', calibrationId: 'more-digits', inputs: 'float32 1024' };
const photos: DataChoice = { evaluationId: 'photos', calibrationId: null, inputs: 'float32 519168' };
const all = ['photos', 'digits', 'more-digits', 'new'].map((id) => ({ id }));
const chosen = { cnn: digits, yolo: photos };

describe('the data that a model begins with', () => {
  it('are those that were chosen for it', () => {
    expect(dataFor(model('cnn', 1, 32, 32), all, chosen)).toMatchObject({
      evaluationId: 'digits',
      calibrationId: 'more-digits',
    });
  });

  it('are else those of a model that takes samples of the same size', () => {
    expect(dataFor(model('gru', 32, 32), all, chosen).evaluationId).toBe('digits');
    expect(dataFor(model('detector', 3, 416, 416), all, chosen).evaluationId).toBe('photos');
  });

  it('are none rather than those of other inputs, and the first where nothing was ever chosen', () => {
    expect(dataFor(model('resnet', 3, 32, 32), all, chosen).evaluationId).toBeNull();
    expect(dataFor(model('resnet', 3, 'height', 'width'), all.slice(0, 1), {}).evaluationId).toBe('photos');
  });

  it('are not such as are gone', () => {
    expect(dataFor(model('cnn', 1, 32, 32), [{ id: 'digits' }], chosen)).toMatchObject({
      evaluationId: 'digits',
      calibrationId: null,
    });
    expect(dataFor(model('cnn', 1, 32, 32), [{ id: 'new' }], chosen).evaluationId).toBeNull();
  });
});
