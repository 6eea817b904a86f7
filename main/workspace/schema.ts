/**
 * The workspace's tables, as a list of migrations: the one at index i brings a database from version i to i + 1
 * (`PRAGMA user_version`). Landed migrations are never edited; a change is a new one at the end.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE models (
    id TEXT PRIMARY KEY,              -- SHA-256 of the file's bytes
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,       -- Unix milliseconds
    hidden INTEGER NOT NULL DEFAULT 0 -- forgotten in the recents; its trials stay
  ) STRICT;

  CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    entry TEXT NOT NULL,              -- JSON: DatasetEntry
    added_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE trials (
    id TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    recipe TEXT NOT NULL,             -- JSON: Recipe, resolved
    baseline INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    error TEXT,                       -- JSON or NULL
    output_path TEXT,                 -- the trial's model; the opened file for the baseline
    bytes INTEGER,
    parameters INTEGER,
    sparsity REAL,
    macs REAL
  ) STRICT;
  CREATE INDEX trials_by_model ON trials(model_id, created_at);

  -- Large results of a trial, one of each kind: latency, evaluation, prune, quantize, profile, errors.
  CREATE TABLE results (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    json TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (trial_id, kind)
  ) STRICT;

  CREATE TABLE measurements (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT NOT NULL,
    low REAL,
    high REAL,
    samples INTEGER NOT NULL,
    machine TEXT NOT NULL,            -- JSON: Machine
    software TEXT NOT NULL,
    dataset_id TEXT,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX measurements_by_trial ON measurements(trial_id, at);
  `,
  `
  -- Process id of the engine that runs the trial.
  ALTER TABLE trials ADD COLUMN owner INTEGER;
  `,
  `
  -- What of a result travels with its trial, so that lists read no long rows.
  CREATE TABLE result_summaries (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (trial_id, kind)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO result_summaries (trial_id, kind, json)
  SELECT trial_id, kind, CASE kind
    WHEN 'latency' THEN json
    WHEN 'evaluation' THEN json_set(
      json_remove(json, '$.classes', '$.confusion'), '$.classCount', json_array_length(json, '$.classes'))
    WHEN 'prune' THEN json_set(
      json_remove(json, '$.layers', '$.frozen'),
      '$.layerCount', json_array_length(json, '$.layers'), '$.frozenCount', json_array_length(json, '$.frozen'))
    WHEN 'quantize' THEN json_set(
      json_remove(json, '$.layers'),
      '$.layerCount', json_array_length(json, '$.layers'),
      '$.quantizedCount',
      (SELECT count(*) FROM json_each(results.json, '$.layers') WHERE json_extract(value, '$.quantized') = 1))
    ELSE '{}' END
  FROM results;
  `,
];
