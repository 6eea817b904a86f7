import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { circumstancesOf, sameCircumstances } from '../../../main/judge/circumstances.ts';
import { openWorkspace } from '../../../main/workspace/workspace.ts';
import { someMeasurement } from '../../support/measured.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** The schema of version 0.1, as its databases hold it. */
const SCHEMA_0_1 = `
  CREATE TABLE models (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, opened_at INTEGER NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE datasets (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, entry TEXT NOT NULL, added_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE trials (
    id TEXT PRIMARY KEY, model_id TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE, name TEXT NOT NULL,
    recipe TEXT NOT NULL, baseline INTEGER NOT NULL, created_at INTEGER NOT NULL, status TEXT NOT NULL, error TEXT,
    output_path TEXT, bytes INTEGER, parameters INTEGER, sparsity REAL, macs REAL
  ) STRICT;
  CREATE INDEX trials_by_model ON trials(model_id, created_at);
  CREATE TABLE results (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE, kind TEXT NOT NULL, json TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (trial_id, kind)
  ) STRICT;
  CREATE TABLE measurements (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE, metric TEXT NOT NULL, value REAL NOT NULL,
    unit TEXT NOT NULL, low REAL, high REAL, samples INTEGER NOT NULL, machine TEXT NOT NULL, software TEXT NOT NULL,
    dataset_id TEXT, at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX measurements_by_trial ON measurements(trial_id, at);
  ALTER TABLE trials ADD COLUMN owner INTEGER;
  PRAGMA user_version = 2;
`;

const machine = {
  cpu: 'Old CPU',
  cores: 4,
  threads: 2,
  os: 'Linux',
  node: '24.1.0',
  onnxruntime: '1.30.0',
  provider: 'cpu',
  vnni: true,
};
const recipe = {
  version: 1,
  steps: [{ prune: { structure: 'element', score: 'l1', scope: 'global', sparsity: 0.5, exclude: [] } }],
};
const preprocessing = {
  resize: null,
  mean: [0.5],
  std: [],
  scale: null,
  channels: 'auto',
  layout: 'auto',
  labelOffset: 0,
};
const latency = { runs: 100, warmup: 5, meanMs: 2, p50Ms: 2, p90Ms: 3, p99Ms: 4, minMs: 1, maxMs: 5, stdMs: 0.5 };

/** A workspace of version 0.1: a model, a data set, a trial with a latency and two accuracies, one of data since removed. */
function writeOldWorkspace(directory: string): void {
  mkdirSync(directory, { recursive: true });
  using database = new DatabaseSync(join(directory, 'workspace.db'));
  database.exec(SCHEMA_0_1);
  const run = (sql: string, ...values: (string | number | null)[]) => database.prepare(sql).run(...values);
  run('INSERT INTO models VALUES (?, ?, ?, ?, ?, 0)', 'm', 'net.onnx', '/models/net.onnx', 1000, 1);
  run(
    'INSERT INTO datasets VALUES (?, ?, ?, ?, ?)',
    'd',
    'digits',
    '/data/digits.npz',
    JSON.stringify({ id: 'd', preprocessing }),
    1,
  );
  run(
    `INSERT INTO trials (id, model_id, name, recipe, baseline, created_at, status, bytes) VALUES (?, ?, ?, ?, 0, 5, 'done', 900)`,
    't',
    'm',
    'Prune 50 %',
    JSON.stringify(recipe),
  );
  run(`INSERT INTO results VALUES ('t', 'latency', ?, 10)`, JSON.stringify(latency));
  const add = (metric: string, value: number, data: string | null) =>
    run(
      'INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      't',
      metric,
      value,
      metric === 'latency' ? 'ms' : '',
      value - 0.1,
      value + 0.1,
      100,
      JSON.stringify(machine),
      'Lapidary 0.1.0',
      data,
      10,
    );
  add('latency', 2, null);
  add('top1', 0.9, 'd');
  add('top5', 0.95, 'gone');
}

test('a workspace of version 0.1 opens with its trials and measurements, marked as not recorded', async () => {
  using folder = tempFolder();
  writeOldWorkspace(folder.file('workspace'));
  await using workspace = await openWorkspace(folder.file('workspace'));
  const trial = await workspace.trial('t');
  expect(trial).toMatchObject({
    name: 'Prune 50 %',
    status: 'done',
    bytes: 900,
    recipe: { version: 2, steps: [{ prune: { structure: 'element', scope: 'global', sparsity: 0.5, exclude: [] } }] },
    latency,
    pairs: [],
    calibration: null,
  });
  expect(trial.measurements.map(({ metric, value, recorded }) => [metric, value, recorded])).toEqual([
    ['latency', 2, false],
    ['top1', 0.9, false],
    ['top5', 0.95, false],
  ]);
  const { threads: _threads, node: _node, ...target } = machine;
  const [time, accuracy, other] = trial.measurements;
  expect(time).toMatchObject({ target, samples: 100, at: 10, software: 'Lapidary 0.1.0', data: null });
  expect(accuracy?.data).toMatchObject({ datasetId: 'd', name: 'digits', preprocessing, samples: 100 });
  expect(other?.data).toMatchObject({ datasetId: 'gone', name: 'gone', preprocessing: { mean: [] } });
});

test('its latencies lose the fastest run and the 90th percentile, which are no interval; accuracies keep theirs', async () => {
  using folder = tempFolder();
  writeOldWorkspace(folder.file('workspace'));
  await using workspace = await openWorkspace(folder.file('workspace'));
  const [time, accuracy] = (await workspace.trial('t')).measurements;
  expect(time).toMatchObject({ low: null, high: null });
  expect(accuracy).toMatchObject({ low: 0.8, high: 1 });
});

test('its measurements are compared with nothing, not even with a new one that looks the same', async () => {
  using folder = tempFolder();
  writeOldWorkspace(folder.file('workspace'));
  await using workspace = await openWorkspace(folder.file('workspace'));
  const [old] = (await workspace.trial('t')).measurements;
  const { target, settings, data } = old!;
  const fresh = someMeasurement({ trialId: 't', target, settings, data });
  await workspace.record('t', { measurements: [fresh], at: 20 });
  const { measurements } = await workspace.trial('t');
  expect(measurements).toHaveLength(4);
  expect(sameCircumstances(old!, fresh)).toBe(false);
  expect(circumstancesOf(measurements, 'latency')).toHaveLength(1);
});

test('a migrated workspace opens again as it is', async () => {
  using folder = tempFolder();
  writeOldWorkspace(folder.file('workspace'));
  const first = await openWorkspace(folder.file('workspace'));
  const before = await first.trial('t');
  await first[Symbol.asyncDispose]();
  await using again = await openWorkspace(folder.file('workspace'));
  expect(await again.trial('t')).toEqual(before);
});
