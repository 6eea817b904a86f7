import { expect, test } from 'vitest';
import type { Evaluation } from '../../../main/contract/results.ts';
import { compare } from '../../../main/services/operations/compare.ts';
import { saveModel } from '../../../main/engine/onnx/save.ts';
import { smallCnn } from '../../support/sample-graphs.ts';
import { tempFolder } from '../../support/temp-folder.ts';

function evaluation(samples: number, value: number, half: number): Evaluation {
  return {
    samples,
    metrics: { top1: { value, low: value - half, high: value + half } },
    samplesPerSecond: 1,
    batch: 1,
    classes: [],
    confusion: null,
    agreement: null,
    sqnrDb: null,
    cosine: null,
    preprocessing: '',
    notes: [],
  };
}

test('says when a difference of accuracy may mean nothing', async () => {
  using folder = tempFolder();
  const path = folder.file('net.onnx');
  await saveModel(smallCnn(), path);
  const side = (name: string, value: Evaluation) => ({
    id: name,
    name,
    path,
    profile: null,
    latency: null,
    evaluation: value,
  });
  const noteOf = async (a: Evaluation, b: Evaluation): Promise<string | null | undefined> => {
    const { metrics } = await compare({ a: side('a', a), b: side('b', b) });
    return metrics.find(({ metric }) => metric === 'top1')?.note;
  };
  expect(await noteOf(evaluation(500, 0.94, 0.02), evaluation(1728, 0.95, 0.01))).toBe('500 against 1728 samples');
  expect(await noteOf(evaluation(500, 0.94, 0.02), evaluation(500, 0.93, 0.02))).toBe('intervals overlap');
  expect(await noteOf(evaluation(500, 0.94, 0.01), evaluation(500, 0.9, 0.01))).toBeNull();
  expect(await noteOf(evaluation(500, 0.94, 0.01), evaluation(500, 0.94, 0.01))).toBeNull();
});
