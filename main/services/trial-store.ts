import type { Workspace } from '../workspace/workspace.ts';

/**
 * Where measuring and reports find trials and keep what was found out: the studio's workspace, or the memory of a command
 * (`MemoryStore`).
 */
export type TrialStore = Pick<
  Workspace,
  | 'model'
  | 'dataset'
  | 'datasets'
  | 'trial'
  | 'trials'
  | 'trialOutput'
  | 'trialDetails'
  | 'record'
  | 'result'
  | 'outcomes'
>;
