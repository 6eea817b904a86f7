import type { ModelPicture } from '../../main/contract/model-picture.ts';
import type { ShownModel } from '../../main/contract/shown-model.ts';
import { takeModelFromAddress } from '../rpc/connection.ts';
import { engine } from './engine.ts';

/** The model that the window was opened for. */
export interface FirstModel {
  readonly path: string;
  readonly name: string;
  /** What is drawn of it before all else is known. */
  readonly picture: Promise<ModelPicture>;
  readonly answer: Promise<ShownModel>;
}

let asked: FirstModel | null | undefined;

/** Asks the engine for the model that the address names, once and before anything else is loaded; null: it names none. */
export function firstModel(): FirstModel | null {
  if (asked !== undefined) return asked;
  const path = takeModelFromAddress();
  if (path === null) return (asked = null);
  any = true;
  const picture = engine().call('model.picture', { path });
  const answer = engine().call('model.show', { path });
  // Whoever opens it says what went wrong.
  picture.catch(() => undefined);
  answer.catch(() => undefined);
  return (asked = { path, name: path.split(/[\\/]/).at(-1) ?? path, picture, answer });
}

let any = false;

/** Whether the window was opened for a model: then the start page is not what is wanted while that is read. */
export const isOpenedForModel = (): boolean => any;

/** The same for whoever opens it; null from the second time on: a lost connection opens what is open then. */
export function takeFirstModel(): FirstModel | null {
  const first = firstModel();
  asked = null;
  return first;
}
