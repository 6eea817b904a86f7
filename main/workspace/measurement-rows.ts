import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Circumstances, Measurement, Outcomes, Paired } from '../contract/measurement.ts';
import { circumstancesKey } from '../judge/circumstances.ts';
import { nullableNumber, parse, type Row } from './rows.ts';

/** What a model answered under some circumstances. */
export interface KeptOutcomes {
  readonly circumstances: Circumstances;
  readonly outcomes: Outcomes;
}

/** Runs a statement that writes. */
type Run = (sql: string, ...values: SQLInputValue[]) => unknown;

/** Adds a row; the rows before it stay as the trial's history. */
export function insertMeasurement(run: Run, trialId: string, measurement: Measurement): void {
  const { metric, value, low, high, samples, at, software, recorded } = measurement;
  run(
    `INSERT INTO measurements (trial_id, metric, value, low, high, samples, at, software, recorded, key, target, settings, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    trialId,
    metric,
    value,
    low,
    high,
    samples,
    at,
    software,
    recorded ? 1 : 0,
    recorded ? circumstancesKey(measurement) : '',
    ...circumstancesColumns(measurement),
  );
}

/** Keeps a pair in place of an older one of the same two trials under the same circumstances. */
export function savePair(run: Run, pair: Paired): void {
  const { trialId, referenceId, metric, kind, value, low, high, p, samples, at } = pair;
  run(
    `INSERT OR REPLACE INTO pairs
      (trial_id, reference_id, metric, kind, value, low, high, p, samples, at, key, target, settings, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    trialId,
    referenceId,
    metric,
    kind,
    value,
    low,
    high,
    p,
    samples,
    at,
    circumstancesKey(pair),
    ...circumstancesColumns(pair),
  );
}

/** Keeps outcomes in place of older ones under the same circumstances. */
export function saveOutcomes(run: Run, trialId: string, { circumstances, outcomes }: KeptOutcomes, at: number): void {
  const { samples, top1, top5, predicted } = outcomes;
  run(
    'INSERT OR REPLACE INTO outcomes (trial_id, key, samples, top1, top5, predicted, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    trialId,
    circumstancesKey(circumstances),
    samples,
    top1,
    top5,
    predicted === null ? null : new Uint8Array(predicted.buffer, predicted.byteOffset, predicted.byteLength),
    at,
  );
}

/** The newest measurement of each metric under each circumstances, oldest first. */
export function newestMeasurements(database: DatabaseSync, trialId: string): Measurement[] {
  const rows = database
    .prepare(
      `SELECT * FROM measurements WHERE id IN (
         SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY metric, key ORDER BY at DESC, id DESC) AS place
                         FROM measurements WHERE trial_id = ?) WHERE place = 1)
       ORDER BY at, id`,
    )
    .all(trialId);
  return rows.map((row) => ({
    trialId,
    metric: String(row['metric']),
    value: Number(row['value']),
    low: nullableNumber(row['low']),
    high: nullableNumber(row['high']),
    samples: Number(row['samples']),
    ...circumstancesFromRow(row),
    at: Number(row['at']),
    software: String(row['software']),
    recorded: row['recorded'] === 1,
  }));
}

/** The trial's own comparisons with others, oldest first. */
export function pairsOf(database: DatabaseSync, trialId: string): Paired[] {
  const rows = database.prepare('SELECT * FROM pairs WHERE trial_id = ? ORDER BY at, metric').all(trialId);
  return rows.map((row) => ({
    metric: String(row['metric']),
    trialId,
    referenceId: String(row['reference_id']),
    kind: String(row['kind']) as Paired['kind'],
    value: Number(row['value']),
    low: nullableNumber(row['low']),
    high: nullableNumber(row['high']),
    p: nullableNumber(row['p']),
    samples: Number(row['samples']),
    ...circumstancesFromRow(row),
    at: Number(row['at']),
  }));
}

/** What a trial answered under the circumstances with this key; undefined: not kept. */
export function findOutcomes(database: DatabaseSync, trialId: string, key: string): Outcomes | undefined {
  const row = database.prepare('SELECT * FROM outcomes WHERE trial_id = ? AND key = ?').get(trialId, key);
  if (row === undefined) return undefined;
  const predicted = blob(row['predicted']);
  return {
    samples: Number(row['samples']),
    top1: blob(row['top1']),
    top5: blob(row['top5']),
    // Copied: a blob may begin at an address that no int32 may.
    predicted: predicted === null ? null : new Int32Array(predicted.slice().buffer),
  };
}

const blob = (value: Row[string] | undefined): Uint8Array<ArrayBuffer> | null =>
  value instanceof Uint8Array ? (value as Uint8Array<ArrayBuffer>) : null;

function circumstancesColumns({ target, settings, data }: Circumstances): [string, string, string | null] {
  return [JSON.stringify(target), JSON.stringify(settings), data === null ? null : JSON.stringify(data)];
}

function circumstancesFromRow(row: Row): Circumstances {
  return {
    target: parse(row['target']),
    settings: parse(row['settings']),
    data: row['data'] === null ? null : parse(row['data']),
  };
}
