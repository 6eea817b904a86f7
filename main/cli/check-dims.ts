import { StudioError } from '../base/errors.ts';
import type { CommandContext } from './run-command.ts';

/**
 * Refuses `--dim` names that the model does not have: a misspelt one would be ignored, and something else measured.
 * Models whose inputs have no declared shape are not checked.
 * @throws USAGE, and what opening the model throws
 */
export async function checkDims(
  { operate }: Pick<CommandContext, 'operate'>,
  path: string,
  dims: Readonly<Record<string, number>>,
): Promise<void> {
  const given = Object.keys(dims);
  if (given.length === 0) return;
  const { inputs } = await operate('summary', { path, dims: {} });
  if (inputs.some(({ shape }) => shape === null)) return;
  const open = inputs.flatMap(({ name, shape }) =>
    (shape ?? []).flatMap((dim, axis) => (typeof dim === 'number' ? [] : [dim ?? '', `${name}[${axis}]`])),
  );
  const wrong = given.find((name) => !open.includes(name));
  if (wrong === undefined) return;
  const names = [...new Set(open)].filter((name) => name !== '');
  throw new StudioError('USAGE', `--dim: the model's inputs have no dimension '${wrong}' to choose`, {
    hint: names.length === 0 ? 'All their sizes are fixed.' : `They have ${names.join(', ')}.`,
  });
}
