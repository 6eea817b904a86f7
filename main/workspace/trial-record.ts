import type { MeasuredData } from '../contract/data.ts';
import type { Measurement, Paired } from '../contract/measurement.ts';
import type { Trial } from '../contract/studio.ts';
import type { KeptOutcomes } from './measurement-rows.ts';
import type { Recipe } from '../contract/recipe/recipe.ts';
import type {
  ErrorTable,
  Evaluation,
  EvaluationSummary,
  Latency,
  Profile,
  PruneResult,
  PruneSummary,
  QuantizeResult,
  QuantizeSummary,
  StepOutcomeResult,
} from '../contract/results.ts';
import type { DoctorReport } from '../contract/doctor.ts';
import type { Suspects } from '../contract/suspects.ts';
import type { Sweep } from '../contract/sweep.ts';
import type { LayerTrials } from '../contract/layer-trials.ts';
import type { Training } from '../contract/training.ts';
import type { Sensitivity } from '../contract/sensitivity.ts';
import { summarizeEvaluation, summarizePrune, summarizeQuantize } from '../judge/trial-summary.ts';

/** Results that a trial keeps, by kind. */
export interface TrialResults {
  readonly latency: Latency;
  readonly evaluation: Evaluation;
  readonly prune: PruneResult;
  readonly quantize: QuantizeResult;
  readonly outcomes: readonly StepOutcomeResult[];
  /** As it told last, also of a trial that was not finished. */
  readonly training: Training;
  readonly profile: Profile;
  readonly errors: ErrorTable;
  readonly doctor: DoctorReport;
  /** The model under other session settings. */
  readonly sweep: Sweep;
  /** Values that looked wrong over data. */
  readonly suspects: Suspects;
  /** Of a baseline: what each group of channels costs when it is cut alone. */
  readonly sensitivity: Sensitivity;
  readonly layerSchemes: LayerTrials;
  readonly layerBits: LayerTrials;
  /** Source layers by name of a node of the trial's model, where they are not the one of its own name. */
  readonly sources: Readonly<Record<string, readonly string[]>>;
}
export type ResultKind = keyof TrialResults;

/** What of them travels with the trial: what does not grow with the model. */
export interface TrialSummaries {
  readonly latency: Latency;
  readonly evaluation: EvaluationSummary;
  readonly prune: PruneSummary;
  readonly quantize: QuantizeSummary;
}

/** The summary of each kind of result, kept beside it so that a list of trials reads no long rows. */
export const SUMMARIES: { readonly [K in ResultKind]: (result: TrialResults[K]) => object } = {
  latency: (latency) => latency,
  evaluation: summarizeEvaluation,
  prune: summarizePrune,
  quantize: summarizeQuantize,
  outcomes: () => ({}),
  training: () => ({}),
  sources: () => ({}),
  // That they are there is all that is told.
  profile: () => ({}),
  errors: () => ({}),
  doctor: () => ({}),
  sweep: () => ({}),
  suspects: () => ({}),
  sensitivity: () => ({}),
  layerSchemes: () => ({}),
  layerBits: () => ({}),
};

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
  /** The data that calibrated it. */
  readonly calibration?: MeasuredData;
}

/** What one piece of work found out about a trial; kept whole or not at all. */
export interface TrialRecord {
  readonly update?: TrialUpdate;
  readonly results?: Partial<TrialResults>;
  readonly measurements?: readonly Measurement[];
  /** Comparisons of this trial with others. */
  readonly pairs?: readonly Paired[];
  readonly outcomes?: KeptOutcomes;
  /** Unix milliseconds. */
  readonly at: number;
}
