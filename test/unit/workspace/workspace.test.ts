import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Latency } from '../../../main/contract/results.ts';
import { MIGRATIONS } from '../../../main/workspace/schema.ts';
import { someCircumstances, someData, someMeasurement, somePair } from '../../support/measured.ts';
import { circumstancesKey } from '../../../main/judge/circumstances.ts';
import { openWorkspace } from '../../../main/workspace/workspace.ts';
import { workspaceDirectory } from '../../../main/workspace/location.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-workspace-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const model = { id: 'abc', name: 'net.onnx', path: '/models/net.onnx', bytes: 1000, openedAt: 5 };
const recipe = { version: 2 as const, steps: [] };
const trial = { id: 't1', modelId: 'abc', name: 'Prune 40 %', recipe, baseline: false, createdAt: 10 };
const latency: Latency = {
  runs: 100,
  warmup: 5,
  meanMs: 2,
  p50Ms: 2,
  p90Ms: 3,
  p99Ms: 4,
  minMs: 1,
  maxMs: 5,
  stdMs: 0.5,
};
test('keeps trials, results and measurements over a reopen', async () => {
  {
    await using workspace = await openWorkspace(directory);
    await workspace.saveModel(model);
    await workspace.beginTrial(trial, 'running');
    await workspace.record('t1', {
      update: { status: 'done', bytes: 900, sparsity: 0.4, outputPath: join(directory, 'trials', 't1.onnx') },
      results: { latency },
      measurements: [someMeasurement({ trialId: 't1', value: 2 })],
      at: 11,
    });
  }
  await using reopened = await openWorkspace(directory);
  expect(await reopened.trials('abc')).toMatchObject([
    { id: 't1', status: 'done', bytes: 900, sparsity: 0.4, recipe, latency, hasProfile: false, hasErrors: false },
  ]);
  expect((await reopened.trial('t1')).measurements).toEqual([someMeasurement({ trialId: 't1', value: 2 })]);
});

test('a trial that ran when the engine died is closed as failed and keeps what it had', async () => {
  {
    await using workspace = await openWorkspace(directory);
    await workspace.saveModel(model);
    await workspace.beginTrial(trial, 'running');
    await workspace.record('t1', { results: { latency }, at: 11 });
  }
  await using reopened = await openWorkspace(directory);
  expect(await reopened.closeInterruptedTrials()).toBe(1);
  expect(await reopened.trial('t1')).toMatchObject({ status: 'failed', error: { code: 'RUNTIME_DIED' }, latency });
});

test('a trial that another engine is measuring goes on', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.beginTrial(trial, 'running');
  const database = new DatabaseSync(join(directory, 'workspace.db'));
  // The parent of this process is there for as long as the test runs.
  database.prepare('UPDATE trials SET owner = ?').run(process.ppid);
  expect(await workspace.closeInterruptedTrials()).toBe(0);
  database.prepare('UPDATE trials SET owner = NULL').run();
  database.close();
  expect(await workspace.closeInterruptedTrials()).toBe(1);
});

test('beginning a trial again keeps its results and clears its error', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.beginTrial(trial, 'running');
  await workspace.record('t1', { results: { latency }, at: 11 });
  await workspace.record('t1', {
    update: { status: 'failed', error: { code: 'X', message: 'm', hint: null } },
    at: 12,
  });
  expect(await workspace.beginTrial({ ...trial, createdAt: 99 }, 'running')).toBe('failed');
  expect(await workspace.trial('t1')).toMatchObject({ status: 'running', error: null, latency, createdAt: 10 });
});

test('deleting a trial deletes its model file, but never a file outside the workspace', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  const inside = join(await workspace.folder('trials'), 't1.onnx');
  const outside = join(directory, 'mine.onnx');
  for (const [id, outputPath] of Object.entries({ t1: inside, t2: outside })) {
    writeFileSync(outputPath, 'model');
    await workspace.beginTrial({ ...trial, id }, 'done');
    await workspace.record(id, { update: { outputPath }, at: 11 });
    await workspace.deleteTrial(id);
  }
  expect(existsSync(inside)).toBe(false);
  expect(existsSync(outside)).toBe(true);
  expect(await workspace.trials('abc')).toEqual([]);
});

