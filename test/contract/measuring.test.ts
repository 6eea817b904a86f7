import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Trial } from '../../main/contract/studio.ts';
import { events, methods, type MethodName, type ParamsIn, type Result } from '../../main/contract/methods.ts';
import { recipeSchema, type Recipe } from '../../main/contract/recipe/recipe.ts';
import { circumstancesKey, circumstancesOf, measurementUnder } from '../../main/judge/circumstances.ts';
import { isStartedJob } from '../../main/services/handlers.ts';
import { createStudio, type Studio } from '../../main/services/studio.ts';
import { npyBytes } from '../support/data-files.ts';
import { pruneStep } from '../support/recipes.ts';
import { openWorkspace, type Workspace } from '../../main/workspace/workspace.ts';

let directory: string;
let workspace: Workspace;
let studio: Studio;
const notices: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-measuring-'));
  workspace = await openWorkspace(join(directory, 'workspace'));
  studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => {
      events[event].parse(payload);
      if (event === 'notice') notices.push(events.notice.parse(payload).message);
    },
  });
});
afterAll(async () => {
  await studio[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
  const checked = methods[method].params.parse(params);
  const answer = await Promise.resolve((studio.handlers[method] as (p: unknown) => unknown)(checked));
  return methods[method].result.parse(isStartedJob(answer) ? await answer.result : answer) as Result<M>;
}

async function openSample() {
  const { entry, baselineTrialId: baseline } = await call('model.open', { sample: 'glyph-cnn' });
  const datasets = await call('dataset.list', {});
  const named = (part: string): string => datasets.find(({ name }) => name.includes(part))!.id;
  return { modelId: entry.id, baseline, test: named('(test)'), validation: named('(validation)') };
}

const prune = (sparsity: number): Recipe => ({
  version: 2,
  steps: [{ prune: pruneStep({ sparsity }) }],
});
const int8 = (samples: number): Recipe => recipeSchema.parse({ version: 2, steps: [{ quantize: { samples } }] });

const valuesOf = (trial: Trial, metric: string) => trial.measurements.filter((each) => each.metric === metric);
const rowOf = (compared: Result<'trial.compare'>, id: string) => compared.metrics.find((row) => row.id === id)!;

test('a baseline profiled at batch 16 with one thread keeps its latency: the trial is not 26 times faster', async () => {
  const { modelId, baseline } = await openSample();
  const trial = await call('trial.run', { modelId, recipe: prune(0.3) });
  const before = rowOf(await call('trial.compare', { a: baseline, b: trial.id }), 'latency');
  await call('trial.profile.run', { trialId: baseline, settings: { batch: 16, threads: 1 }, runs: 8, warmup: 1 });
  const after = rowOf(await call('trial.compare', { a: baseline, b: trial.id }), 'latency');
  expect(after).toEqual(before);
  expect(after.paired).toMatchObject({
    trialId: trial.id,
    referenceId: baseline,
    kind: 'ratio',
    settings: { batch: 1 },
  });
  const settings = valuesOf(await workspace.trial(baseline), 'latency').map((each) => each.settings);
  expect(settings).toEqual([
    expect.objectContaining({ batch: 1, turns: true }),
    expect.objectContaining({ batch: 16, threads: 1, turns: false }),
  ]);
});

test('an evaluation with one thread is recorded with one thread, and no thread count is left open', async () => {
  const { baseline, test: data } = await openSample();
  const one = await call('trial.evaluate', { trialId: baseline, datasetId: data, limit: 64, settings: { threads: 1 } });
  const open = await call('trial.evaluate', {
    trialId: baseline,
    datasetId: data,
    limit: 64,
    settings: { threads: null },
  });
  expect(one.circumstances?.settings.threads).toBe(1);
  const { machine } = await call('app.info', {});
  expect(open.circumstances?.settings.threads).toBe(machine.cores);
  const kept = valuesOf(await workspace.trial(baseline), 'top1').map((each) => each.settings.threads);
  expect(new Set(kept)).toEqual(new Set([1, machine.cores]));
});

test('one set for both is cut in two, by default 20 to 80, and every accuracy says so', async () => {
  const { modelId, baseline, test: data } = await openSample();
  const trial = await call('trial.run', {
    modelId,
    recipe: int8(32),
    calibrationDatasetId: data,
    datasetId: data,
    latency: false,
  });
  expect(trial.calibration).toMatchObject({ samples: 32, split: { part: 'calibration', seed: 0, share: 0.2 } });
  const [accuracy] = valuesOf(trial, 'top1');
  // 1,728 samples, 346 of them for calibration.
  expect(accuracy).toMatchObject({
    samples: 1382,
    data: { samples: 1382, split: { part: 'evaluation', seed: 0, share: 0.2 } },
  });
  expect(trial.evaluation?.notes).toEqual([]);
  // The baseline ran on the same samples, so that the two are compared on them.
  const key = circumstancesKey(accuracy!);
  expect(measurementUnder((await workspace.trial(baseline)).measurements, 'top1', key)?.samples).toBe(1382);
  expect(trial.pairs.find(({ metric }) => metric === 'top1')).toMatchObject({ referenceId: baseline, samples: 1382 });
  // A trial without calibration of its own is evaluated on what the other left over.
  const pruned = await call('trial.run', { modelId, recipe: prune(0.5), datasetId: data, latency: false });
  expect(circumstancesOf(pruned.measurements, 'top1')[0]?.key).toBe(key);
});

test('another seed is another trial, calibrated and evaluated on other samples', async () => {
  const { modelId, test: data } = await openSample();
  const both = { modelId, recipe: int8(32), calibrationDatasetId: data, datasetId: data, limit: 32, latency: false };
  const first = await call('trial.run', both);
  const other = await call('trial.run', { ...both, split: { seed: 7, share: 0.5 } });
  expect(other.id).not.toBe(first.id);
  expect(other.calibration?.split).toEqual({ part: 'calibration', seed: 7, share: 0.5 });
});

test('samples that calibrated a trial and are evaluated on are told, with their number', async () => {
  const { modelId, test: data } = await openSample();
  const trial = await call('trial.run', { modelId, recipe: int8(16), calibrationDatasetId: data, latency: false });
  expect(trial.calibration).toMatchObject({ samples: 16, split: { part: 'all' } });
  const split = { part: 'all', seed: 0, share: 0 } as const;
  const evaluation = await call('trial.evaluate', { trialId: trial.id, datasetId: data, split });
  expect(evaluation.notes.join()).toMatch(/^16 samples that calibrated this trial/u);
  expect(notices.some((notice) => notice.includes('16 samples that calibrated this trial'))).toBe(true);
});

test('trials are brought to a common ground in one job, and paired with each other', async () => {
  const { modelId, baseline, test: data } = await openSample();
  const [a, b] = [
    await call('trial.run', { modelId, recipe: prune(0.6), latency: false }),
    await call('trial.run', { modelId, recipe: prune(0.9), latency: false }),
  ];
  const whole = { part: 'all', seed: 0, share: 0 } as const;
  const measured = await call('trial.measure', {
    trialIds: [baseline, a.id, b.id],
    settings: { threads: 1, batch: 2 },
    evaluation: { datasetId: data, limit: 200, split: whole },
  });
  const [time] = circumstancesOf(
    measured.flatMap(({ measurements }) => measurements),
    'latency',
  );
  expect(time?.circumstances.settings).toMatchObject({ threads: 1, batch: 2, turns: true });
  expect(new Set(time?.trialIds)).toEqual(new Set([baseline, a.id, b.id]));
  const [right] = circumstancesOf(
    measured.flatMap(({ measurements }) => measurements),
    'top1',
  );
  expect(new Set(right?.trialIds)).toEqual(new Set([baseline, a.id, b.id]));

  const trialIds = [baseline, a.id, b.id];
  const pairs = await call('trial.pairs', { trialIds, metric: 'top1', key: right!.key });
  expect(pairs.map(({ trialId, referenceId }) => [trialId, referenceId])).toEqual([
    [baseline, a.id],
    [baseline, b.id],
    [a.id, b.id],
  ]);
  // Nine tenths of the weights gone cost more than noise, on the same 200 samples.
  expect(pairs[2]!.low).toBeGreaterThan(0);
  expect(pairs[2]!.p).toBeLessThan(0.05);
  const times = await call('trial.pairs', { trialIds, metric: 'latency', key: time!.key });
  expect(times).toHaveLength(3);
  const through = times.find(({ trialId, referenceId }) => trialId === a.id && referenceId === b.id)!;
  const [ofA, ofB] = [a, b].map(({ id }) =>
    measured.find((trial) => trial.id === id)!.pairs.find(({ metric }) => metric === 'latency')!,
  );
  expect(through.value).toBeCloseTo(ofA!.value / ofB!.value, 9);
});

test('a model is examined on made inputs where the chosen data are another model’s, and the report says so', async () => {
  const { baseline } = await openSample();
  const path = join(directory, 'other.npy');
  writeFileSync(path, npyBytes(new Float32Array(14), [2, 7]));
  const { id } = await call('dataset.add', { path });
  const report = await call('trial.doctor.run', { trialId: baseline, datasetId: id });
  expect(report.madeInputs).toBe(true);
  expect(report.checks.find((check) => check.id === 'data')).toMatchObject({ status: 'skipped' });
});
