import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { preprocessingSchema, type Preprocessing } from '../../contract/data.ts';
import { StudioError } from '../../base/errors.ts';
import { openNpz } from '../tensor/npz.ts';
import { arrayDataset } from './array-dataset.ts';
import { classNamesBeside, guessLabels, guessSamples, labelsBeside } from './array-names.ts';
import { idxFileSource, npyFileSource, npzSource, type ArraySource } from './array-source.ts';
import { type Dataset, type DatasetKind, type DatasetOptions } from './dataset.ts';
import { fingerprintFiles } from './fingerprint.ts';
import { imageDataset } from './image-dataset.ts';
import { listImages } from './image-files.ts';
import { numberedClasses, readLabelArray, readLabelFile, readLines, type Labels } from './labels.ts';
import { listPbRuns, pbDataset } from './pb-dataset.ts';

/** A data set being opened: where it is, and what was said about it. */
interface Request {
  readonly path: string;
  readonly options: DatasetOptions;
  readonly preprocessing: Preprocessing;
}

/**
 * Opens a data set: `.npz`, `.npy`, IDX (also gzipped), ONNX `.pb` test data, or a folder of images. Reads headers, file
 * lists and labels; labels that lie beside the samples under a usual name are found, and so is `labels.txt` with class names.
 * @throws FILE_NOT_FOUND, DATA_INVALID for what it cannot be or is damaged, DATA_SHAPE when labels and samples differ in number
 */
export async function openDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const given = preprocessingSchema.parse(options.preprocessing ?? {});
  const request: Request = { path: resolve(path), options, preprocessing: given };
  const isFolder = await kindOfPath(path);
  const runs = await listPbRuns(request.path, isFolder);
  if (runs.length > 0) {
    const fingerprint = await fingerprintFiles(request.path, runs);
    return pbDataset({ ...describe(request, 'pb'), classes: [], fingerprint, runs });
  }
  if (isFolder) return openImages(request);
  if (/\.npz$/i.test(path)) return openArchive(request);
  if (/\.npy$/i.test(path)) return openArray(request, 'npy', await npyFileSource(request.path));
  if (await looksLikeIdx(request.path)) return openArray(request, 'idx', await idxFileSource(request.path));
  throw new StudioError(
    'DATA_INVALID',
    `'${basename(path)}' is no data set: expected .npz, .npy, IDX, .pb or a folder of images`,
  );
}

const describe = <K extends DatasetKind>({ path, options, preprocessing }: Request, kind: K) => ({
  kind,
  options,
  name: basename(path),
  path,
  preprocessing,
});

async function kindOfPath(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new StudioError('FILE_NOT_FOUND', `There is no data at '${path}'`, { cause });
  }
}

async function looksLikeIdx(path: string): Promise<boolean> {
  if (/(idx\d[-_.]u?byte|\.idx\d?)(\.gz)?$/i.test(path)) return true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
    return bytesRead === 4 && buffer[0] === 0 && buffer[1] === 0 && [8, 9, 11, 12, 13, 14].includes(buffer[2]!);
  } finally {
    await file.close();
  }
}

async function openArchive(request: Request): Promise<Dataset> {
  const { path, options } = request;
  const archive = await openNpz(path);
  archive.close();
  const { names } = archive;
  for (const name of [options.x, options.y]) {
    if (name !== undefined && !names.includes(name)) {
      throw new StudioError('DATA_INVALID', `'${basename(path)}' has no array '${name}'; it has ${names.join(', ')}`);
    }
  }
  const y = options.y ?? guessLabels(names);
  const x = options.x ?? guessSamples(names.filter((name) => name !== y));
  const sources = new Map<string, ArraySource>();
  for (const name of names) if (name !== y) sources.set(name, await npzSource(path, name));
  if (sources.size === 0)
    throw new StudioError('DATA_INVALID', `'${basename(path)}' holds only labels ('${y}'), no samples`);
  const own = y === undefined ? undefined : await readLabelArray(await npzSource(path, y));
  return openArrays(request, {
    kind: 'npz',
    samplesOf: x === undefined ? undefined : sources.get(x),
    arrays: sources,
    own,
  });
}

function openArray(request: Request, kind: 'npy' | 'idx', source: ArraySource): Promise<Dataset> {
  return openArrays(request, { kind, samplesOf: source, arrays: new Map([[source.name, source]]), own: undefined });
}

interface Arrays {
  readonly kind: 'npz' | 'npy' | 'idx';
  readonly samplesOf: ArraySource | undefined;
  readonly arrays: ReadonlyMap<string, ArraySource>;
  /** Labels from the same file. */
  readonly own: Labels | undefined;
}

async function openArrays(request: Request, { kind, samplesOf, arrays, own }: Arrays): Promise<Dataset> {
  const { path, options, preprocessing } = request;
  const { labelsPath, names } = await findLabels(path, options.labelsPath ?? undefined, own !== undefined);
  const labels = labelsPath === undefined ? own : await readLabelFile(labelsPath);
  const fingerprint = await fingerprintFiles(dirname(path), [path, ...(labelsPath === undefined ? [] : [labelsPath])]);
  return arrayDataset({
    ...describe(request, kind),
    classes: labels === undefined ? [] : (names ?? labels.classes ?? numberedClasses(labels.values)),
    fingerprint,
    samplesOf,
    arrays,
    labels: offsetLabels(labels, preprocessing),
  });
}

/**
 * Where labels and class names lie. A text file given as labels that stands beside labels of the array's own, or says
 * names and not indices while labels lie beside, holds the names of the classes.
 */
async function findLabels(
  path: string,
  given: string | undefined,
  hasOwn: boolean,
): Promise<{ readonly labelsPath: string | undefined; readonly names: readonly string[] | undefined }> {
  if (given !== undefined && !(hasOwn && given.endsWith('.txt')))
    return { labelsPath: given, names: await namesFrom(path) };
  const labelsPath = hasOwn ? undefined : await labelsBeside(path);
  const names = given === undefined ? await namesFrom(path) : await readLines(given);
  return { labelsPath, names };
}

async function namesFrom(path: string): Promise<readonly string[] | undefined> {
  const found = await classNamesBeside(path);
  return found === undefined ? undefined : readLines(found);
}

function offsetLabels(labels: Labels | undefined, { labelOffset }: Preprocessing): Int32Array | null {
  return labels === undefined ? null : labels.values.map((label) => label + labelOffset);
}

async function openImages(request: Request): Promise<Dataset> {
  const { path, options, preprocessing } = request;
  const { classes, files } = await listImages(path);
  const paths = files.map((file) => file.path);
  const read = await imageLabels(options.labelsPath ?? undefined, paths);
  if (read !== undefined && read.values.length !== files.length) {
    throw new StudioError(
      'DATA_SHAPE',
      `'${basename(path)}' has ${files.length} images, but there are ${read.values.length} labels`,
    );
  }
  const own = classes.length === 0 ? undefined : { values: Int32Array.from(files, (file) => file.label), classes };
  const labels = read ?? own;
  return imageDataset({
    ...describe(request, 'images'),
    classes: labels === undefined ? [] : (labels.classes ?? numberedClasses(labels.values)),
    fingerprint: await fingerprintFiles(path, [...paths, ...(options.labelsPath ? [options.labelsPath] : [])]),
    files: paths,
    labels: offsetLabels(labels, preprocessing),
  });
}

async function imageLabels(labelsPath: string | undefined, files: readonly string[]): Promise<Labels | undefined> {
  if (labelsPath === undefined) return undefined;
  return readLabelFile(
    labelsPath,
    files.map((file) => basename(file)),
  );
}