test('a baseline and a trial that runs are not deleted', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.saveBaseline({ ...trial, baseline: true }, { outputPath: '/models/net.onnx' });
  await workspace.beginTrial({ ...trial, id: 't2' }, 'running');
  await expect(workspace.deleteTrial('t1')).rejects.toThrow(/baseline/u);
  await expect(workspace.deleteTrial('t2')).rejects.toThrow(/being measured/u);
  expect(await workspace.trials('abc')).toHaveLength(2);
});

test('a record that cannot be kept whole leaves nothing behind', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.beginTrial(trial, 'running');
  const measurements = [someMeasurement({ software: null as unknown as string })];
  await expect(workspace.record('t1', { results: { latency }, measurements, at: 11 })).rejects.toThrow(/NOT NULL/u);
  expect(await workspace.trial('t1')).toMatchObject({ latency: null, measurements: [] });
});

test('the newest opened model comes first; a forgotten one goes, its trials stay', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.saveModel({ ...model, id: 'def', openedAt: 6 });
  await workspace.beginTrial(trial, 'done');
  expect((await workspace.recentModels()).map(({ id }) => id)).toEqual(['def', 'abc']);
  await workspace.hideModel('abc');
  expect((await workspace.recentModels()).map(({ id }) => id)).toEqual(['def']);
  expect(await workspace.trials('abc')).toHaveLength(1);
});

