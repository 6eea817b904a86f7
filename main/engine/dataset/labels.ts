import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { StudioError } from '../../base/errors.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import { openNpz } from '../tensor/npz.ts';
import { idxFileSource, npyFileSource, npzSource, type ArraySource } from './array-source.ts';
import { guessLabels } from './array-names.ts';

/** Labels of all samples, and what the classes are called where that is known. */
export interface Labels {
  readonly values: Int32Array;
  readonly classes: readonly string[] | undefined;
}

/** Reads labels whole: 4 bytes a sample. @throws DATA_INVALID, DATA_SHAPE */
export async function readLabelArray(source: ArraySource): Promise<Labels> {
  const reader = await source.open();
  try {
    return labelsOf(await reader.read(source.dims[0]!), source.name);
  } finally {
    await reader.close();
  }
}

/**
 * Labels from an array: class indices [N] or [N, 1], names [N], or one row of scores a sample [N, C] (one-hot).
 * @throws DATA_SHAPE for any other shape, DATA_INVALID for values that are no class
 */
export function labelsOf({ dims, data, dtype }: HostTensor, name: string): Labels {
  const samples = dims[0] ?? 0;
  const width = dims.slice(1).reduce((product, dim) => product * dim, 1);
  if (dtype === 'string') return namedLabels([...(data as readonly string[])]);
  if (dims.length === 2 && width > 1)
    return { values: argmaxRows(data as ArrayLike<number>, samples, width), classes: undefined };
  if (dims.length < 1 || width !== 1) {
    throw new StudioError(
      'DATA_SHAPE',
      `Labels '${name}' have shape [${dims.join(', ')}], expected [samples] or [samples, classes]`,
    );
  }
  const values = new Int32Array(samples);
  for (let index = 0; index < samples; index++) values[index] = asLabel(Number(data[index]), index, name);
  return { values, classes: undefined };
}

function asLabel(value: number, index: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw new StudioError(
    'DATA_INVALID',
    `Labels '${name}': sample ${index} has label ${value}, expected a class index from 0`,
  );
}

function argmaxRows(rows: ArrayLike<number | bigint>, samples: number, width: number): Int32Array {
  const values = new Int32Array(samples);
  for (let row = 0; row < samples; row++) {
    let best = 0;
    for (let column = 1; column < width; column++) {
      if (rows[row * width + column]! > rows[row * width + best]!) best = column;
    }
    values[row] = best;
  }
  return values;
}

/** Classes are the distinct names in sorted order. */
function namedLabels(names: readonly string[]): Labels {
  const classes = [...new Set(names)].sort();
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  return { values: Int32Array.from(names, (name) => indexOf.get(name)!), classes };
}

/** The lines of a text file that say something. @throws FILE_NOT_FOUND */
export async function readLines(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new StudioError('FILE_NOT_FOUND', `Labels '${path}' cannot be read`, { cause });
  });
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * Reads labels from a file of their own: `.npy`, `.npz`, IDX, or text with a class index or class name on each line,
 * "file label" with space, comma or tab for images.
 * @param files names of the samples in order, where samples are files
 * @throws FILE_NOT_FOUND, DATA_INVALID, DATA_SHAPE
 */
export async function readLabelFile(path: string, files: readonly string[] = []): Promise<Labels> {
  if (/\.npy$/i.test(path)) return readLabelArray(await npyFileSource(path));
  if (/\.npz$/i.test(path)) {
    const archive = await openNpz(path);
    archive.close();
    const name = guessLabels(archive.names) ?? archive.names[0]!;
    return readLabelArray(await npzSource(path, name));
  }
  if (/\.(txt|csv|tsv)$/i.test(path)) return labelsFromLines(await readLines(path), basename(path), files);
  return readLabelArray(await idxFileSource(path));
}

function labelsFromLines(lines: readonly string[], name: string, files: readonly string[]): Labels {
  const pairs = lines.map((line) => /^(.+?)[\s,;]+(\S+)$/.exec(line));
  const byFile = new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1]!, pair[2]!] as const])));
  const named = files.some((file) => byFile.has(file));
  const texts = named
    ? files.map((file) => {
        const label = byFile.get(file);
        if (label !== undefined) return label;
        throw new StudioError('DATA_LABELS_MISSING', `'${name}' has no label for ${file}`);
      })
    : lines;
  if (!texts.every((text) => /^\d+$/.test(text))) return namedLabels(texts);
  return { values: Int32Array.from(texts, (text, index) => asLabel(Number(text), index, name)), classes: undefined };
}

/** Class names where only indices are known: "0" … up to the largest label. */
export function numberedClasses(labels: Int32Array): readonly string[] {
  const largest = labels.reduce((max, label) => Math.max(max, label), -1);
  return Array.from({ length: Math.min(largest + 1, 100_000) }, (_, index) => String(index));
}
