import { describe, expect, it } from 'vitest';
import { shareAt, type WidthTarget } from '../../../../main/judge/predict/allocate.ts';
import { allocateByLosses, type WidthOption } from '../../../../main/judge/predict/allocate-losses.ts';
import { allocateByPrice, priceOptions } from '../../../../main/judge/predict/allocate-by-price.ts';
import type { WidthModel } from '../../../../main/judge/predict/widths.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';

/** Groups of eight units, each giving 8 weights: every unit costs the same. */
function blocks(count: number): WidthModel {
  const each = Array.from({ length: count }, (_, at) => at);
  return {
    groups: each.map((at) => ({ name: `g${at}`, kind: 'unit', atoms: 8, each: 1, layers: [`g${at}`] })),
    axes: each.map((group) => ({ fixed: 0, parts: [{ group, each: 1 }] })),
    tensors: each.map((at) => ({ axes: [at], elements: 8, bytesEach: 4, isParameter: true })),
    layers: each.map((at) => ({ name: `g${at}`, op: 'Gemm', macs: 64, tensors: [at], axes: [at], inputAxes: [] })),
  };
}

const losses = (...of: number[]): WidthOption[] => of.map((loss, at) => ({ width: 2 * (at + 1), loss }));

const byPrice = (model: WidthModel, options: readonly (readonly WidthOption[])[], target: WidthTarget): Int32Array =>
  allocateByPrice(model, priceOptions(model, options, target), target);

describe('allocateByPrice', () => {
  it('cuts where the loss is least', () => {
    const options = [losses(0.1, 0.05, 0.02, 0), losses(9, 3, 1, 0)];
    expect([...byPrice(blocks(2), options, { measure: 'macs', keep: 0.625 })]).toEqual([2, 8]);
  });

  it('gives back what still fits: from 8 + 2 of 16 units to 8 + 4 at three quarters', () => {
    const options = [losses(5, 4, 3, 0), losses(0.4, 0.3, 0.2, 0)];
    expect([...byPrice(blocks(2), options, { measure: 'macs', keep: 0.75 })]).toEqual([8, 4]);
  });

  it('takes the narrowest widths where the target cannot be met, and nothing where it is met already', () => {
    const options = [losses(1, 0.5, 0.2, 0)];
    expect([...byPrice(blocks(1), options, { measure: 'macs', keep: 0.1 })]).toEqual([2]);
    expect([...byPrice(blocks(1), options, { measure: 'macs', keep: 1 })]).toEqual([8]);
  });

  it('comes near the exact optimum, and meets the target', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 30; round++) {
      const model = blocks(6);
      const options = model.groups.map(() => {
        const scale = random();
        const [a, b, c] = [random(), random(), random()];
        return losses(scale * (a + b + c), scale * (a + b), scale * a, 0);
      });
      const target = { measure: 'macs', keep: 0.3 + 0.6 * random() } as const;
      const total = (kept: Int32Array): number =>
        options.reduce((sum, own, at) => sum + own.find(({ width }) => width === kept[at])!.loss, 0);
      const [exact, near] = [allocateByLosses(model, options, target), byPrice(model, options, target)];
      expect(shareAt(model, target, near)).toBeLessThanOrEqual(target.keep * (1 + 1e-9));
      expect(total(near)).toBeGreaterThanOrEqual(total(exact) - 1e-9);
      expect(total(near)).toBeLessThanOrEqual(total(exact) * 1.25 + 0.05);
    }
  });
});
