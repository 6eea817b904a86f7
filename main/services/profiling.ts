import { join } from 'node:path';
import { assert } from '../base/errors.ts';
import type { MachinePeaks } from '../contract/machine-peaks.ts';
import type { Params } from '../contract/methods.ts';
import type { StartedJob } from '../jobs/job-queue.ts';
import type { Handlers } from './handlers.ts';
import type { StudioContext } from './studio-context.ts';

type ProfileMethods = 'machine.peaks' | 'machine.peaks.run';

/** What a profile is read against. */
export function profileHandlers(context: StudioContext): Pick<Handlers, ProfileMethods> {
  return {
    'machine.peaks': async (settings) =>
      context.ask('peaks', { settings, cache: await peaksFile(context), measure: 'never' }),
    'machine.peaks.run': (settings) => measurePeaksJob(context, settings),
  };
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
