import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TensorSource } from '../contract/tensor-view.ts';
import { datasetSource } from './datasets.ts';
import type { Handlers } from './handlers.ts';
import type { ReadTensor } from './operations/operation-map.ts';
import type { StudioContext } from './studio-context.ts';
import { requireOutput } from './trial-state.ts';

type TensorMethods = 'trial.tensor' | 'trial.tensorView' | 'trial.tensorPage' | 'trial.tensorFile';

/** Weights of a trial's model, and values between its layers. */
export function tensorHandlers(context: StudioContext): Pick<Handlers, TensorMethods> {
  const { ask, workspace } = context;
  const asked = async (trialId: string, source: TensorSource): Promise<ReadTensor> => {
    const path = await requireOutput(context, trialId);
    if (source.kind === 'weight') return { kind: 'weight', path, name: source.tensor, data: null, sample: 0 };
    const { value, datasetId, sample } = source;
    const data = datasetId === null ? null : datasetSource(await workspace.dataset(datasetId));
    return { kind: 'value', path, name: value, data, sample };
  };
  return {
    'trial.tensor': async ({ trialId, tensor }) =>
      ask('tensor', { path: await requireOutput(context, trialId), tensor }),
    'trial.tensorView': async ({ trialId, source, axis, slice }) =>
      ask('tensorView', { tensor: await asked(trialId, source), axis, slice }),
    'trial.tensorPage': async ({ trialId, source, offset, count }) =>
      ask('tensorPage', { tensor: await asked(trialId, source), offset, count }),
    'trial.tensorFile': async ({ trialId, source }) => {
      const tensor = await asked(trialId, source);
      const key = randomBytes(16).toString('hex');
      const directory = join(await workspace.folder('exports'), key);
      await mkdir(directory, { recursive: true });
      const name = `${tensor.name.replaceAll(/[^\w.-]+/gu, '_').replaceAll(/^_+|_+$/gu, '') || 'tensor'}.npy`;
      await ask('tensorFile', { tensor, output: join(directory, name) });
      return { url: `/files/exports/${key}/${encodeURIComponent(name)}`, name };
    },
  };
}
