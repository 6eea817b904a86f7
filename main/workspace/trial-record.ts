import type { LedgerRow, Trial } from '../contract/studio.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { ErrorTable, Evaluation, Latency, Profile, PruneResult, QuantizeResult } from '../contract/results.ts';

/** Results that a trial keeps, by kind. */
export interface TrialResults {
  readonly latency: Latency;
  readonly evaluation: Evaluation;
  readonly prune: PruneResult;
  readonly quantize: QuantizeResult;
  readonly profile: Profile;
  readonly errors: ErrorTable;
}
export type ResultKind = keyof TrialResults;

/** What is known when a trial is made. */
export interface NewTrial {
  readonly id: string;
  readonly modelId: string;
  readonly name: string;
  readonly recipe: Recipe;
  readonly baseline: boolean;
  readonly createdAt: number;
}

/** What becomes known while it runs; absent keys stay as they are. */
export interface TrialUpdate {
  readonly name?: string;
  readonly recipe?: Recipe;
  readonly status?: Trial['status'];
  readonly error?: Trial['error'];
  readonly outputPath?: string;
  readonly bytes?: number;
  readonly parameters?: number;
  readonly sparsity?: number | null;
  readonly macs?: number;
}

/** What one piece of work found out about a trial; kept whole or not at all. */
export interface TrialRecord {
  readonly update?: TrialUpdate;
  readonly results?: Partial<TrialResults>;
  readonly measurements?: readonly LedgerRow[];
  /** Unix milliseconds. */
  readonly at: number;
}
