import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Names under which samples and labels are usually saved, the likeliest first. */
const SAMPLE_NAMES = ['x', 'x_test', 'images', 'image', 'data', 'input', 'inputs', 'features', 'arr_0'];
const LABEL_NAMES = ['y', 'y_test', 'labels', 'label', 'targets', 'target', 'classes', 'arr_1'];

const find = (names: readonly string[], wanted: readonly string[]): string | undefined =>
  wanted.map((want) => names.find((name) => name.toLowerCase() === want)).find((name) => name !== undefined);

/** The array with the samples: by name, else the only one that is not the labels'. */
export function guessSamples(names: readonly string[]): string | undefined {
  const named = find(names, SAMPLE_NAMES);
  if (named !== undefined) return named;
  const labels = find(names, LABEL_NAMES);
  const others = names.filter((name) => name !== labels);
  return others.length === 1 ? others[0] : undefined;
}

/** The array with the labels, by name. */
export const guessLabels = (names: readonly string[]): string | undefined => find(names, LABEL_NAMES);

/** Parts of file names that tell samples from labels. */
const FILE_PAIRS: readonly (readonly [RegExp, string])[] = [
  [/(?<![a-z])x(?![a-z])/i, 'y'],
  [/images/i, 'labels'],
  [/inputs/i, 'targets'],
  [/data/i, 'labels'],
];

const withoutGz = (file: string): string => file.toLowerCase().replace(/\.gz$/, '');

/**
 * The file with the labels that lies beside a file of samples: "x_test.npz" → "y_test.npz",
 * "train-images-idx3-ubyte.gz" → "train-labels-idx1-ubyte.gz".
 */
export async function labelsBeside(path: string): Promise<string | undefined> {
  const name = basename(path);
  const wanted = FILE_PAIRS.filter(([pattern]) => pattern.test(name)).map(([pattern, label]) =>
    name.replace(pattern, label).replace(/idx\d/i, 'idx1').toLowerCase(),
  );
  const files = await readdir(dirname(path));
  const found = wanted
    .filter((want) => want !== name.toLowerCase())
    .map((want) => files.find((file) => withoutGz(file) === withoutGz(want)))
    .find((file) => file !== undefined);
  return found === undefined ? undefined : join(dirname(path), found);
}

/** A text file with the names of the classes beside the data: `labels.txt` or `classes.txt`. */
export async function classNamesBeside(path: string): Promise<string | undefined> {
  const files = await readdir(dirname(path));
  const found = ['labels.txt', 'classes.txt', 'class_names.txt'].find((name) => files.includes(name));
  return found === undefined ? undefined : join(dirname(path), found);
}
