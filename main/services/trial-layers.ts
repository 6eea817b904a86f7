import type { Handlers } from './handlers.ts';
import { requireModel } from './models.ts';
import type { ChangedModel } from './operations/operation-map.ts';
import type { StudioContext } from './studio-context.ts';
import { requireOutput } from './trial-state.ts';

/** The layers of trials, in terms of the opened model, and of models in their own. */
export function layerHandlers(
  context: StudioContext,
): Pick<Handlers, 'trial.layers' | 'trial.layer' | 'trial.layerJson' | 'model.layers'> {
  const { ask } = context;
  return {
    'trial.layers': async ({ trialId }) => ask('layers', await changedModel(context, trialId)),
    'trial.layerJson': async ({ trialId, layer }) =>
      ask('layerJson', { ...(await changedModel(context, trialId)), layer }),
    'model.layers': async ({ of }) => {
      const path = 'path' in of ? of.path : await requireOutput(context, of.trialId);
      return ask('layers', { path, source: null, sources: null });
    },
    'trial.layer': async ({ trialId, layer }) => ask('layer', { ...(await changedModel(context, trialId)), layer }),
  };
}

/** A trial's model and the opened one that it was made of. */
async function changedModel(context: StudioContext, trialId: string): Promise<ChangedModel> {
  const path = await requireOutput(context, trialId);
  const { modelId, baseline } = await context.workspace.trial(trialId);
  if (baseline) return { path, source: null, sources: null };
  const sources = await context.workspace.result(trialId, 'sources');
  return { path, source: (await requireModel(context, modelId)).path, sources };
}
