import type { SQLOutputValue } from 'node:sqlite';
import type { DatasetEntry, ModelEntry } from '../contract/studio.ts';

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>;

/** An opened model out of its row. */
export function modelFromRow(row: Row): Omit<ModelEntry, 'available'> {
  return {
    id: String(row['id']),
    name: String(row['name']),
    path: String(row['path']),
    bytes: Number(row['bytes']),
    openedAt: Number(row['opened_at']),
  };
}

/** A data set out of its row; version 0.1 kept the names of its classes. */
export function datasetFromRow(row: Row): DatasetEntry {
  const { classes, ...entry } = parse<DatasetEntry & { readonly classes?: readonly string[] }>(row['entry']);
  return classes === undefined ? entry : { ...entry, classCount: classes.length };
}

/** A number, or null where the column holds none. */
export function nullableNumber(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** What a JSON column holds; only this program wrote it. */
export function parse<T>(json: SQLOutputValue | undefined): T {
  return JSON.parse(String(json)) as T;
}
