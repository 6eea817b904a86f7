import type { Minimized } from '../../contract/search.ts';
import type { SearchSpace } from '../../engine/search/search-space.ts';
import type { Recipe } from '../../contract/recipe/recipe.ts';
import type {
  ErrorTable,
  Evaluation,
  Inspect,
  Latency,
  ModelSummary,
  Problem,
  Profile,
  PruneResult,
  QuantizeResult,
  StepOutcomeResult,
  TensorStats,
} from '../../contract/results.ts';
import type { ChannelPlan } from '../../contract/channel-plan.ts';
import type { WidthTimes } from '../../contract/width-times.ts';
import type { PresetTrials } from '../../contract/preset-trials.ts';
import type { DataPreview, SamplePicture } from '../../contract/sample-picture.ts';
import type { TensorPage, TensorView } from '../../contract/tensor-view.ts';
import type { MeasuredData, Preprocessing, Split } from '../../contract/data.ts';
import type { DoctorReport } from '../../contract/doctor.ts';
import type { LayerJson } from '../../contract/layer-json.ts';
import type { LayerDetail, LayerTable } from '../../contract/layers.ts';
import type { RunReport } from '../../contract/run-report.ts';
import type { MeasuredEnergy } from '../../contract/energy.ts';
import type { Suspects } from '../../contract/suspects.ts';
import type { Sweep, SweepRequest } from '../../contract/sweep.ts';
import type { ModelPicture } from '../../contract/model-picture.ts';
import type { MachinePeaks } from '../../contract/machine-peaks.ts';
import type { Machine, RunSettings } from '../../contract/machine.ts';
import type { Circumstances, Measurement, Outcomes, Paired } from '../../contract/measurement.ts';
import type { LayerTrialRow, LayerTrials, Tried } from '../../contract/layer-trials.ts';
import type { LayerValues } from '../../contract/layer-values.ts';
import type { Sensitivity, SensitivityRow } from '../../contract/sensitivity.ts';
import type { Estimate } from '../../judge/statistics/interval.ts';
import type { AppInfo, Comparison, DatasetEntry, GraphView, PrunePlan, QuantizePlan } from '../../contract/studio.ts';

/** Names of the source's layers by name of a node that stands for others than the one of its own name. */
export type SourceNames = Readonly<Record<string, readonly string[]>>;

/** A model, and what it was made of: null when it is an opened one itself. */
export interface ChangedModel {
  readonly path: string;
  readonly source: string | null;
  /** As its making told; null: nothing is known. */
  readonly sources: SourceNames | null;
}

/** Where data lies and how it becomes a model's input. */
export interface DatasetSource {
  readonly path: string;
  readonly labelsPath: string | null;
  readonly preprocessing: Preprocessing;
  /** The part that is used; absent: the whole set. */
  readonly split?: Split;
}

/** An evaluation with what pairing needs. */
export interface EvaluatedModel {
  readonly evaluation: Evaluation;
  readonly circumstances: Circumstances;
  readonly outcomes: Outcomes;
  /** The reference on the same samples; null without one, or where it has other classes. */
  readonly reference: { readonly metrics: Evaluation['metrics']; readonly outcomes: Outcomes } | null;
}

/** Models timed in turns. */
export interface TimedModels {
  readonly latencies: Latency[];
  /** Of each model against the first, with its 95 % interval; the first's own is 1. */
  readonly ratios: Estimate[];
  /** The same of the runs that were disturbed least: for the order of models on a machine that does other work. */
  readonly calmRatios: number[];
  /** Of each model: what ran, which may differ from what was asked for. */
  readonly circumstances: Circumstances[];
  readonly machine: Machine;
}

export interface AppliedRecipe {
  /** The recipe with everything resolved that was left to the machine (`auto`): applying it again gives the same bytes. */
  readonly recipe: Recipe;
  readonly bytes: number;
  /** Those that are not zero where something was pruned, otherwise all. */
  readonly parameters: number;
  /** Zero share of the prunable weights, or null when nothing was pruned. */
  readonly sparsity: number | null;
  readonly macs: number;
  readonly prune: PruneResult | null;
  readonly quantize: QuantizeResult | null;
  /** One for each step that was applied. */
  readonly outcomes: StepOutcomeResult[];
  /** The data that calibrated it; null where nothing did. */
  readonly calibration: MeasuredData | null;
  /** What the nodes of the new model stand for. */
  readonly sources: SourceNames;
  /** Times of widths that were learnt for it. */
  readonly learnt: readonly WidthTimes[];
}

/**
 * What can be done with files, knowing neither workspace nor window: the command line calls these directly, the studio in
 * threads of their own. Everything long reports progress and stops on the context's signal.
 */
