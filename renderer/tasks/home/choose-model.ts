import { openModel } from '../../state/actions.ts';
import { pickPath } from '../../state/pick-path.ts';

/** Asks for a model file and opens it. */
export async function chooseModel(): Promise<void> {
  const path = await pickPath('model');
  if (path !== null) await openModel({ path }, path.split(/[\\/]/).at(-1) ?? path);
}
