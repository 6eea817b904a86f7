import type { Trial } from '../contract/studio.ts';
import { StudioError } from '../base/errors.ts';
import { packFrame } from '../rpc/socket-port.ts';
import type { Emit } from './handlers.ts';
import type { MeasureContext, StudioContext } from './studio-context.ts';

/** Tells all windows what a trial is now. */
export async function tellTrial(
  { workspace, emit }: Pick<MeasureContext, 'workspace' | 'emit'>,
  trialId: string,
): Promise<Trial> {
  return emitTrial(emit, await workspace.trial(trialId));
}

/** No event is longer: windows on slow machines and over tunnels get every one. */
const MAX_EVENT_BYTES = 64 * 1024;

/** Tells all windows of a trial as it is now: itself, or only that it changed where it is too long for an event. */
export function emitTrial(emit: Emit, trial: Trial): Trial {
  const { byteLength } = packFrame({ kind: 'event', event: 'trial', payload: trial });
  if (byteLength < MAX_EVENT_BYTES) emit('trial', trial);
  else emit('trial.changed', { id: trial.id, modelId: trial.modelId });
  return trial;
}

/** Path of a trial's output model. @throws NOT_FOUND while it is not made */
export async function requireOutput(
  { workspace }: Pick<MeasureContext, 'workspace'>,
  trialId: string,
): Promise<string> {
  const trial = await workspace.trial(trialId);
  const path = await workspace.trialOutput(trialId);
  if (path === undefined) {
    throw new StudioError('NOT_FOUND', `The model of '${trial.name}' is not made yet`, {
      hint: 'Run the trial first.',
    });
  }
  return path;
}

/** The baseline of a trial's model; undefined where there is none. */
export async function baselineOf(
  { workspace }: Pick<MeasureContext, 'workspace'>,
  trial: Trial,
): Promise<Trial | undefined> {
  return (await workspace.trials(trial.modelId)).find((other) => other.baseline);
}

/** The trial of a model as it was opened, by the model's id. @throws NOT_FOUND */
export async function baselineIdOf({ workspace }: StudioContext, modelId: string): Promise<string> {
  const baseline = (await workspace.trials(modelId)).find((trial) => trial.baseline);
  if (baseline === undefined) throw new StudioError('NOT_FOUND', `There is no model '${modelId}'`);
  return baseline.id;
}
