import type { DatasetEntry, ModelEntry, Trial } from '../../main/contract/studio.ts';
import { turnToData } from './data.ts';
import { engine } from './engine.ts';
import { takeFirstModel } from './first-model.ts';
import { isActive, useJobs } from './jobs.ts';
import { tell, tellError } from './messages.ts';
import { keepShown, useLast } from './last.ts';
import { forget, widthTimesId } from './queries.ts';
import { shownTrialId, useSession, withTrial } from './session.ts';
import { openModel } from './actions.ts';

/**
 * Ties the stores to the engine: events as they come, and everything fetched anew whenever the connection is (re)made,
 * so that a restarted engine finds the window as it left it. Call once.
 * @returns the way to let go
 */
export function startLive(): () => void {
  const client = engine();
  const stops = [
    client.on('job', (job) => {
      useJobs.getState().put(job);
      if (!isActive(job) && job.status === 'failed' && job.error !== null)
        tell('error', job.error.message, job.error.hint);
    }),
    client.on('trial', putTrial),
    client.on('trial.changed', ({ id }) => {
      client.call('trial.get', { trialId: id }).then(putTrial, tellError);
    }),
    client.on('sensitivity', ({ modelId }) => forget((method, id) => method === 'prune.sensitivity' && id === modelId)),
    client.on('prune.times', ({ shapes, align }) =>
      forget((method, id) => method === 'prune.times' && id === widthTimesId(shapes, align)),
    ),
    client.on('quantize.layers', ({ modelId, tried }) =>
      forget((method, id) => method === 'quantize.layers' && id === `${modelId}|${tried}`),
    ),
    client.on('training', ({ trialId }) => forget((method, id) => method === 'trial.training' && id === trialId)),
    client.on('trial.deleted', ({ id }) => {
      useSession.setState((state) => ({
        trials: state.trials.filter((trial) => trial.id !== id),
        a: state.a === id ? (state.model?.baselineTrialId ?? null) : state.a,
        b: state.b === id ? null : state.b,
      }));
    }),
    useSession.subscribe(({ model, b }, before) => {
      if (model !== null && model.entry.id === before.model?.entry.id && b !== before.b) keepShown(model.entry.id, b);
    }),
    client.on('datasets', (datasets) => {
      takeDatasets(datasets);
    }),
    client.on('recents', (recents) => useSession.setState({ recents })),
    client.on('notice', ({ level, message }) => tell(level, message)),
    client.onStatus((connection) => {
      const wasLost = useSession.getState().connection === 'lost';
      useSession.setState({ connection });
      // It may have been away for a blink only, too short for the banner to be read.
      if (wasLost && connection === 'open') {
        tell('warning', 'The engine stopped and was started again', 'Trials are safe; running jobs were interrupted.');
      }
      if (connection === 'open') void refresh(wasLost);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Takes over a trial as it is now; what was fetched of it is old. */
function putTrial(trial: Trial): void {
  useSession.setState((state) =>
    state.model?.entry.id === trial.modelId ? { trials: withTrial(state.trials, trial) } : {},
  );
  forget(
    (method, id) =>
      (id === trial.id &&
        (method === 'trial.profile' ||
          method === 'trial.training' ||
          method === 'trial.errors' ||
          method === 'trial.details')) ||
      ((method === 'trial.compare' || method === 'trial.pairs') && id.includes(trial.id)),
  );
}

/** Fetches what the window shows: after a start, a reload and a lost connection. */
async function refresh(wasLost: boolean): Promise<void> {
  const client = engine();
  try {
    // What the address asks for is opened at once, beside all that the window needs to know otherwise.
    const opening = openAsked();
    const [info, recents, datasets, jobs] = await Promise.all([
      client.call('app.info', {}),
      client.call('model.recents', {}),
      client.call('dataset.list', {}),
      client.call('job.list', {}),
    ]);
    useJobs.getState().replace(jobs);
    useSession.setState({ info, recents });
    takeDatasets(datasets);
    if (opening === null) await openLast(recents);
    else await opening;
    const shown = wasLost ? shownTrialId(useSession.getState()) : null;
    forget((_method, id) => shown !== null && id.startsWith(shown));
  } catch (error) {
    tellError(error);
  }
}

/** Opens the model that the address names; null: it names none, or it was opened before. */
function openAsked(): Promise<boolean> | null {
  const first = takeFirstModel();
  return first === null ? null : openModel({ path: first.path }, first.name, first.answer);
}

/**
 * Opens what was open: in this window before the connection was lost, in this browser before the reload, or
 * the newest model of the workspace where nothing is remembered (the engine's port, and with it the browser's storage, may
 * be another one than last time).
 */
async function openLast(recents: readonly ModelEntry[]): Promise<void> {
  // The system handed a file over in the meantime: that is what the user wants to see.
  if (useSession.getState().opening !== null) return;
  const kept = useLast.getState().modelId;
  const id = useSession.getState().model?.entry.id ?? (kept === undefined ? recents[0]?.id : kept);
  const last = recents.find((entry) => entry.id === id && entry.available);
  if (last !== undefined) await openModel({ path: last.path }, last.name);
}

/** The data sets that there are now; where the chosen one is gone, or none was chosen, those of the open model are turned to. */
function takeDatasets(datasets: readonly DatasetEntry[]): void {
  useSession.setState(({ datasetId }) => ({
    datasets,
    datasetId: datasets.some(({ id }) => id === datasetId) ? datasetId : null,
  }));
  if (useSession.getState().datasetId === null) turnToData();
}
