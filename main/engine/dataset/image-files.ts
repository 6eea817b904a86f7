import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StudioError } from '../../base/errors.ts';

const IMAGE = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif)$/i;

/** Images of a folder, in the order in which they are read. */
export interface ImageFiles {
  /** Names of the class folders, sorted; [] when the images lie in the folder itself. */
  readonly classes: readonly string[];
  readonly files: readonly { readonly path: string; readonly label: number }[];
}

/** Names in code point order, as Python sorts them. */
const sorted = (names: readonly string[]): string[] => [...names].sort();

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && IMAGE.test(entry.name)).map((entry) => entry.name);
  return sorted(names.filter((name) => !name.startsWith('.')));
}

/**
 * Lists the images of a folder: one folder for each class, in sorted order (as torchvision's ImageFolder), or all in it.
 * @throws DATA_INVALID when there are none
 */
export async function listImages(folder: string): Promise<ImageFiles> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = sorted(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)).filter(
    (name) => !name.startsWith('.'),
  );
  const perClass = await Promise.all(folders.map((name) => imagesIn(join(folder, name))));
  const classes = folders.filter((_, index) => perClass[index]!.length > 0);
  const files = folders.flatMap((name, index) =>
    perClass[index]!.map((file) => ({ path: join(folder, name, file), label: classes.indexOf(name) })),
  );
  if (files.length > 0) return { classes, files };
  const own = await imagesIn(folder);
  if (own.length > 0) return { classes: [], files: own.map((file) => ({ path: join(folder, file), label: -1 })) };
  throw new StudioError(
    'DATA_INVALID',
    `The folder '${basename(folder)}' holds no images, neither itself nor one level below`,
    {
      hint: 'Choose the folder whose folders are the classes, or a file of data (.npz, .npy, IDX, .pb).',
    },
  );
}
