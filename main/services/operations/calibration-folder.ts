import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../base/write-whole.ts';
import { WHOLE_SET } from '../../contract/data.ts';
import type { CalibrationMemory } from '../../engine/quantize/calibration-memory.ts';
import { openSource } from './datasets.ts';
import type { DatasetSource } from './operation-map.ts';

/** Files kept at most; the one that was used longest ago goes first. One has some megabytes. */
const MOST_FILES = 24;

/** Statistics of calibrations on this data, as files of a folder. */
export async function calibrationMemory(folder: string, source: DatasetSource): Promise<CalibrationMemory> {
  const { fingerprint, preprocessing } = await openSource(source);
  const fileOf = (key: string): string => join(folder, `${key}.stats`);
  return {
    dataKey: JSON.stringify([fingerprint, preprocessing, source.split ?? WHOLE_SET]),
    read: async (key) => {
      const content = await readFile(fileOf(key)).catch(() => undefined);
      const now = new Date();
      if (content !== undefined) await utimes(fileOf(key), now, now).catch(() => undefined);
      return content;
    },
    write: async (key, content) => {
      await writeWhole(fileOf(key), content);
      await removeOldest(folder);
    },
  };
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.stats'));
  if (names.length <= MOST_FILES) return;
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, usedMs: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const oldest = files.toSorted((a, b) => a.usedMs - b.usedMs).slice(0, files.length - MOST_FILES);
  for (const { path } of oldest) await rm(path, { force: true });
}
