import type { StepKind } from '../../contract/recipe/step-kind.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import type { Sources } from '../passes/pass.ts';
import type { TrainingHost } from '../distill/training-host.ts';
import type { CalibrationMemory } from '../quantize/calibration-memory.ts';
import type { Lineage } from '../prune/lineage.ts';
import type { TimesBook } from '../prune/structure/width-times.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

/** What a step may use beside the model. */
export interface StepSurroundings {
  /** Feeds from the start of the calibration data; asked for by kinds that need it, perhaps more than once. */
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  /** Some real inputs to try a changed model on; undefined: there are none, and made ones do. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
  /** Where statistics of calibrations are kept; left out: nowhere. */
  readonly memory?: CalibrationMemory;
  /** Whether this CPU has VNNI; null where that cannot be told. */
  readonly vnni: boolean | null;
  /** Where the model comes from, once a step before has pruned it. */
  readonly lineage?: Lineage;
  /** The model that the recipe begins with. */
  readonly source?: Model;
  /** Classes of the first samples of the calibration data; null, or left out: unknown. */
  readonly labels?: (samples: number) => Int32Array | null;
  /** The model with this SHA-256, where a step names another one than the source. */
  readonly modelOf?: (sha256: string) => Promise<Model>;
  /** Times of widths on this machine; left out: they are learnt each time. */
  readonly times?: TimesBook;
  /** Who hears of trainings and orders them about; left out: nobody. */
  readonly training?: TrainingHost;
}

/** What a step did, for reports: by kind, whatever that kind tells. */
export interface StepOutcome<Kind extends string = string, Details = unknown> {
  readonly kind: Kind;
  readonly details: Details;
  /** What a user should know, one sentence each. */
  readonly notes: readonly string[];
}

export interface AppliedStep<Settings, Outcome extends StepOutcome = StepOutcome> {
  readonly model: Model;
  /** With everything decided that was left to the machine. */
  readonly settings: Settings;
  /** The layers of the model before that each node stands for. */
  readonly sources: Sources;
  /** Of a step that prunes: what it pruned, and what is left. */
  readonly lineage?: Lineage;
  readonly outcome: Outcome;
}

/** A kind of step with how it is applied. */
export interface EngineStep<Settings, Outcome extends StepOutcome = StepOutcome> {
  readonly kind: StepKind<Settings>;
  /** What is shown while it runs, until it tells more: "Pruning". */
  readonly stage: string;
  readonly apply: (
    model: Model,
    settings: Settings,
    surroundings: StepSurroundings,
    context: TaskContext,
  ) => Promise<AppliedStep<Settings, Outcome>>;
}
