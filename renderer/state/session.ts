import { create } from 'zustand';
import type { AppInfo, DatasetEntry, ModelEntry, OpenedModel, Trial } from '../../main/contract/studio.ts';
import type { ConnectionStatus } from '../rpc/client.ts';
import type { EngineError } from '../rpc/engine-error.ts';

interface SessionStore {
  readonly connection: ConnectionStatus;
  /** The engine's answer about itself; null until it has answered. */
  readonly info: AppInfo | null;
  readonly recents: readonly ModelEntry[];
  readonly datasets: readonly DatasetEntry[];
  /** The data set that accuracy and calibration use, or null. */
  readonly datasetId: string | null;
  readonly model: OpenedModel | null;
  /** Name of what is being opened, or null. */
  readonly opening: string | null;
  readonly openError: EngineError | null;
  /** Trials of the model, oldest first, the baseline among them. */
  readonly trials: readonly Trial[];
  /** The trial that others are measured against: the baseline at first. */
  readonly a: string | null;
  /** The trial being looked at; null: `a` itself. */
  readonly b: string | null;
}

/** What is open. Changed by `actions.ts` and the engine's events; read by everyone. */
export const useSession = create<SessionStore>(() => ({
  connection: 'connecting',
  info: null,
  recents: [],
  datasets: [],
  datasetId: null,
  model: null,
  opening: null,
  openError: null,
  trials: [],
  a: null,
  b: null,
}));

/** Id of the trial whose graph, profile and errors are shown: `b`, or `a` when no other is chosen. */
export function shownTrialId(state: Pick<SessionStore, 'a' | 'b'>): string | null {
  return state.b ?? state.a;
}

/** The trial with an id, or undefined. */
export function trialById(trials: readonly Trial[], id: string | null): Trial | undefined {
  return id === null ? undefined : trials.find((trial) => trial.id === id);
}

/** The trial that is shown. */
export function useShownTrial(): Trial | undefined {
  return useSession((state) => trialById(state.trials, shownTrialId(state)));
}

/** The trial that others are measured against. */
export function useReferenceTrial(): Trial | undefined {
  return useSession((state) => trialById(state.trials, state.a));
}

/** Chooses the trial to look at. */
export function showTrial(id: string | null): void {
  useSession.setState((state) => ({ b: id === state.a ? null : id }));
}

/** Chooses the trial to measure against. */
export function setReference(id: string): void {
  useSession.setState((state) => ({ a: id, b: state.b === id ? null : state.b }));
}

/** The list with a trial put in or replaced, oldest first. */
export function withTrial(trials: readonly Trial[], trial: Trial): readonly Trial[] {
  const others = trials.filter((other) => other.id !== trial.id);
  return [...others, trial].sort((x, y) => x.createdAt - y.createdAt || (x.id < y.id ? -1 : 1));
}
