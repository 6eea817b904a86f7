/**
 * Every method of the engine: its parameters and its result. One map types the client, the server and their tests.
 * A method marked `job` runs in the job queue: it reports progress (event `job`), can be cancelled, and goes on when the
 * window that asked for it is reloaded.
 */
import { z } from 'zod';
import { channelPlanSchema } from './channel-plan.ts';
import { preprocessingSchema, splitSettingsSchema } from './data.ts';
import { doctorReportSchema, doctorRequestSchema } from './doctor.ts';
import { layerDetailSchema, layerTableSchema } from './layers.ts';
import { layerJsonSchema } from './layer-json.ts';
import { machineSetupSchema, runSettingsSchema } from './machine.ts';
import { measuredEnergySchema } from './energy.ts';
import { machinePeaksSchema } from './machine-peaks.ts';
import { modelPictureSchema } from './model-picture.ts';
import { shownModelSchema } from './shown-model.ts';
import { evaluationRequestSchema, measureRequestSchema, pairedSchema } from './measurement.ts';
import { recipeSchema } from './recipe/recipe.ts';
import { layerTrialsRequestSchema, layerTrialsSchema, TRIED } from './layer-trials.ts';
import { layerValuesSchema } from './layer-values.ts';
import { PRESET_TRIAL_SAMPLES, presetTrialsSchema } from './preset-trials.ts';
import { dataPreviewSchema, samplePictureSchema } from './sample-picture.ts';
import { runReportSchema } from './run-report.ts';
import { suspectsSchema } from './suspects.ts';
import { searchRequestSchema, searchResultSchema } from './search.ts';
import { widthTimesKeySchema, widthTimesRequestSchema, widthTimesSchema } from './width-times.ts';
import { sensitivityRequestSchema, sensitivitySchema } from './sensitivity.ts';
import { errorsSchema, evaluateSchema, problemSchema, profileSchema, tensorStatsSchema } from './results.ts';
import { tensorPageSchema, tensorSourceSchema, tensorViewSchema } from './tensor-view.ts';
import {
  appInfoSchema,
  compareSchema,
  datasetEntrySchema,
  directorySchema,
  graphViewSchema,
  jobSchema,
  modelEntrySchema,
  openedModelSchema,
  prunePlanSchema,
  quantizePlanSchema,
  trialDetailsSchema,
  trialSchema,
} from './studio.ts';
import { sweepRequestSchema, sweepSchema } from './sweep.ts';
import { trainingOrderSchema, trainingSchema } from './training.ts';

const trialRef = z.object({ trialId: z.string() });
const modelRef = z.object({ modelId: z.string() });

const modelSource = z.union([
  z.object({ path: z.string() }),
  z.object({ sample: z.string() }),
  z.object({ upload: z.string() }),
]);

