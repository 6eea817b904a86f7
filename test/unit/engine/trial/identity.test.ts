import { describe, expect, it } from 'vitest';
import { WHOLE_SET } from '../../../../main/contract/data.ts';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import { trialId } from '../../../../main/engine/trial/identity.ts';

const idOf = (steps: object[], calibration: Parameters<typeof trialId>[0]['calibration'] = null, vnni = true): string =>
  trialId({ modelId: 'm', recipe: recipeSchema.parse({ version: 2, steps }), calibration }, { vnni });

describe('the id of a trial', () => {
  const data = { datasetId: 'd', split: WHOLE_SET };

  it('is the same for the same recipe, however it is written down', () => {
    const short = idOf([{ prune: { sparsity: 0.5 } }]);
    expect(short).toMatch(/^[\da-f]{32}$/u);
    expect(idOf([{ prune: { structure: 'element', scope: 'global', sparsity: 0.5, exclude: [] } }])).toBe(short);
    expect(idOf([{ prune: { sparsity: 0.5 } }, { quantize: {}, off: true }])).toBe(short);
  });

  it('is another for another order, model or setting', () => {
    const [a, b] = [{ prune: { sparsity: 0.1 } }, { prune: { sparsity: 0.2 } }];
    expect(new Set([idOf([a, b]), idOf([b, a]), idOf([a])]).size).toBe(3);
  });

  it('minds the calibration data of recipes that need some, and of no others', () => {
    expect(idOf([{ prune: { sparsity: 0.5 } }], data)).toBe(idOf([{ prune: { sparsity: 0.5 } }]));
    expect(idOf([{ quantize: {} }], data)).not.toBe(idOf([{ quantize: {} }], { ...data, datasetId: 'other' }));
    const part = { part: 'calibration', seed: 0, share: 0.2 } as const;
    expect(idOf([{ quantize: {} }], data)).not.toBe(idOf([{ quantize: {} }], { ...data, split: part }));
  });

  it('is made of what "auto" means here', () => {
    expect(idOf([{ quantize: {} }], data, true)).toBe(idOf([{ quantize: { reduceRange: false } }], data, true));
    expect(idOf([{ quantize: {} }], data, false)).not.toBe(idOf([{ quantize: {} }], data, true));
  });
});
