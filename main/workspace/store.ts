import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { StudioError } from '../base/errors.ts';
import { isProcessAlive } from '../base/process-alive.ts';
import type { Outcomes } from '../contract/measurement.ts';
import type { WidthTimes } from '../contract/width-times.ts';
import type { DatasetEntry, ModelEntry, Trial, TrialDetails } from '../contract/studio.ts';
import { recipeSchema } from '../contract/recipe/recipe.ts';
import { openDatabase } from './database.ts';
import {
  findOutcomes,
  insertMeasurement,
  newestMeasurements,
  pairsOf,
  saveOutcomes,
  savePair,
} from './measurement-rows.ts';
import { datasetFromRow, modelFromRow, nullableNumber, parse, type Row } from './rows.ts';
import {
  SUMMARIES,
  type NewTrial,
  type ResultKind,
  type TrialRecord,
  type TrialResults,
  type TrialSummaries,
  type TrialUpdate,
} from './trial-record.ts';

/**
 * Everything the studio keeps: models opened, data sets, trials and their measurements, and the files of trials. What others
 * use of it is `Workspace`, where each method gives a promise; a method that reads and writes does both in one transaction.
 */
export class WorkspaceStore implements Disposable {
  readonly directory: string;
  readonly #database: DatabaseSync;

