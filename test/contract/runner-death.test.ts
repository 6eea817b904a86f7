/** The runtime dies in the middle of a job, as it does on a model that crashes it: the job says so, and the next one works. */
import { expect, test } from 'vitest';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf } from '../support/call-studio.ts';
import { descendant } from '../support/processes.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a job whose runtime is killed fails with the reason, and the next job has a new one', async () => {
  using folder = tempFolder();
  await using workspace = await openWorkspace(folder.path);
  let onProgress: () => void = () => undefined;
  await using studio = await createStudio({
    workspace,
    version: '0.0.0',
    emit: (event, payload) => {
      if (event === 'job' && (payload as { done: number }).done > 0) onProgress();
    },
  });
  const call = callOf(studio);
  const { baselineTrialId: trialId } = await call('model.open', { sample: 'glyph-cnn' });
  const [data] = await call('dataset.list', {});
  const evaluation = { trialId, datasetId: data!.id };
  const underWay = new Promise<void>((resolve) => {
    onProgress = resolve;
  });
  const job = call('trial.evaluate', evaluation).catch((error: unknown) => error);
  await underWay;
  process.kill(descendant(process.pid, /runner-entry/u).pid, 'SIGKILL');
  expect(await job).toMatchObject({ code: 'RUNTIME_DIED', message: expect.stringContaining('SIGKILL') });
  expect((await call('trial.evaluate', { ...evaluation, limit: 32 })).samples).toBe(32);
});