test('a file that is no database is refused and left unharmed', async () => {
  const path = join(directory, 'workspace.db');
  writeFileSync(path, 'not a database, but somebody’s notes'.repeat(100));
  const before = readFileSync(path);
  await expect(openWorkspace(directory)).rejects.toThrow(expect.objectContaining({ code: 'WORKSPACE_INVALID' }));
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('a workspace of an older version is brought up to date, with what it holds', async () => {
  const database = new DatabaseSync(join(directory, 'workspace.db'));
  database.exec(MIGRATIONS[0]!);
  database.exec(`PRAGMA user_version = 1;
    INSERT INTO models (id, name, path, bytes, opened_at) VALUES ('abc', 'net.onnx', '/models/net.onnx', 1000, 5)`);
  database.close();
  await using workspace = await openWorkspace(directory);
  expect(await workspace.closeInterruptedTrials()).toBe(0);
  expect(await workspace.model('abc')).toEqual(model);
});

test('results of version 0.1 travel as summaries and are there in full', async () => {
  const database = new DatabaseSync(join(directory, 'workspace.db'));
  database.exec(MIGRATIONS.slice(0, 2).join(''));
  const prune = { sparsity: { requested: 0.5, achieved: 0.5 }, layers: [{ name: 'a' }, { name: 'b' }], frozen: [] };
  const quantize = { scheme: 'int8-static', layers: [{ quantized: true }, { quantized: false }, { quantized: true }] };
  const evaluation = {
    samples: 5,
    classes: ['no', 'yes'],
    confusion: [
      [3, 0],
      [0, 2],
    ],
  };
  database.exec(`PRAGMA user_version = 2;
    INSERT INTO models (id, name, path, bytes, opened_at) VALUES ('abc', 'net.onnx', '/models/net.onnx', 1000, 5);
    INSERT INTO trials (id, model_id, name, recipe, baseline, created_at, status)
      VALUES ('t1', 'abc', 'Old', '{"version":1,"steps":[]}', 0, 10, 'done');
    INSERT INTO datasets (id, name, path, entry, added_at)
      VALUES ('d', 'set', '/set.npz', '{"id":"d","name":"set","classes":["no","yes"]}', 1)`);
  const insert = database.prepare('INSERT INTO results (trial_id, kind, json, at) VALUES (?, ?, ?, 1)');
  for (const [kind, result] of Object.entries({ latency, prune, quantize, evaluation, profile: {} })) {
    insert.run('t1', kind, JSON.stringify(result));
  }
  database.close();
  await using workspace = await openWorkspace(directory);
  expect(await workspace.trial('t1')).toMatchObject({
    latency,
    prune: { sparsity: { achieved: 0.5 }, layerCount: 2, frozenCount: 0 },
    quantize: { scheme: 'int8-static', layerCount: 3, quantizedCount: 2 },
    evaluation: { samples: 5, classCount: 2 },
    hasProfile: true,
    hasErrors: false,
  });
  expect((await workspace.trial('t1')).evaluation).not.toHaveProperty('confusion');
  expect(await workspace.trialDetails('t1')).toEqual({ prune, quantize, evaluation, outcomes: [] });
  expect(await workspace.datasets()).toEqual([{ id: 'd', name: 'set', classCount: 2 }]);
});

test('a workspace of a newer version is refused', async () => {
  const database = new DatabaseSync(join(directory, 'workspace.db'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  await expect(openWorkspace(directory)).rejects.toThrow(/version 999/u);
});

test('the folder follows LAPIDARY_WORKSPACE, then the system’s custom', () => {
  expect(workspaceDirectory({ LAPIDARY_WORKSPACE: '/w' })).toBe('/w');
  vi.stubEnv('XDG_DATA_HOME', join(directory, 'data'));
  if (process.platform === 'linux') expect(workspaceDirectory({})).toBe(join(directory, 'data', 'lapidary'));
  vi.unstubAllEnvs();
});

test('the folder of version 0.1 is found where that kept it elsewhere, while it is there', () => {
  const environment = { APPDATA: directory };
  expect(workspaceDirectory(environment, 'win32')).not.toBe(join(directory, 'Lapidary'));
  mkdirSync(join(directory, 'Lapidary'));
  expect(workspaceDirectory(environment, 'win32')).toBe(join(directory, 'Lapidary'));
});

test('gives the newest measurement under each circumstances; a profile at batch 16 hides no latency', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.beginTrial(trial, 'done');
  const elsewhere = someCircumstances({ threads: 1, batch: 16 });
  for (const measurement of [
    someMeasurement({ trialId: 't1', value: 0.52, at: 1 }),
    someMeasurement({ trialId: 't1', value: 0.51, at: 2 }),
    someMeasurement({ trialId: 't1', value: 13.7, at: 3, ...elsewhere }),
  ]) {
    await workspace.record('t1', { measurements: [measurement], at: measurement.at });
  }
  const { measurements } = await workspace.trial('t1');
  expect(measurements.map(({ value, settings }) => [value, settings.threads, settings.batch])).toEqual([
    [0.51, 2, 1],
    [13.7, 1, 16],
  ]);
});

test('keeps a pair and the outcomes of each sample, the newest under the same circumstances', async () => {
  await using workspace = await openWorkspace(directory);
  await workspace.saveModel(model);
  await workspace.beginTrial(trial, 'done');
  await workspace.beginTrial({ ...trial, id: 't2' }, 'done');
  const older = somePair({ trialId: 't2', referenceId: 't1', value: 0.7 });
  const newer = somePair({ trialId: 't2', referenceId: 't1', value: 0.5, at: 2 });
  const circumstances = someCircumstances({ data: someData({ samples: 9 }) });
  const outcomes = {
    samples: 9,
    top1: Uint8Array.of(0b1010_1010, 1),
    top5: null,
    predicted: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, -1),
  };
  await workspace.record('t2', { pairs: [older], at: 1 });
  await workspace.record('t2', { pairs: [newer], outcomes: { circumstances, outcomes }, at: 2 });
  expect((await workspace.trial('t2')).pairs).toEqual([newer]);
  expect(await workspace.outcomes('t2', circumstancesKey(circumstances))).toEqual(outcomes);
  expect(await workspace.outcomes('t2', circumstancesKey(someCircumstances()))).toBeUndefined();
  await workspace.deleteTrial('t1');
  expect((await workspace.trial('t2')).pairs).toEqual([]);
});