  /** @throws WORKSPACE_INVALID | WRITE_FAILED, see `openDatabase` */
  constructor(directory: string) {
    this.directory = directory;
    this.#database = openDatabase(directory);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** A folder inside the workspace ("trials", "traces", "uploads", "exports"), made when it does not exist. */
  folder(name: string): string {
    const path = join(this.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  // Models

  saveModel(entry: Omit<ModelEntry, 'available'>): void {
    this.#run(
      `INSERT INTO models (id, name, path, bytes, opened_at, hidden) VALUES (?, ?, ?, ?, ?, 0)
       ON CONFLICT(id) DO UPDATE SET name = excluded.name, path = excluded.path, opened_at = excluded.opened_at, hidden = 0`,
      entry.id,
      entry.name,
      entry.path,
      entry.bytes,
      entry.openedAt,
    );
  }

  /** The model with this id, or undefined. */
  model(id: string): Omit<ModelEntry, 'available'> | undefined {
    const row = this.#get('SELECT * FROM models WHERE id = ?', id);
    return row === undefined ? undefined : modelFromRow(row);
  }

  /** Newest first. */
  recentModels(limit = 20): Omit<ModelEntry, 'available'>[] {
    return this.#all('SELECT * FROM models WHERE hidden = 0 ORDER BY opened_at DESC LIMIT ?', limit).map(modelFromRow);
  }

  /** Takes a model out of the recents; its trials stay for when it is opened again. */
  hideModel(id: string): void {
    this.#run('UPDATE models SET hidden = 1 WHERE id = ?', id);
  }

  // Data sets

  saveDataset(entry: DatasetEntry, addedAt: number): void {
    this.#run(
      `INSERT INTO datasets (id, name, path, entry, added_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT(id) DO UPDATE SET name = excluded.name, path = excluded.path, entry = excluded.entry`,
      entry.id,
      entry.name,
      entry.path,
      JSON.stringify(entry),
      addedAt,
    );
  }

  datasets(): DatasetEntry[] {
    return this.#all('SELECT entry FROM datasets ORDER BY added_at').map((row) => datasetFromRow(row));
  }

  /** @throws NOT_FOUND */
  dataset(id: string): DatasetEntry {
    const row = this.#get('SELECT entry FROM datasets WHERE id = ?', id);
    if (row === undefined) {
      throw new StudioError('NOT_FOUND', 'This data set is not in the workspace', { hint: 'Add it again.' });
    }
    return datasetFromRow(row);
  }

  removeDataset(id: string): void {
    this.#run('DELETE FROM datasets WHERE id = ?', id);
  }

  // Settings of windows

  settings(): Record<string, string> {
    const rows = this.#all('SELECT name, value FROM settings');
    return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]));
  }

  /** @param value null: it is kept no more */
  saveSetting(name: string, value: string | null): void {
    if (value === null) this.#run('DELETE FROM settings WHERE name = ?', name);
    else this.#run('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)', name, value);
  }

  // Times of widths

  /** Newest first. */
  widthTimes(limit = 200): WidthTimes[] {
    return this.#all('SELECT json FROM width_times ORDER BY at DESC LIMIT ?', limit).map(({ json }) => parse(json));
  }

  /** Takes the place of what was learnt before for the same machine, runtime, shapes and threads. */
  saveWidthTimes(times: WidthTimes): void {
    const { shapes, align, threads, target, at } = times;
    const key = JSON.stringify([shapes, align, threads, target.cpu, target.cores, target.os, target.onnxruntime]);
    this.#run('INSERT OR REPLACE INTO width_times (key, json, at) VALUES (?, ?, ?)', key, JSON.stringify(times), at);
  }

  // Trials

  /**
   * Makes the trial, or starts it anew with what it already holds when one with its id exists.
   * @returns its status before; null when it is new
   */
  beginTrial(trial: NewTrial, status: Trial['status']): Trial['status'] | null {
    return this.#whole(() => {
      const before = this.#get('SELECT status FROM trials WHERE id = ?', trial.id)?.['status'];
      this.#insertTrial(trial, status);
      return typeof before === 'string' ? (before as Trial['status']) : null;
    });
  }

  /** Makes the trial of the opened file itself, or brings it up to date with the file. */
  saveBaseline(trial: NewTrial, update: TrialUpdate): Trial {
    return this.#whole(() => {
      this.#insertTrial(trial, 'done');
      this.#update(trial.id, update);
      return this.trial(trial.id);
    });
  }

  #insertTrial(trial: NewTrial, status: Trial['status']): void {
    this.#run(
      `INSERT INTO trials (id, model_id, name, recipe, baseline, created_at, status, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(id) DO UPDATE SET status = excluded.status, owner = excluded.owner, error = NULL`,
      trial.id,
      trial.modelId,
      trial.name,
      JSON.stringify(trial.recipe),
      trial.baseline ? 1 : 0,
      trial.createdAt,
      status,
      process.pid,
    );
  }

  /** Keeps what was found out about a trial: all of it, or nothing. */
  record(id: string, { update = {}, results = {}, measurements = [], pairs = [], outcomes, at }: TrialRecord): void {
    this.#whole(() => {
      this.#update(id, update);
      for (const kind of Object.keys(results) as ResultKind[]) {
        const result = results[kind];
        if (result !== undefined) this.#saveResult(id, kind, result, at);
      }
      const run = this.#run.bind(this);
      for (const measurement of measurements) insertMeasurement(run, id, measurement);
      for (const pair of pairs) savePair(run, pair);
      if (outcomes !== undefined) saveOutcomes(run, id, outcomes, at);
    });
  }

  /** @throws NOT_FOUND */
  renameTrial(id: string, name: string): Trial {
    return this.#whole(() => {
      this.trial(id);
      this.#update(id, { name });
      return this.trial(id);
    });
  }

  #update(id: string, update: TrialUpdate): void {
    const columns: Record<string, string | number | null | undefined> = {
      name: update.name,
      recipe: update.recipe === undefined ? undefined : JSON.stringify(update.recipe),
      status: update.status,
      error: update.error === undefined ? undefined : update.error === null ? null : JSON.stringify(update.error),
      output_path: update.outputPath,
      bytes: update.bytes,
      parameters: update.parameters,
      sparsity: update.sparsity,
      macs: update.macs,
      calibration: update.calibration === undefined ? undefined : JSON.stringify(update.calibration),
    };
    const set = Object.entries(columns).filter((column) => column[1] !== undefined);
    if (set.length === 0) return;
    const assignments = set.map(([name]) => `${name} = ?`).join(', ');
    this.#run(`UPDATE trials SET ${assignments} WHERE id = ?`, ...set.map(([, value]) => value ?? null), id);
  }

  /** Oldest first, the baseline at the head. */
  trials(modelId: string): Trial[] {
    const rows = this.#all('SELECT * FROM trials WHERE model_id = ? ORDER BY baseline DESC, created_at', modelId);
    return rows.map((row) => this.#trialFromRow(row));
  }

  /** The trial with this id, or undefined. */
  findTrial(id: string): Trial | undefined {
    const row = this.#get('SELECT * FROM trials WHERE id = ?', id);
    return row === undefined ? undefined : this.#trialFromRow(row);
  }

  /** @throws NOT_FOUND */
  trial(id: string): Trial {
    const trial = this.findTrial(id);
    if (trial === undefined) throw new StudioError('NOT_FOUND', 'This trial is not in the workspace');
    return trial;
  }

  /** Path of the trial's output model, or undefined while it is not made. */
  trialOutput(id: string): string | undefined {
    const path = this.#get('SELECT output_path FROM trials WHERE id = ?', id)?.['output_path'];
    return typeof path === 'string' ? path : undefined;
  }

  /**
   * Deletes a trial with its results and its model file, where that lies in the workspace.
   * @returns what it was
   * @throws NOT_FOUND; USAGE for a baseline, and for a trial that runs
   */
  deleteTrial(id: string): Trial {
    const { trial, output } = this.#whole(() => {
      const found = this.trial(id);
      if (found.baseline) throw new StudioError('USAGE', 'The baseline cannot be deleted: it is the opened file');
      if (found.status === 'running') {
        throw new StudioError('USAGE', `'${found.name}' is being measured`, { hint: 'Cancel its job first.' });
      }
      const path = this.trialOutput(id);
      this.#run('DELETE FROM trials WHERE id = ?', id);
      return { trial: found, output: path };
    });
    if (output?.startsWith(join(this.directory, 'trials')) === true) {
      rmSync(output, { force: true });
      rmSync(`${output}.data`, { force: true });
    }
    return trial;
  }

  /**
   * Trials that an engine left running when it ended are marked failed, their results stay. Those of another engine that
   * is still there go on. To be called before this process begins a trial of its own.
   */
  closeInterruptedTrials(): number {
    const error = JSON.stringify({
      code: 'RUNTIME_DIED',
      message: 'The engine stopped while this trial was being measured',
      hint: 'Run it again.',
    });
    const running = this.#all(`SELECT id, owner FROM trials WHERE status = 'running'`);
    const interrupted = running.filter(({ owner }) => owner === process.pid || !isProcessAlive(Number(owner)));
    for (const { id } of interrupted) {
      this.#run(`UPDATE trials SET status = 'failed', error = ? WHERE id = ?`, error, String(id));
    }
    return interrupted.length;
  }

  // Results and measurements

  /** The results of a trial in full. */
  trialDetails(id: string): TrialDetails {
    return {
      evaluation: this.result(id, 'evaluation'),
      prune: this.result(id, 'prune'),
      quantize: this.result(id, 'quantize'),
      outcomes: [...(this.result(id, 'outcomes') ?? [])],
    };
  }

  #saveResult<K extends ResultKind>(trialId: string, kind: K, result: TrialResults[K], at: number): void {
    const save = `INSERT INTO results (trial_id, kind, json, at) VALUES (?, ?, ?, ?)
       ON CONFLICT(trial_id, kind) DO UPDATE SET json = excluded.json, at = excluded.at`;
    this.#run(save, trialId, kind, JSON.stringify(result), at);
    const summarize = `INSERT INTO result_summaries (trial_id, kind, json) VALUES (?, ?, ?)
       ON CONFLICT(trial_id, kind) DO UPDATE SET json = excluded.json`;
    this.#run(summarize, trialId, kind, JSON.stringify(SUMMARIES[kind](result)));
  }

  result<K extends ResultKind>(trialId: string, kind: K): TrialResults[K] | null {
    const row = this.#get('SELECT json FROM results WHERE trial_id = ? AND kind = ?', trialId, kind);
    return row === undefined ? null : parse<TrialResults[K]>(row['json']);
  }

  /** What a trial's model answered on each sample under the circumstances with this key; undefined: not kept. */
  outcomes(trialId: string, key: string): Outcomes | undefined {
    return findOutcomes(this.#database, trialId, key);
  }

  #trialFromRow(row: Row): Trial {
    const id = String(row['id']);
    const rows = this.#all('SELECT kind, json FROM result_summaries WHERE trial_id = ?', id);
    const summaries = new Map(rows.map(({ kind, json }) => [kind, json]));
    const summary = <K extends keyof TrialSummaries>(kind: K): TrialSummaries[K] | null =>
      summaries.has(kind) ? parse<TrialSummaries[K]>(summaries.get(kind)) : null;
    return {
      id,
      modelId: String(row['model_id']),
      name: String(row['name']),
      // Version 0.1 kept recipes of version 1.
      recipe: recipeSchema.parse(parse(row['recipe'])),
      baseline: row['baseline'] === 1,
      createdAt: Number(row['created_at']),
      status: String(row['status']) as Trial['status'],
      error: row['error'] === null ? null : parse<Trial['error']>(row['error']),
      bytes: nullableNumber(row['bytes']),
      parameters: nullableNumber(row['parameters']),
      sparsity: nullableNumber(row['sparsity']),
      macs: nullableNumber(row['macs']),
      latency: summary('latency'),
      evaluation: summary('evaluation'),
      measurements: newestMeasurements(this.#database, id),
      pairs: pairsOf(this.#database, id),
      calibration: row['calibration'] === null ? null : parse<Trial['calibration']>(row['calibration']),
      prune: summary('prune'),
      quantize: summary('quantize'),
      hasProfile: summaries.has('profile'),
      hasErrors: summaries.has('errors'),
    };
  }

  /** Runs `work` in one transaction: what it wrote before it threw is undone. */
  #whole<T>(work: () => T): T {
    this.#run('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#run('COMMIT');
      return value;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #run(sql: string, ...values: SQLInputValue[]): { changes: number | bigint } {
    try {
      return this.#database.prepare(sql).run(...values);
    } catch (cause) {
      throw writeError(cause);
    }
  }

  #get(sql: string, ...values: (string | number)[]): Row | undefined {
    return this.#database.prepare(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...values);
  }
}

function writeError(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!/full|readonly|disk|locked/iu.test(message)) return cause instanceof Error ? cause : new Error(message);
  return new StudioError('WRITE_FAILED', `The workspace could not be written: ${message}`, {
    hint: 'Free some disk space, or close other copies of Lapidary, and try again; what was saved before is unharmed.',
    cause,
  });
}
