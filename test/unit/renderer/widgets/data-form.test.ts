import { describe, expect, it } from 'vitest';
import {
  EMPTY_DATA_FORM,
  checkDataForm,
  describePreprocessing,
  parseNumbers,
} from '../../../../renderer/widgets/data-form.ts';
import { shortened } from '../../../../renderer/widgets/shorten.ts';

describe('checkDataForm', () => {
  it('turns typed fields into parameters', () => {
    const form = { ...EMPTY_DATA_FORM, path: ' /data ', mean: '0.5, 0.4 0.3', std: '1;1;1', resize: 256, scale: '1' };
    expect(checkDataForm(form)).toEqual({
      ok: true,
      source: {
        path: '/data',
        labelsPath: null,
        preprocessing: {
          mean: [0.5, 0.4, 0.3],
          std: [1, 1, 1],
          resize: 256,
          scale: 1,
          channels: 'auto',
          layout: 'auto',
          labelOffset: 0,
        },
      },
    });
  });

  it('names every field that is wrong', () => {
    const form = { ...EMPTY_DATA_FORM, mean: 'a', std: '0', scale: '-1' };
    const checked = checkDataForm(form);
    expect(checked.ok ? [] : Object.keys(checked.problems).sort()).toEqual(['mean', 'path', 'scale', 'std']);
  });

  it('wants as many deviations as means', () => {
    const checked = checkDataForm({ ...EMPTY_DATA_FORM, path: 'x', mean: '1 2 3', std: '1' });
    expect(checked.ok ? '' : checked.problems.std).toBe('Got 1 for 3 means.');
  });

  it('reads lists and refuses what is no number', () => {
    expect(parseNumbers('')).toEqual([]);
    expect(parseNumbers('1,x')).toBeNull();
  });

  it('describes only what is set', () => {
    const plain = {
      resize: null,
      mean: [],
      std: [],
      scale: null,
      channels: 'auto',
      layout: 'auto',
      labelOffset: 0,
    } as const;
    expect(describePreprocessing({ ...plain, mean: [], std: [] })).toBe('');
    expect(describePreprocessing({ ...plain, resize: 224, mean: [0.5], std: [], channels: 'bgr' })).toBe(
      'resize 224 px · mean 0.5 · bgr',
    );
  });
});

describe('names in narrow places', () => {
  it('keep both ends', () => {
    expect(shortened('abcdefghij', 7)).toBe('abc…hij');
    expect(shortened('abc', 7)).toBe('abc');
  });
});
