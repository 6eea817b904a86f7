import { resolve } from 'node:path';
import type { CommandContext } from './run-command.ts';

/** A model file that a recipe names by its SHA-256. @throws what opening it throws */
export async function namedTeacher(
  path: string,
  { operate }: CommandContext,
): Promise<{ readonly sha256: string; readonly path: string }> {
  const { model } = await operate('inspect', { path, dims: {}, scanWeights: false });
  return { sha256: model.sha256, path: resolve(path) };
}
