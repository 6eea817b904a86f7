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
  `
  -- Measurements know their circumstances. Those kept so far did not: they stay, marked, and are compared with nothing.
  -- Their latencies' bounds were the fastest run and the 90th percentile, which is no interval of the median.
  ALTER TABLE measurements RENAME TO measurements_unkeyed;
  DROP INDEX measurements_by_trial;
  CREATE TABLE measurements (
    id INTEGER PRIMARY KEY,
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    key TEXT NOT NULL,                -- circumstancesKey of target, settings and data; '' where they were not recorded
    value REAL NOT NULL,
    low REAL,                         -- 95 % interval
    high REAL,
    samples INTEGER NOT NULL,
    target TEXT NOT NULL,             -- JSON: Target
    settings TEXT NOT NULL,           -- JSON: MeasureSettings
    data TEXT,                        -- JSON: MeasuredData
    at INTEGER NOT NULL,
    software TEXT NOT NULL,
    recorded INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX measurements_by_key ON measurements(trial_id, metric, key, at);
  INSERT INTO measurements (trial_id, metric, key, value, low, high, samples, target, settings, data, at, software, recorded)
  SELECT m.trial_id, m.metric, '', m.value,
    CASE m.metric WHEN 'latency' THEN NULL ELSE m.low END,
    CASE m.metric WHEN 'latency' THEN NULL ELSE m.high END,
    m.samples,
    json_remove(m.machine, '$.threads', '$.node'),
    json_object('threads', json_extract(m.machine, '$.threads'), 'batch', 1, 'dims', json_object(), 'turns', json('false')),
    CASE WHEN m.dataset_id IS NULL THEN NULL ELSE json_object(
      'datasetId', m.dataset_id, 'fingerprint', '', 'name', coalesce(d.name, m.dataset_id),
      'split', json_object('part', 'all', 'seed', 0, 'share', 0),
      'preprocessing', json(coalesce(json_extract(d.entry, '$.preprocessing'), json_object(
        'resize', NULL, 'mean', json_array(), 'std', json_array(), 'scale', NULL,
        'channels', 'auto', 'layout', 'auto', 'labelOffset', 0))),
      'samples', m.samples) END,
    m.at, m.software, 0
  FROM measurements_unkeyed m LEFT JOIN datasets d ON d.id = m.dataset_id;
  DROP TABLE measurements_unkeyed;

  -- The newest comparison of two trials under each circumstances.
  CREATE TABLE pairs (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    reference_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,               -- ratio, difference
    value REAL NOT NULL,
    low REAL,
    high REAL,
    p REAL,
    samples INTEGER NOT NULL,
    target TEXT NOT NULL,
    settings TEXT NOT NULL,
    data TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (trial_id, reference_id, metric, key)
  ) STRICT;

  -- What a trial's model answered on each sample, so that any two trials can be paired later.
  CREATE TABLE outcomes (
    trial_id TEXT NOT NULL REFERENCES trials(id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    samples INTEGER NOT NULL,
    top1 BLOB,                        -- one bit a sample, lowest first
    top5 BLOB,
    predicted BLOB,                   -- int32, little endian
    at INTEGER NOT NULL,
    PRIMARY KEY (trial_id, key)
  ) STRICT;

  -- The data that calibrated the trial: JSON MeasuredData, or NULL.
  ALTER TABLE trials ADD COLUMN calibration TEXT;
  `,
  `
  -- What windows keep of themselves, whatever port they are served on; the texts are theirs.
  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- How long models take at other widths, by machine, runtime, shapes and threads.
  CREATE TABLE width_times (
    key TEXT PRIMARY KEY,
    json TEXT NOT NULL,               -- WidthTimes
    at INTEGER NOT NULL
  ) STRICT;
  `,
];
