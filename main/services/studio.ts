import { Gate } from '../jobs/gate.ts';
import { JobQueue } from '../jobs/job-queue.ts';
import type { AppInfo } from '../contract/studio.ts';
import { removeUnfinished } from '../base/write-whole.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { datasetHandlers } from './datasets.ts';
import { exportHandlers } from './exports.ts';
import { listDirectory } from './directories.ts';
import type { Emit, Handlers } from './handlers.ts';
import { modelHandlers } from './models.ts';
import { OperationThread } from './operation-thread.ts';
import { readSamples } from './samples.ts';
import { measureHandlers } from './measuring.ts';
import { profileHandlers } from './profiling.ts';
import { doctorHandlers } from './doctor.ts';
import { layerTrialHandlers } from './layer-trials.ts';
import { searchHandlers } from './search.ts';
import { expectModel, shownModelHandlers } from './shown-model.ts';
import { sensitivityHandlers } from './sensitivity.ts';
import type { StudioContext } from './studio-context.ts';
import { layerHandlers } from './trial-layers.ts';
import { trainingHandlers } from './training-handlers.ts';
import { Trainings } from './trainings.ts';
import { tensorHandlers } from './tensors.ts';
import { trialHandlers } from './trials.ts';
import { widthTimesHandlers } from './width-times.ts';

export interface StudioOptions {
  readonly workspace: Workspace;
  readonly emit: Emit;
  readonly version: string;
}

export interface Studio extends AsyncDisposable {
  readonly handlers: Handlers;
  readonly cancelJob: (jobId: string) => void;
  /** Reads a model that a window will soon ask for; nothing is said of what fails. */
  readonly expect: (path: string) => void;
}

/**
 * The contract's handlers on one workspace. Trials that an earlier engine left running are closed first, and the files that
 * it left half-written removed.
 */
export async function createStudio({ workspace, emit, version }: StudioOptions): Promise<Studio> {
  const gate = new Gate();
  const trainings = new Trainings(emit);
  const work = new OperationThread('lapidary-jobs', gate, () => trainings.order);
  const questions = new OperationThread('lapidary-questions');
  questions.start();
  const jobs = new JobQueue((job) => emit('job', job));
  const neverAborted = new AbortController().signal;
  const ask: StudioContext['ask'] = (name, params) =>
    gate.ask(() => questions.call(name, params, { signal: neverAborted, progress: () => undefined }));

  // Asked once: a provider's availability is found by starting it, which takes a while.
  let machine: Promise<Pick<AppInfo, 'machine' | 'providers'>> | undefined;
  const machineInfo = (): Promise<Pick<AppInfo, 'machine' | 'providers'>> => {
    machine ??= ask('machine', {}).catch((error: unknown) => {
      machine = undefined;
      throw error;
    });
    return machine;
  };

  await workspace.closeInterruptedTrials();
  for (const folder of ['trials', 'traces', 'trainings']) removeUnfinished(await workspace.folder(folder));
  const context: StudioContext = { workspace, jobs, trainings, emit, work, ask, version };

  return {
    handlers: {
      'app.info': async () => ({
        version,
        ...(await machineInfo()),
        samples: (await readSamples()).models.map(({ id, title, summary, bytes }) => ({ id, title, summary, bytes })),
        workspace: workspace.directory,
      }),
      'fs.list': ({ path }) => listDirectory(path),
      'settings.get': () => workspace.settings(),
      'settings.set': async ({ name, value }) => {
        await workspace.saveSetting(name, value);
        return null;
      },
      ...modelHandlers(context),
      ...shownModelHandlers(context),
      ...datasetHandlers(context),
      ...trialHandlers(context),
      ...tensorHandlers(context),
      ...layerHandlers(context),
      ...measureHandlers(context),
      ...profileHandlers(context),
      ...doctorHandlers(context),
      ...trainingHandlers(context),
      ...sensitivityHandlers(context),
      ...widthTimesHandlers(context),
      ...layerTrialHandlers(context),
      ...searchHandlers(context),
      ...exportHandlers(context),
      'job.list': () => [...jobs.list()],
      'job.cancel': ({ jobId }) => {
        jobs.cancel(jobId);
        return null;
      },
    },
    cancelJob: (jobId) => jobs.cancel(jobId),
    expect: (path) => void expectModel(context, path),
    [Symbol.asyncDispose]: async () => {
      jobs.cancelAll();
      await Promise.all([work[Symbol.asyncDispose](), questions[Symbol.asyncDispose]()]);
    },
  };
}
