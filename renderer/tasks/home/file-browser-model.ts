import type { Directory } from '../../../main/contract/studio.ts';
import type { PathKind } from '../../state/pick-path.ts';

const ENDINGS: Readonly<Record<PathKind, RegExp>> = {
  model: /\.(onnx|pb|ort)$/i,
  data: /(\.(npz|npy|pb)|ubyte(\.gz)?)$/i,
  labels: /(\.(npy|txt|csv|json)|ubyte(\.gz)?)$/i,
  directory: /(?!)/,
};

/** Whether an entry is listed: folders always, files by their ending. Hidden ones are left out. */
export function fits(entry: Directory['entries'][number], kind: PathKind): boolean {
  return !entry.name.startsWith('.') && (entry.kind === 'folder' || ENDINGS[kind].test(entry.name));
}

/** Joins with the separator that the folder's own path uses. */
export function joinPath(folder: string, name: string): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/';
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}
