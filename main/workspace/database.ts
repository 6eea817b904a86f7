import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StudioError } from '../base/errors.ts';
import { MIGRATIONS } from './schema.ts';

/**
 * Opens the workspace's database in `directory`, making both where they do not exist, and brings it to the newest
 * version. Several processes may have it open at once (write-ahead log).
 * @throws WORKSPACE_INVALID when the file is no database, or was written by a newer version of Lapidary
 * @throws WRITE_FAILED when the folder cannot be made, the disk is full or may not be written to
 */
export function openDatabase(directory: string): DatabaseSync {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new StudioError('WRITE_FAILED', `The workspace folder '${directory}' cannot be made: ${reason(cause)}`, {
      hint: 'Set LAPIDARY_WORKSPACE to a folder that you may write to.',
      cause,
    });
  }
  const path = join(directory, 'workspace.db');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    migrate(database, path);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof StudioError) throw cause;
    if (/full|readonly|disk I\/O/iu.test(reason(cause))) {
      throw new StudioError('WRITE_FAILED', `The workspace '${path}' could not be written: ${reason(cause)}`, {
        hint: 'Free some disk space, or set LAPIDARY_WORKSPACE to a folder that you may write to.',
        cause,
      });
    }
    throw new StudioError('WORKSPACE_INVALID', `The workspace '${path}' cannot be opened: ${reason(cause)}`, {
      hint: 'Move the file away to start with an empty workspace, or set LAPIDARY_WORKSPACE to another folder.',
      cause,
    });
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new StudioError(
      'WORKSPACE_INVALID',
      `The workspace '${path}' has version ${version}, this Lapidary knows up to ${MIGRATIONS.length}`,
      { hint: 'Update Lapidary, or set LAPIDARY_WORKSPACE to another folder.' },
    );
  }
  if (version === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have migrated while this one waited for the lock.
    const locked = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    for (const migration of MIGRATIONS.slice(locked)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
