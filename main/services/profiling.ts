import { join } from 'node:path';
import { assert } from '../base/errors.ts';
import type { MachinePeaks } from '../contract/machine-peaks.ts';
import type { Params } from '../contract/methods.ts';
import type { StartedJob } from '../jobs/job-queue.ts';
import type { Handlers } from './handlers.ts';
import type { Sweep } from '../contract/sweep.ts';
import { requireModel, uploadedFile } from './models.ts';
import { requireOutput } from './trial-state.ts';
import type { StudioContext } from './studio-context.ts';

type ProfileMethods =
  'machine.peaks' | 'machine.peaks.run' | 'trial.profile.import' | 'trial.sweep' | 'trial.sweep.run';

/** What a profile is read against. */
export function profileHandlers(context: StudioContext): Pick<Handlers, ProfileMethods> {
  return {
    'machine.peaks': async (settings) =>
      context.ask('peaks', { settings, cache: await peaksFile(context), measure: 'never' }),
    'trial.profile.import': async ({ trialId, upload }) => {
      const path = await requireOutput(context, trialId);
      const trace = await uploadedFile(context.workspace, upload);
      return context.ask('importTrace', { path, trace, optimised: null });
    },
    'trial.sweep': ({ trialId }) => context.workspace.result(trialId, 'sweep'),
    'trial.sweep.run': (params) => sweepJob(context, params),
    'machine.peaks.run': (settings) => measurePeaksJob(context, settings),
  };
}

async function sweepJob(
  context: StudioContext,
  { trialId, ...request }: Params<'trial.sweep.run'>,
): Promise<StartedJob<Sweep>> {
  const { workspace, jobs, work } = context;
  const trial = await workspace.trial(trialId);
  const { name } = await requireModel(context, trial.modelId);
  const title = `Try settings of ${trial.baseline ? name : trial.name}`;
  return jobs.add({ kind: 'measure', title, modelId: trial.modelId, trialId }, async (task) => {
    const path = await requireOutput(context, trialId);
    const sweep = await work.call('sweep', { path, ...request }, task);
    await workspace.record(trialId, { results: { sweep }, at: Date.now() });
    return sweep;
  });
}

async function peaksFile({ workspace }: StudioContext): Promise<string> {
  return join(await workspace.folder('machines'), 'peaks.json');
}

async function measurePeaksJob(
  context: StudioContext,
  settings: Params<'machine.peaks.run'>,
): Promise<StartedJob<MachinePeaks>> {
  const cache = await peaksFile(context);
  const title = 'Measure what this machine can do';
  return context.jobs.add({ kind: 'machine', title, modelId: null, trialId: null }, async (task) => {
    const peaks = await context.work.call('peaks', { settings, cache, measure: 'again' }, task);
    assert(peaks !== null, 'peaks that are measured are there');
    return peaks;
  });
}
