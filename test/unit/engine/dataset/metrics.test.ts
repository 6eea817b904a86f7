import { describe, expect, it } from 'vitest';
import { predict, Similarity } from '../../../../main/engine/dataset/metrics.ts';
import { Tally } from '../../../../main/engine/dataset/tally.ts';

describe('predict', () => {
  const scores = [0.1, 0.9, 0.3, 0.2, 0.5, 0.4, 0.05];

  it('takes the largest score, the first of equal ones', () => {
    expect(predict([1, 3, 3], 0, 3, -1).best).toBe(1);
  });

  it('counts a label as in the top five when four scores are larger', () => {
    expect(predict(scores, 0, 7, 3).inTop5).toBe(true);
    expect(predict(scores, 0, 7, 0).inTop5).toBe(false);
  });

  it('predicts nothing where a score is NaN', () => {
    expect(predict([1, NaN], 0, 2, 0)).toEqual({ best: -1, inTop5: false });
  });
});

describe('Similarity', () => {
  it('is 20 dB for noise of a tenth of the signal, over batches together', () => {
    const similarity = new Similarity();
    similarity.add([3, 0], [3.3, 0]);
    similarity.add([0, 4], [0, 4.4]);
    expect(similarity.sqnrDb).toBeCloseTo(20, 10);
    expect(similarity.cosine).toBeCloseTo(1, 12);
  });

  it('is 1 in cosine for two silent signals', () => {
    const similarity = new Similarity();
    similarity.add([0, 0], [0, 0]);
    expect(similarity.cosine).toBe(1);
  });

  it('has no value when an output is not finite', () => {
    const similarity = new Similarity();
    similarity.add([1], [NaN]);
    expect(similarity.sqnrDb).toBeNull();
    expect(similarity.cosine).toBeNull();
  });
});

describe('Tally', () => {
  it('counts truth in rows and prediction in columns', () => {
    const tally = new Tally(3, true);
    tally.add({ values: Float32Array.of(1, 0, 1, 0), classes: 2 }, Int32Array.of(0, 1), 2);
    tally.add({ values: Float32Array.of(0, 1), classes: 2 }, Int32Array.of(1), 1);
    const { metrics, confusion, outcomes } = tally.result();
    expect(confusion).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect([...outcomes.top1!]).toEqual([0b101]);
    expect(metrics['top1']!.value).toBeCloseTo(2 / 3, 12);
    expect(metrics['top5']).toBeUndefined();
  });

  it('counts NaN as wrong and as disagreement', () => {
    const tally = new Tally(1, true);
    const broken = { values: Float32Array.of(NaN, 0), classes: 2 };
    tally.add(broken, Int32Array.of(0), 1, broken);
    expect(tally.result()).toMatchObject({ withNaN: 1, metrics: { top1: { value: 0 } }, agreement: { value: 0 } });
  });
});
