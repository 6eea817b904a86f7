import { basename } from 'node:path';
import type { Comparison } from '../contract/studio.ts';
import type { CompareSide } from './operations/operation-map.ts';
import type { StudioContext } from './studio-context.ts';

/**
 * A trial beside any model file, with what was measured of that file where it was opened here before.
 * @throws what opening the file throws
 */
export async function compareFile(
  context: StudioContext,
  a: CompareSide,
  { path, keys }: { readonly path: string; readonly keys: readonly string[] },
): Promise<Comparison> {
  const b = await fileSide(context, path);
  return context.ask('compare', { a, b, related: false, pairs: [], keys });
}

async function fileSide({ workspace, ask }: StudioContext, path: string): Promise<CompareSide> {
  const { model } = await ask('summary', { path, dims: {} });
  const side = { id: model.sha256, name: basename(path), path, sources: null };
  const [baseline] = await workspace.trials(model.sha256);
  if (baseline?.baseline !== true) return { ...side, profile: null, measurements: [] };
  return { ...side, profile: await workspace.result(baseline.id, 'profile'), measurements: baseline.measurements };
}
