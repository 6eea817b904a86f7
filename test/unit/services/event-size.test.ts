/** No event grows with the model: what a window is told of a trial of 50,000 layers fits into 64 KB. */
import { expect, test } from 'vitest';
import type { EventName } from '../../../main/contract/methods.ts';
import type { Evaluation, Profile, PruneResult, QuantizeResult } from '../../../main/contract/results.ts';
import { packFrame } from '../../../main/rpc/socket-port.ts';
import { createStudio } from '../../../main/services/studio.ts';
import { openWorkspace, type Workspace } from '../../../main/workspace/workspace.ts';
import { callOf } from '../../support/call-studio.ts';
import { someCircumstances, someMeasurement } from '../../support/measured.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const LAYERS = 50_000;
const MAX_EVENT_BYTES = 64 * 1024;

const names = Array.from({ length: LAYERS }, (_, index) => `/encoder/layers.${index}/self_attention/query/MatMul`);
const output = { path: '/workspace/trials/large.onnx', bytes: 9e9 };
const half = { before: 2e9, after: 1e9 };

const prune: PruneResult = {
  output,
  sparsity: { requested: 0.5, achieved: 0.5 },
  parameters: half,
  macs: half,
  layers: names.map((name) => ({ name, op: 'MatMul', sparsity: 0.5, channels: null })),
  frozen: names.map((name) => ({ name, reason: 'its weights are shared' })),
  notes: ['Scores were summed over the heads.'],
};
const quantize: QuantizeResult = {
  output,
  scheme: 'int8-static',
  layers: names.map((name, index) => ({ name, op: 'MatMul', quantized: index % 5 > 0, fused: true, reason: null })),
  fusedShare: 1,
  notes: [],
};
const evaluation: Evaluation = {
  samples: 50_000,
  metrics: { top1: { value: 0.7, low: 0.69, high: 0.71 } },
  samplesPerSecond: 100,
  batch: 1,
  classes: Array.from({ length: 1000 }, (_, index) => `class number ${index} with a rather long name`),
  confusion: Array.from({ length: 256 }, () => Array.from({ length: 256 }, () => 190)),
  agreement: null,
  sqnrDb: null,
  cosine: null,
  preprocessing: 'x/255',
  notes: [],
};
// Only that there is a profile is told; what is in it does not matter here.
const profile = { layers: names.map((name) => ({ name, timeMs: 1 })) } as unknown as Profile;

async function fill(workspace: Workspace): Promise<void> {
  for (let model = 0; model < 30; model++) {
    const path = `/models/${'deep/'.repeat(20)}large-${model}.onnx`;
    await workspace.saveModel({ id: `m${model}`, name: `large-${model}.onnx`, path, bytes: 9e9, openedAt: model });
  }
  for (let index = 0; index < 50; index++) {
    const entry = { id: `d${index}`, name: `set ${index}`, path: `/data/${index}.npz`, labelsPath: null };
    const preprocessing = { resize: 256, mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2], scale: null, labelOffset: 0 };
    await workspace.saveDataset(
      {
        ...entry,
        kind: 'npz',
        samples: 50_000,
        labelled: true,
        classCount: 1000,
        preprocessing: { ...preprocessing, channels: 'auto', layout: 'auto' },
      },
      index,
    );
  }
  const recipe = { version: 2 as const, steps: [] };
  await workspace.beginTrial(
    { id: 't', modelId: 'm0', name: 'Prune 50 % + int8', recipe, baseline: false, createdAt: 1 },
    'done',
  );
  await workspace.record('t', { results: { prune, quantize, evaluation, profile }, at: 2 });
}

test('every event on a trial of 50,000 layers is smaller than 64 KB, and its details are there by id', async () => {
  using folder = tempFolder();
  await using workspace = await openWorkspace(folder.path);
  await fill(workspace);
  const sizes = new Map<EventName, number>();
  await using studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => {
      const bytes = packFrame({ kind: 'event', event, payload }).byteLength;
      sizes.set(event, Math.max(bytes, sizes.get(event) ?? 0));
    },
  });
  const call = callOf(studio);
  const renamed = await call('trial.rename', { trialId: 't', name: 'Half' });
  expect(renamed).toMatchObject({
    prune: { layerCount: LAYERS, frozenCount: LAYERS },
    quantize: { layerCount: LAYERS, quantizedCount: 40_000 },
    evaluation: { classCount: 1000 },
    hasProfile: true,
    hasErrors: false,
  });
  const details = await call('trial.details', { trialId: 't' });
  expect(details).toEqual({ evaluation, prune, quantize, outcomes: [] });
  await call('dataset.remove', { datasetId: 'd0' });
  await call('model.forget', { modelId: 'm29' });
  await call('trial.export', {
    trialId: 't',
    directory: folder.path,
    name: 'half',
    model: false,
    recipe: true,
    report: false,
  });
  await call('trial.delete', { trialId: 't' });
  expect(sizes.get('trial')).toBeLessThan(4096);
  expect([...sizes.keys()].toSorted()).toEqual(['datasets', 'job', 'recents', 'trial', 'trial.deleted']);
  for (const [event, bytes] of sizes) expect(bytes, event).toBeLessThan(MAX_EVENT_BYTES);
});

test('a trial that was measured under very many circumstances is told as changed, and fetched', async () => {
  using folder = tempFolder();
  await using workspace = await openWorkspace(folder.path);
  await fill(workspace);
  const seen: { readonly event: EventName; readonly payload: unknown }[] = [];
  await using studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => void seen.push({ event, payload }),
  });
  const call = callOf(studio);
  const measureAt = (batches: readonly number[]): Promise<void> =>
    workspace.record('t', {
      measurements: batches.map((batch) => someMeasurement({ trialId: 't', ...someCircumstances({ batch }) })),
      at: 3,
    });
  await measureAt([1, 2, 4, 8, 16]);
  await call('trial.rename', { trialId: 't', name: 'A few' });
  expect(seen.at(-1)).toMatchObject({ event: 'trial', payload: { name: 'A few' } });
  await measureAt(Array.from({ length: 500 }, (_, index) => index + 100));
  const renamed = await call('trial.rename', { trialId: 't', name: 'Very many' });
  expect(seen.at(-1)).toEqual({ event: 'trial.changed', payload: { id: 't', modelId: 'm0' } });
  expect(renamed.measurements).toHaveLength(505);
  expect(await call('trial.get', { trialId: 't' })).toEqual(renamed);
});