export const methods = {
  'app.info': { params: z.object({}), result: appInfoSchema, job: false },
  'fs.list': { params: z.object({ path: z.string().nullable() }), result: directorySchema, job: false },

  'model.open': { params: modelSource, result: openedModelSchema, job: false },
  /** What is drawn of a model before all else is known: asked for beside `model.show`, answered before it. */
  'model.picture': { params: modelSource, result: modelPictureSchema, job: false },
  /** Opens a model, with what a window shows first of it. */
  'model.show': { params: modelSource, result: shownModelSchema, job: false },
  /** What is wrong with the model: found by looking at every node and weight, confirmed by the runtime where it is an error. */
  'model.problems': { params: modelRef, result: z.array(problemSchema), job: false },
  'model.recents': { params: z.object({}), result: z.array(modelEntrySchema), job: false },
  'model.forget': { params: modelRef, result: z.null(), job: false },
  /** The layers of the opened model, each as this trial has it. */
  'trial.layers': { params: trialRef, result: layerTableSchema, job: false },
  /** The layers of a trial's model or of any file, in its own terms: for drawing two models beside each other. */
  'model.layers': {
    params: z.object({ of: z.union([trialRef, z.object({ path: z.string() })]) }),
    result: layerTableSchema,
    job: false,
  },
  /** The nodes that compute one layer in the trial, with their attributes and weights; none where it is fused. */
  'trial.layer': { params: trialRef.extend({ layer: z.string() }), result: layerDetailSchema, job: false },
  /** The same as plain data: every attribute with its value, inputs and outputs with their types. */
  'trial.layerJson': { params: trialRef.extend({ layer: z.string() }), result: layerJsonSchema, job: false },
  /** The graph of a trial's output model as it is written (the baseline's is the opened model itself). */
  'trial.graph': { params: trialRef, result: graphViewSchema, job: false },
  'trial.tensor': { params: trialRef.extend({ tensor: z.string() }), result: tensorStatsSchema, job: false },
  /** A weight, or a value between layers on one sample: statistics, ranges along `axis` (null: its channels), a picture of one slice. */
  'trial.tensorView': {
    params: trialRef.extend({
      source: tensorSourceSchema,
      axis: z.number().int().nonnegative().nullable().default(null),
      slice: z.number().int().nonnegative().default(0),
    }),
    result: tensorViewSchema,
    job: false,
  },
  'trial.tensorPage': {
    params: trialRef.extend({
      source: tensorSourceSchema,
      offset: z.number().int().nonnegative(),
      count: z.number().int().positive().max(65_536),
    }),
    result: tensorPageSchema,
    job: false,
  },
  /** The tensor as an .npy file to download. */
  'trial.tensorFile': {
    params: trialRef.extend({ source: tensorSourceSchema }),
    result: z.object({ url: z.string(), name: z.string() }),
    job: false,
  },

  'dataset.list': { params: z.object({}), result: z.array(datasetEntrySchema), job: false },
  'dataset.add': {
    params: z.union([
      z.object({
        path: z.string(),
        labelsPath: z.string().nullable().default(null),
        preprocessing: preprocessingSchema.prefault({}),
      }),
      z.object({ sample: z.literal(true) }),
    ]),
    result: datasetEntrySchema,
    job: false,
  },
  /** A sample as a model gets it; null where that is no picture. */
  'dataset.sample': {
    params: z.object({ modelId: z.string(), datasetId: z.string(), index: z.number().int().nonnegative() }),
    result: samplePictureSchema.nullable(),
    job: false,
  },
  /** What is in data that may be added, the preprocessing that the model seems to want, and what it would see. */
  'dataset.preview': {
    params: z.object({
      modelId: z.string(),
      path: z.string(),
      labelsPath: z.string().nullable().default(null),
      preprocessing: preprocessingSchema.prefault({}),
    }),
    result: dataPreviewSchema,
    job: false,
  },
  /** Tries every preset on labelled samples of data that may be added. */
  'dataset.tryPresets': {
    params: z.object({
      modelId: z.string(),
      path: z.string(),
      labelsPath: z.string().nullable().default(null),
      /** Of these, the layout and the offset of the labels hold. */
      preprocessing: preprocessingSchema.prefault({}),
      limit: z.number().int().positive().default(PRESET_TRIAL_SAMPLES),
      settings: runSettingsSchema.prefault({}),
    }),
    result: presetTrialsSchema,
    job: true,
  },
  'dataset.remove': { params: z.object({ datasetId: z.string() }), result: z.null(), job: false },

  'trial.get': { params: trialRef, result: trialSchema, job: false },
  /** What of a trial grows with its model: layers, class names, the confusion matrix. */
  'trial.details': { params: trialRef, result: trialDetailsSchema, job: false },
  'trial.list': { params: modelRef, result: z.array(trialSchema), job: false },
  'trial.rename': { params: trialRef.extend({ name: z.string().min(1).max(200) }), result: trialSchema, job: false },
  'trial.delete': { params: trialRef, result: z.null(), job: false },
  /**
   * Applies the recipe and measures what is asked for; the same recipe gives the same trial, measured again.
   * `datasetId` is needed for static quantization (calibration) and for accuracy.
   */
  'trial.run': {
    params: z.object({
      modelId: z.string(),
      recipe: recipeSchema,
      name: z.string().nullable().default(null),
      calibrationDatasetId: z.string().nullable().default(null),
      datasetId: z.string().nullable().default(null),
      /**
       * How the set is cut where it both calibrates and evaluates: `share` of it calibrates, the rest evaluates, and they
       * never share a sample. Two different sets are used whole.
       */
      split: splitSettingsSchema.prefault({}),
      /** Evaluation samples; null: all of the part. */
      limit: z.number().int().positive().nullable().default(null),
      latency: z.boolean().default(true),
      settings: runSettingsSchema.prefault({}),
    }),
    result: trialSchema,
    job: true,
  },
  'trial.profile.run': {
    params: trialRef.extend({
      settings: runSettingsSchema.prefault({}),
      runs: z.number().int().positive().nullable().default(null),
      warmup: z.number().int().nonnegative().nullable().default(null),
    }),
    result: profileSchema,
    job: true,
  },
  'trial.profile': { params: trialRef, result: profileSchema.nullable(), job: false },
  /** A profile of the trial's model from a trace that ONNX Runtime wrote elsewhere and that was uploaded; it is not kept. */
  'trial.profile.import': { params: trialRef.extend({ upload: z.string() }), result: profileSchema, job: false },
  /** Times the trial's model under other session settings, one at a time. */
  'trial.sweep.run': { params: trialRef.extend(sweepRequestSchema.shape), result: sweepSchema, job: true },
  /** What was swept last; null: nothing was. */
  'trial.sweep': { params: trialRef, result: sweepSchema.nullable(), job: false },
  /** What this machine can do at most with these threads, as measured before; null: it was not. */
  'machine.peaks': { params: machineSetupSchema, result: machinePeaksSchema.nullable(), job: false },
  /** Measures it, also where it is known. */
  'machine.peaks.run': { params: machineSetupSchema, result: machinePeaksSchema, job: true },
  'trial.evaluate': {
    params: trialRef.extend({ ...evaluationRequestSchema.shape, settings: runSettingsSchema.prefault({}) }),
    result: evaluateSchema,
    job: true,
  },
  /** Brings trials to a common ground, see `measureRequestSchema`; the result is the trials as they are afterwards. */
  'trial.measure': { params: measureRequestSchema, result: z.array(trialSchema), job: true },
  /**
   * Every comparison of two of these trials in one metric under the circumstances with this key (`circumstancesKey` of the
   * judge): accuracy on the same samples, latency through the baseline. Each couple once, the earlier in `trialIds` as
   * `trialId`; couples that cannot be compared are left out. The front takes its verdicts from these (`verdictOfPair`).
   */
  'trial.pairs': {
    params: z.object({ trialIds: z.array(z.string()), metric: z.string(), key: z.string() }),
    result: z.array(pairedSchema),
    job: false,
  },
  /** Energy of an inference from this machine's sensors, or why none can be read; it is not kept. */
  'trial.energy.run': {
    params: trialRef.extend({ settings: runSettingsSchema.prefault({}) }),
    result: measuredEnergySchema,
    job: true,
  },
  /** One run of the trial's model as it is written, value by value, up to the layer that fails if one does. */
  'trial.runOnce': {
    params: trialRef.extend({
      /** null: inputs made at random. */
      datasetId: z.string().nullable(),
      sample: z.number().int().nonnegative().default(0),
      settings: runSettingsSchema.pick({ batch: true, dims: true }).prefault({}),
    }),
    result: runReportSchema,
    job: true,
  },
  /** Looks at every value of the trial's model over data. */
  'trial.suspects.run': {
    params: trialRef.extend({
      datasetId: z.string(),
      /** Samples from the start; null: all. */
      limit: z.number().int().positive().nullable().default(null),
      dims: z.record(z.string(), z.number().int().positive()).default({}),
    }),
    result: suspectsSchema,
    job: true,
  },
  /** What was found last; null: nobody looked. */
  'trial.suspects': { params: trialRef, result: suspectsSchema.nullable(), job: false },
  'trial.errors.run': {
    params: trialRef.extend({ datasetId: z.string(), limit: z.number().int().positive().default(32) }),
    result: errorsSchema,
    job: true,
  },
  /** The values of a quantized layer of a trial, on some samples of the float model. */
  'trial.values': {
    params: trialRef.extend({ layer: z.string(), datasetId: z.string() }),
    result: layerValuesSchema,
    job: false,
  },
  'trial.errors': { params: trialRef, result: errorsSchema.nullable(), job: false },
  /** What makes a trial's model slow, wrong or large on this machine, on samples that it was not calibrated on. */
  'trial.doctor.run': { params: doctorRequestSchema, result: doctorReportSchema, job: true },
  /** What was found last; null: it was not examined. */
  'trial.doctor': { params: trialRef, result: doctorReportSchema.nullable(), job: false },
  /**
   * Two trials side by side. `keys`: circumstances to compare under (`circumstancesKey` of the judge), one for what needs
   * no data (latency) and one for what does (accuracy); where one is left out, the newest that both were measured under.
   */
  'trial.compare': {
    params: z.object({ a: z.string(), b: z.string(), keys: z.array(z.string()).default([]) }),
    result: compareSchema,
    job: false,
  },

  /**
   * A trial beside any model file, which need not be related: layers are matched by their weights, names and places. What was
   * measured of the file is told where it was opened here before.
   */
  'trial.compareFile': {
    params: z.object({ a: z.string(), path: z.string(), keys: z.array(z.string()).default([]) }),
    result: compareSchema,
    job: false,
  },

  /** The training that made the trial, or makes it now; null: none did. */
  'trial.training': { params: trialRef, result: trainingSchema.nullable(), job: false },
  /** Pauses the training that makes a trial, lets it go on, or ends it with the best state that it had. */
  'training.order': { params: trialRef.extend({ order: trainingOrderSchema }), result: z.null(), job: false },

  'prune.plan': { params: modelRef, result: prunePlanSchema, job: false },
  'prune.channels': { params: modelRef, result: channelPlanSchema, job: false },
  /** Times cuts of a model on this machine, so that latencies can be predicted; what was learnt is kept. */
  'prune.times.run': { params: widthTimesRequestSchema, result: widthTimesSchema, job: true },
  /** What was learnt on this machine of a model with these shapes, by any model's job; null: nothing. */
  'prune.times': { params: widthTimesKeySchema, result: widthTimesSchema.nullable(), job: false },
  /** Cuts each group of channels alone, on calibration data; goes on where the same was stopped before. */
  'prune.sensitivity.run': { params: sensitivityRequestSchema, result: sensitivitySchema, job: true },
  /** What was measured last, or is being measured; null: nothing yet. */
  'prune.sensitivity': { params: modelRef, result: sensitivitySchema.nullable(), job: false },
  /** Quantizes each layer alone, on calibration data; goes on where the same was stopped before. */
  'quantize.layers.run': { params: layerTrialsRequestSchema, result: layerTrialsSchema, job: true },
  /** What was measured last, or is being measured; null: nothing yet. */
  'quantize.layers': {
    params: modelRef.extend({ tried: z.enum(TRIED) }),
    result: layerTrialsSchema.nullable(),
    job: false,
  },
  /** Searches for the precisions of layers; every trial is kept with the model, and one that is there already is not made again. */
  'search.run': { params: searchRequestSchema, result: searchResultSchema, job: true },
  'quantize.plan': { params: modelRef, result: quantizePlanSchema, job: false },

  /** Writes into `directory`, whole or not at all. Without a directory (browser): the files are for download at `urls`. */
  'trial.export': {
    params: trialRef.extend({
      directory: z.string().nullable(),
      name: z.string(),
      model: z.boolean(),
      recipe: z.boolean(),
      report: z.boolean(),
      overwrite: z.boolean().default(false),
    }),
    result: z.object({
      files: z.array(z.object({ path: z.string(), bytes: z.number(), url: z.string().nullable() })),
    }),
    job: true,
  },

  /** What windows keep of themselves (panels, columns, drafts), by name; only they know what the texts mean. */
  'settings.get': { params: z.object({}), result: z.record(z.string(), z.string()), job: false },
  'settings.set': {
    params: z.object({
      name: z.string().min(1).max(100),
      value: z
        .string()
        .max(2 ** 20)
        .nullable(),
    }),
    result: z.null(),
    job: false,
  },

  'job.list': { params: z.object({}), result: z.array(jobSchema), job: false },
  'job.cancel': { params: z.object({ jobId: z.string() }), result: z.null(), job: false },
} as const;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** Parameters as a caller writes them: defaults may be left out. */
export type ParamsIn<M extends MethodName> = z.input<Methods[M]['params']>;
/** Parameters as a handler gets them. */
export type Params<M extends MethodName> = z.output<Methods[M]['params']>;
export type Result<M extends MethodName> = z.output<Methods[M]['result']>;

