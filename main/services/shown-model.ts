import { MOST_DETAILED } from '../contract/layer-words.ts';
import type { GraphView } from '../contract/studio.ts';
import type { LayerTable } from '../contract/layers.ts';
import type { Handlers } from './handlers.ts';
import { openModel, pathToOpen } from './models.ts';
import type { StudioContext } from './studio-context.ts';

/** Opening a model together with what is drawn of it first: one question instead of four that wait for each other. */
export function shownModelHandlers(context: StudioContext): Pick<Handlers, 'model.picture' | 'model.show'> {
  return {
    'model.picture': async (params) => context.ask('picture', { path: await pathToOpen(context, params) }),
    'model.show': async (params) => {
      const path = await pathToOpen(context, params);
      const opening = openModel(context, params);
      // Asked for beside, not after: the thread that reads the model goes on while the workspace takes it in.
      const drawing = drawn(context, path);
      const model = await opening;
      return { model, trials: await context.workspace.trials(model.entry.id), ...(await drawing) };
    },
  };
}

/** Reads a model that a window will soon ask for, what it asks for first before the rest. Nothing is said of what fails. */
export async function expectModel({ ask }: StudioContext, path: string): Promise<void> {
  await ask('picture', { path }).catch(() => null);
  await drawn({ ask }, path);
}

/** What is drawn of a model. What fails here is asked for again by who needs it, and says there what is wrong. */
async function drawn(
  { ask }: Pick<StudioContext, 'ask'>,
  path: string,
): Promise<{ readonly layers: LayerTable | null; readonly graph: GraphView | null }> {
  const layers = await ask('layers', { path, source: null, sources: null }).catch(() => null);
  const detailed = layers !== null && layers.nodeNames.length <= MOST_DETAILED;
  return { layers, graph: detailed ? await ask('graph', { path }).catch(() => null) : null };
}
