import { asEngineError } from '../rpc/engine-error.ts';
import { copyText } from './clipboard.ts';
import { saveText } from './download.ts';
import { engine } from './engine.ts';
import { tell } from './messages.ts';
import { shownTrialId, useSession } from './session.ts';

/** Copies a layer of the shown trial as JSON: attributes, inputs and outputs with their types. */
export async function copyLayerJson(layer: string): Promise<void> {
  const text = await jsonOf(layer);
  if (text !== null) await copyText(text, 'Copied as JSON');
}

/** The same as a file. */
export async function saveLayerJson(layer: string): Promise<void> {
  const text = await jsonOf(layer);
  if (text !== null) saveText(`${layer.replace(/^\//u, '')}.json`, text, 'application/json');
}

async function jsonOf(layer: string): Promise<string | null> {
  const trialId = shownTrialId(useSession.getState());
  if (trialId === null) return null;
  try {
    return JSON.stringify(await toldOf(trialId, layer), null, 2);
  } catch (error) {
    const { message, hint } = asEngineError(error);
    tell('error', message, hint ?? null);
    return null;
  }
}

/** Nodes within functions are no layers: of them the graph tells. */
async function toldOf(trialId: string, layer: string): Promise<unknown> {
  try {
    return await engine().call('trial.layerJson', { trialId, layer });
  } catch (error) {
    if (asEngineError(error).code !== 'MODEL_UNKNOWN_LAYER') throw error;
    const { nodes } = await engine().call('trial.graph', { trialId });
    const node = nodes.find(({ name }) => name === layer);
    if (node === undefined) throw error;
    return node;
  }
}