/** What the engine tells without being asked. */
export const events = {
  /** A job was queued, moved on or ended. */
  job: jobSchema,
  /** A trial was made, changed or measured. */
  trial: trialSchema,
  /** The same of one that is too long for an event (measured under very many circumstances): fetch it with `trial.get`. */
  'trial.changed': z.object({ id: z.string(), modelId: z.string() }),
  /** More groups of a model's sensitivity were measured: fetch it with `prune.sensitivity`. */
  sensitivity: z.object({ modelId: z.string() }),
  /** Times of widths were learnt: fetch them with `prune.times`. */
  'prune.times': widthTimesKeySchema,
  /** More layers were quantized alone: fetch them with `quantize.layers`. */
  'quantize.layers': z.object({ modelId: z.string(), tried: z.enum(TRIED) }),
  /** A training moved on: fetch it with `trial.training`. */
  training: z.object({ trialId: z.string(), modelId: z.string() }),
  /** A trial was deleted. */
  'trial.deleted': z.object({ id: z.string(), modelId: z.string() }),
  datasets: z.array(datasetEntrySchema),
  recents: z.array(modelEntrySchema),
  /** Something that the user should know: the runner died and was started again, say. */
  notice: z.object({ level: z.enum(['info', 'warning', 'error']), message: z.string() }),
} as const;
export type Events = typeof events;
export type EventName = keyof Events;
export type EventPayload<E extends EventName> = z.output<Events[E]>;

/** The progress of a call that became a job; the job's own comes as `job` events. */
export interface JobProgress {
  readonly jobId: string;
}

/** Every method as a call from a window to the engine: parameters as they are written. */
export type WindowCalls = { readonly [M in MethodName]: { readonly params: ParamsIn<M>; readonly result: Result<M> } };
