import { expect, test } from 'vitest';
import type { Latency, QuantizeResult } from '../../../main/contract/results.ts';
import { circumstancesKey } from '../../../main/judge/circumstances.ts';
import { MemoryStore } from '../../../main/services/memory-store.ts';
import type { TrialRecord } from '../../../main/workspace/trial-record.ts';
import { openWorkspace } from '../../../main/workspace/workspace.ts';
import { someCircumstances, someData, someMeasurement, somePair } from '../../support/measured.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const model = { id: 'm', name: 'net.onnx', path: '/models/net.onnx', bytes: 1000, openedAt: 5 };
const made = { modelId: 'm', recipe: { version: 2 as const, steps: [] }, createdAt: 10 };
const [base, trial] = [
  { ...made, id: 'b', name: 'Baseline', baseline: true },
  { ...made, id: 'a', name: 'int8', baseline: false },
];
const known = { bytes: 900, parameters: 10, macs: 100, calibration: null };
const latency: Latency = { runs: 9, warmup: 1, meanMs: 2, p50Ms: 2, p90Ms: 3, p99Ms: 4, minMs: 1, maxMs: 5, stdMs: 1 };
const layer = { name: 'conv', op: 'Conv', quantized: true, fused: true, reason: null };
const quantize: QuantizeResult = {
  output: { path: 'a.onnx', bytes: 1 },
  scheme: 'int8-static',
  layers: [layer],
  fusedShare: 1,
  notes: [],
};
const data = someCircumstances({ data: someData() });
const outcomes = { samples: 2, top1: Uint8Array.of(3), top5: null, predicted: Int32Array.of(1, 2) };

const records: readonly TrialRecord[] = [
  { results: { latency, quantize }, measurements: [someMeasurement()], pairs: [somePair()], at: 11 },
  {
    update: { sparsity: 0.5 },
    measurements: [someMeasurement({ value: 2, at: 12 }), someMeasurement({ metric: 'top1', ...data, at: 12 })],
    pairs: [somePair({ value: 0.4, at: 12 })],
    outcomes: { circumstances: data, outcomes },
    at: 12,
  },
];

test('a store in memory gives back what a workspace does', async () => {
  using folder = tempFolder();
  const memory = new MemoryStore();
  memory.addModel(model);
  memory.addTrial(base, model.path, known);
  memory.addTrial(trial, '/a.onnx', known);
  await using workspace = await openWorkspace(folder.path);
  await workspace.saveModel(model);
  await workspace.saveBaseline(base, { ...known, outputPath: model.path, calibration: undefined } as never);
  await workspace.beginTrial(trial, 'done');
  await workspace.record('a', { update: { bytes: 900, parameters: 10, macs: 100, outputPath: '/a.onnx' }, at: 10 });
  for (const store of [memory, workspace]) for (const record of records) await store.record('a', record);

  expect(await memory.trials('m')).toEqual(await workspace.trials('m'));
  expect((await memory.trial('a')).measurements.map(({ metric, value }) => [metric, value])).toEqual([
    ['latency', 2],
    ['top1', 1],
  ]);
  for (const id of ['a', 'b']) {
    expect(await memory.trialOutput(id)).toBe(await workspace.trialOutput(id));
    expect(await memory.trialDetails(id)).toEqual(await workspace.trialDetails(id));
  }
  const key = circumstancesKey(data);
  expect(await memory.outcomes('a', key)).toEqual(await workspace.outcomes('a', key));
  expect(await memory.result('a', 'profile')).toBeNull();
  await expect(memory.trial('c')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