export interface OperationMap {
  readonly inspect: {
    params: { path: string; dims: Readonly<Record<string, number>>; scanWeights: boolean };
    result: Inspect;
  };
  /** What is in a model, without what grows with it. */
  readonly summary: { params: { path: string; dims: Readonly<Record<string, number>> }; result: ModelSummary };
  /** What is wrong with a model. */
  readonly problems: {
    params: { path: string; dims: Readonly<Record<string, number>>; scanWeights: boolean };
    result: Problem[];
  };
  /** What is drawn of a model before all else is known. */
  readonly picture: { params: { path: string }; result: ModelPicture };
  readonly graph: { params: { path: string }; result: GraphView };
  readonly layers: { params: ChangedModel; result: LayerTable };
  readonly layer: { params: ChangedModel & { layer: string }; result: LayerDetail };
  readonly layerJson: { params: ChangedModel & { layer: string }; result: LayerJson };
  readonly tensor: { params: { path: string; tensor: string }; result: TensorStats };
  readonly prunePlan: { params: { path: string }; result: PrunePlan };
  readonly channelPlan: { params: { path: string }; result: ChannelPlan };
  /** Times cuts of a model's channels. */
  readonly widthTimes: { params: { path: string; align: number; minimum: number }; result: WidthTimes };
  /** One group of channels cut alone; null where the model has no such group. */
  readonly sensitivity: {
    params: {
      path: string;
      data: DatasetSource;
      limit: number;
      group: number;
      score: Sensitivity['score'];
      seed: number;
    };
    result: (Pick<Sensitivity, 'measure' | 'groups' | 'samples'> & { row: SensitivityRow }) | null;
  };
  /** One layer quantized alone, in every way; null where the model has no such layer. */
  readonly layerTrials: {
    params: { path: string; data: DatasetSource; limit: number; layer: number; tried: Tried };
    result: (Pick<LayerTrials, 'measure' | 'layers' | 'samples'> & { row: LayerTrialRow }) | null;
  };
  /** How the values of a quantized layer are spread, and the codes that hold them. */
  readonly layerValues: {
    params: { float: string; quantized: string; layer: string; data: DatasetSource };
    result: LayerValues;
  };
  /** A sample as the model gets it; null where that is no picture. */
  readonly samplePicture: {
    params: { path: string; data: DatasetSource; index: number };
    result: SamplePicture | null;
  };
  /** What is in data, how the model would get it, and its first samples so. */
  readonly dataPreview: {
    params: { path: string; data: DatasetSource; pictures: number };
    result: DataPreview;
  };
  /** Every preset tried on the same labelled samples; offset of labels and layout are the source's, all else the preset's. */
  readonly tryPresets: {
    params: { path: string; data: DatasetSource; settings: RunSettings; limit: number };
    result: PresetTrials;
  };
  /** Statistics, channels and a picture of one tensor. */
  readonly tensorView: {
    params: { tensor: ReadTensor; axis: number | null; slice: number };
    result: TensorView;
  };
  /** Its values from an offset on. */
  readonly tensorPage: { params: { tensor: ReadTensor; offset: number; count: number }; result: TensorPage };
  /** It as an .npy file, written whole. */
  readonly tensorFile: { params: { tensor: ReadTensor; output: string }; result: { bytes: number } };
  readonly quantizePlan: { params: { path: string }; result: QuantizePlan };
  /** What a search chooses among in what a recipe's steps before its quantization make; null: no layer can run in int8. */
  readonly searchSpace: {
    params: {
      path: string;
      calibration: DatasetSource;
      recipe: Recipe;
      minimize: Minimized;
      /** The folder in which statistics of calibrations are kept; null: none. */
      kept?: string | null;
    };
    result: SearchSpace | null;
  };
  readonly dataset: {
    params: DatasetSource;
    result: Pick<DatasetEntry, 'kind' | 'name' | 'samples' | 'labelled' | 'classCount'> & { fingerprint: string };
  };
  readonly apply: {
    params: {
      path: string;
      recipe: Recipe;
      calibration: DatasetSource | null;
      settings: RunSettings;
      output: string;
      /** Files of the models that steps name by their SHA-256. */
      models?: Readonly<Record<string, string>>;
      /** Where a training keeps what it needs to go on after it was stopped; null, or left out: nowhere. */
      checkpoint?: string | null;
      /** Times of widths that were learnt before; left out: none. */
      times?: readonly WidthTimes[];
      /** The folder in which statistics of calibrations are kept; null, or left out: none. */
      kept?: string | null;
    };
    result: AppliedRecipe;
  };
  /** Timed in turns (A B A B …), so that what the machine does meanwhile falls on all of them alike. */
  readonly latency: {
    params: { paths: readonly string[]; settings: RunSettings };
    result: TimedModels;
  };
  readonly profile: {
    params: {
      path: string;
      settings: RunSettings;
      runs: number | null;
      warmup: number | null;
      /** `.npz`, `.npy` or `.pb` with the inputs; null: random ones. */
      inputs: string | null;
      /** Where the raw trace goes; null: it is not kept. */
      trace: string | null;
    };
    result: Profile;
  };
  /** A profile from a trace that the runtime wrote elsewhere. */
  readonly importTrace: {
    params: {
      path: string;
      trace: string;
      /** The graph that was executed; null: kernels are attributed by their names. */
      optimised: string | null;
    };
    result: Profile;
  };
  /** A model under other session settings. */
  readonly sweep: { params: SweepRequest & { path: string }; result: Sweep };
  /** What this machine can do at most through the runtime; null: it was not measured, and should not be now. */
  readonly peaks: {
    params: {
      settings: Pick<RunSettings, 'provider' | 'threads'>;
      /** The file where they are kept. */
      cache: string;
      measure: 'never' | 'when unknown' | 'again';
    };
    result: MachinePeaks | null;
  };
  /** Energy of an inference from this machine's sensors, or why none can be read. */
  readonly energy: { params: { path: string; settings: RunSettings }; result: MeasuredEnergy };
  /** One run, value by value, up to the layer that fails if one does. */
  readonly runReport: {
    params: {
      path: string;
      settings: Pick<RunSettings, 'batch' | 'dims'>;
      /** `.npz`, `.npy` or `.pb` with the inputs; null: those of the data, or made ones. */
      inputs: string | null;
      data: DatasetSource | null;
      /** The first of the data's samples that is taken. */
      sample: number;
    };
    result: RunReport;
  };
  /** Values that are not numbers, infinite or denormal, and channels that are always 0, over samples from the start. */
  readonly suspects: {
    params: { path: string; data: DatasetSource; dims: Readonly<Record<string, number>>; limit: number | null };
    result: Suspects;
  };
  readonly evaluate: {
    params: {
      path: string;
      data: DatasetSource;
      settings: RunSettings;
      limit: number | null;
      reference: string | null;
    };
    result: EvaluatedModel;
  };
  /** How many samples of `evaluation` are also among those of `calibration`, by content. */
  readonly overlap: {
    params: { calibration: DatasetSource; calibrationLimit: number | null; evaluation: DatasetSource };
    result: { shared: number };
  };
  readonly errors: {
    params: { float: string; quantized: string; data: DatasetSource; limit: number };
    result: ErrorTable;
  };
  readonly doctor: {
    params: {
      path: string;
      /** The opened model that a recipe made this one of; null: it is an opened one itself. */
      origin: { path: string; recipe: Recipe; sources: SourceNames | null } | null;
      /** Typical inputs; null: made ones. */
      data: DatasetSource | null;
      limit: number;
      /** Only what follows from the file. */
      quick: boolean;
      /** After so long no other measured check begins. */
      seconds: number;
    };
    result: DoctorReport;
  };
  readonly compare: {
    params: {
      a: CompareSide;
      b: CompareSide;
      /** Whether both were made of one model, so that names and `sources` tell which layers are the same. */
      related: boolean;
      /** Comparisons of b with a. */
      pairs: readonly Paired[];
      /** Keys of the circumstances to compare under; where none fits, the newest that both have. */
      keys: readonly string[];
    };
    result: Comparison;
  };
  /** Copies a model: the same bytes, or, with external data, the model and one data file beside it. */
  readonly copyModel: { params: { path: string; output: string }; result: { bytes: number } };
  /** What this machine and its runtime can do. */
  readonly machine: { params: Record<string, never>; result: Pick<AppInfo, 'machine' | 'providers'> };
}

/** A tensor of a model that is looked into. */
export interface ReadTensor {
  readonly kind: 'weight' | 'value';
  readonly path: string;
  /** Of the weight, or of the value that passes between nodes of the main graph. */
  readonly name: string;
  /** What a value is computed on; null: inputs made at random. */
  readonly data: DatasetSource | null;
  readonly sample: number;
}

export interface CompareSide {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** What its nodes stand for in the model that both were made of, as far as known; null: nothing is. */
  readonly sources: SourceNames | null;
  readonly profile: Profile | null;
  readonly measurements: readonly Measurement[];
}

export type OperationName = keyof OperationMap;
export type OperationParams<N extends OperationName> = OperationMap[N]['params'];
export type OperationResult<N extends OperationName> = OperationMap[N]['result'];
