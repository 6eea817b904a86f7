/**
 * What results look like, on the wire and in `--json`. The keys are a promise to others: add freely, never rename.
 * Times are milliseconds, sizes bytes, shares 0…1, unless the name says otherwise.
 */
import { z } from 'zod';
import { operatorCategorySchema } from './operators.ts';
import { machineSchema } from './machine.ts';
import { circumstancesSchema } from './measurement.ts';
import { kernelMemorySchema, liveTensorSchema, loadingSchema, recordedRunSchema } from './profile-parts.ts';
import { trainingSchema } from './training.ts';

const dim = z.union([z.number(), z.string(), z.null()]);
export const shapeSchema = z.array(dim);

export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  layer: z.string().nullable(),
  severity: z.enum(['error', 'warning', 'info']),
});

export const valueSchema = z.object({ name: z.string(), dtype: z.string().nullable(), shape: shapeSchema.nullable() });

/** A node as it is written. */
export const layerSchema = z.object({
  /** Unique in the model: the node's name, or `<Op>_<index>` where it has none or shares it; nested: `<parent>/<branch>/<name>`. */
  name: z.string(),
  /** The layer that the node belongs to: its own name where it computes; else the name of the one that it serves. */
  layer: z.string(),
  /** What a layer computes in: "int8", "int8 weights", "float32" …; null for nodes that serve others, and unknown. */
  precision: z.string().nullable(),
  op: z.string(),
  domain: z.string(),
  /** Scope path without the layer's own last part: "layer1/0"; '' at the top. */
  scope: z.string(),
  /** The layer whose subgraph holds this one, or null. */
  parent: z.string().nullable(),
  inputs: z.array(z.string()),
  outputs: z.array(valueSchema),
  /** Elements in the initializers that this layer alone or first uses. */
  parameters: z.number(),
  parameterBytes: z.number(),
  /** Multiply–accumulates for the given batch; null: unknown (unknown operator or unknown shapes). */
  macs: z.number().nullable(),
  /** Activation and weight bytes read and written once; null: unknown. */
  bytes: z.number().nullable(),
  known: z.boolean(),
});

export const inspectSchema = z.object({
  model: z.object({
    path: z.string(),
    sha256: z.string(),
    bytes: z.number(),
    /** Bytes of external data files. */
    externalBytes: z.number(),
    irVersion: z.number(),
    opsets: z.record(z.string(), z.number()),
    producer: z.string(),
    metadata: z.record(z.string(), z.string()),
  }),
  inputs: z.array(valueSchema),
  outputs: z.array(valueSchema),
  nodes: z.number(),
  operators: z.record(z.string(), z.number()),
  parameters: z.number(),
  parameterBytes: z.number(),
  macs: z.number(),
  /** Dimension values assumed for the counts: {"batch":1}. */
  assumedDims: z.record(z.string(), z.number()),
  layers: z.array(layerSchema),
  problems: z.array(problemSchema),
});
export type Inspect = z.infer<typeof inspectSchema>;
/** What of it does not grow with the model. */
export const modelSummarySchema = inspectSchema.omit({ layers: true, problems: true });
export type ModelSummary = z.infer<typeof modelSummarySchema>;
export type LayerInfo = z.infer<typeof layerSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type ValueRef = z.infer<typeof valueSchema>;

export const latencySchema = z.object({
  runs: z.number(),
  warmup: z.number(),
  meanMs: z.number(),
  p50Ms: z.number(),
  /** 95 % interval of p50 by order statistics; null for fewer than six runs, absent in results kept by version 0.1. */
  p50LowMs: z.number().nullable().optional(),
  p50HighMs: z.number().nullable().optional(),
  p90Ms: z.number(),
  p99Ms: z.number(),
  minMs: z.number(),
  maxMs: z.number(),
  /** Standard deviation. */
  stdMs: z.number(),
  /**
   * Timed runs in equal bins from min to max, or to three times p50 where the slowest run took longer: slower runs are in
   * no bin. Absent in results kept by older versions.
   */
  histogram: z.object({ min: z.number(), max: z.number(), counts: z.array(z.number()) }).optional(),
  /** How it ran; absent in a profile, which says it itself, and in results kept by version 0.1. */
  circumstances: circumstancesSchema.optional(),
});
export type Latency = z.infer<typeof latencySchema>;

export const kernelSchema = z.object({
  name: z.string(),
  op: z.string(),
  /** Absent in results kept by older versions. */
  category: operatorCategorySchema.optional(),
  provider: z.string(),
  /** Mean over the profiled runs. */
  timeMs: z.number(),
  /** Start within the run, mean over the profiled runs; for the timeline. */
  startMs: z.number(),
  sources: z.array(z.string()),
  inputShapes: z.array(z.string()),
  outputShapes: z.array(z.string()),
  activationBytes: z.number(),
  parameterBytes: z.number(),
  /** The source layer that its time is counted for; null: none is known. Absent in results kept by older versions. */
  layer: z.string().nullable().optional(),
  /** Of the run's allocator behind it; absent where the runtime does not tell. */
  memory: kernelMemorySchema.optional(),
});
export const profileLayerSchema = z.object({
  name: z.string(),
  op: z.string(),
  timeMs: z.number(),
  share: z.number(),
  /** The kernels that executed this layer; empty when it was folded away. */
  kernels: z.array(z.string()),
  /** The layer whose kernels compute this one too and hold its time; absent in results kept by older versions. */
  fusedInto: z.string().nullable().optional(),
  macs: z.number().nullable(),
  /** Multiply–accumulates a second in 10⁹, where macs and time are known. */
  gmacsPerSecond: z.number().nullable(),
});
export const profileSchema = z.object({
  machine: machineSchema,
  /** The file of a trace made elsewhere: all times were then taken under the profiler. Absent: it was measured here. */
  imported: z.string().optional(),
  batch: z.number(),
  dims: z.record(z.string(), z.number()),
  latency: latencySchema,
  profiled: z.object({ runs: z.number(), p50Ms: z.number() }),
  /** Without the profiler once more, in turns with the profiled runs: what recording costs. */
  recheck: latencySchema.optional(),
  /** Every profiled run, those that warmed up first. */
  runs: z.array(recordedRunSchema).optional(),
  loading: loadingSchema.nullable().optional(),
  /** Values of the main graph over the kernels in the order of execution; null: the executed graph is not known. */
  tensors: z.array(liveTensorSchema).nullable().optional(),
  layers: z.array(profileLayerSchema),
  kernels: z.array(kernelSchema),
  /** Profiled run time that no kernel accounts for. */
  unattributedMs: z.number(),
  memory: z.object({
    /** Highest resident memory of the runner during the runs, over what it held before the session was made. */
    peakBytes: z.number(),
    /** Weights and arena after loading. */
    sessionBytes: z.number(),
    /** Resident memory along the timed runs, over what was held before the session was made: none is above the peak. */
    samples: z.array(z.object({ ms: z.number(), bytes: z.number() })),
  }),
  /** File name of the raw trace in the workspace, when kept. */
  trace: z.string().nullable(),
  notes: z.array(z.string()),
});
export type Profile = z.infer<typeof profileSchema>;
export type Kernel = z.infer<typeof kernelSchema>;
export type ProfileLayer = z.infer<typeof profileLayerSchema>;

export const metricSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });
export const evaluateSchema = z.object({
  samples: z.number(),
  /** top1, top5 …: value with a 95 % interval (Wilson). Empty without labels. */
  metrics: z.record(z.string(), metricSchema),
  samplesPerSecond: z.number(),
  batch: z.number(),
  classes: z.array(z.string()),
  /** Rows: truth; columns: prediction. Null without labels. */
  confusion: z.array(z.array(z.number())).nullable(),
  /** Against the reference model's outputs on the same samples. */
  agreement: metricSchema.nullable(),
  sqnrDb: z.number().nullable(),
  cosine: z.number().nullable(),
  /** Where and how it ran, and on which part of which data; absent in results kept by version 0.1. */
  circumstances: circumstancesSchema.optional(),
  /** How the data became the model's input, as said to people. */
  preprocessing: z.string(),
  notes: z.array(z.string()),
});
export type Evaluation = z.infer<typeof evaluateSchema>;
/** What of it travels with its trial. */
export const evaluationSummarySchema = evaluateSchema
  .omit({ classes: true, confusion: true })
  .extend({ classCount: z.number() });
export type EvaluationSummary = z.infer<typeof evaluationSummarySchema>;
/** What an evaluation and its summary have in common. */
export type EvaluationFigures = Omit<EvaluationSummary, 'classCount'>;

/** What learnt rounding and a corrected bias did to a layer. */
const refinementSchema = z.object({
  /** Squared error of its outputs on the samples that it learnt on, over their square: rounded to the nearest, and learnt. */
  rounding: z.object({ before: z.number(), after: z.number() }).nullable(),
  /** The largest shift of its bias over the root mean square of its outputs. */
  biasShift: z.number().nullable(),
  note: z.string().nullable(),
});

export const quantizedLayerSchema = z.object({
  name: z.string(),
  op: z.string(),
  quantized: z.boolean(),
  /** Whether the runtime fused it into an integer kernel; null when not checked. */
  fused: z.boolean().nullable(),
  reason: z.string().nullable(),
  /** Where weights alone are codes: their bits, the errors of weights and of the output on calibration data, bytes. */
  weights: z
    .object({
      bits: z.number(),
      sqnrDb: z.number(),
      outputSqnrDb: z.number().nullable(),
      bytes: z.object({ before: z.number(), after: z.number() }),
    })
    .optional(),
  refined: refinementSchema.optional(),
});
export const quantizeSchema = z.object({
  output: z.object({ path: z.string(), bytes: z.number() }),
  scheme: z.string(),
  layers: z.array(quantizedLayerSchema),
  /** Share of the quantized layers that run as integer kernels; null when not checked. */
  fusedShare: z.number().nullable(),
  notes: z.array(z.string()),
});
export type QuantizeResult = z.infer<typeof quantizeSchema>;
/** What of it travels with its trial. */
export const quantizeSummarySchema = quantizeSchema
  .omit({ layers: true })
  .extend({ layerCount: z.number(), quantizedCount: z.number() });
export type QuantizeSummary = z.infer<typeof quantizeSummarySchema>;

export const errorLayerSchema = z.object({
  name: z.string(),
  op: z.string(),
  tensor: z.string(),
  /** Only this layer quantized, its inputs float. */
  localSqnrDb: z.number().nullable(),
  /** The same with its weights alone quantized, and with its activations alone; null: there is no such part, or an older table. */
  weightSqnrDb: z.number().nullable().default(null),
  activationSqnrDb: z.number().nullable().default(null),
  /** The whole quantized model against the float one at this tensor. */
  sqnrDb: z.number(),
  cosine: z.number(),
  mse: z.number(),
  /** Accumulated SQNR in dB for each channel (axis 1); empty where the tensor has none. */
  channels: z.array(z.number()),
  /** Accumulated SQNR in dB on each run: a sample, or the batch of a model whose batch is fixed. */
  runs: z.array(z.number()).default([]),
});
export const errorsSchema = z.object({
  samples: z.number(),
  /** Samples of a run. */
  perRun: z.number().default(1),
  /** Samples on which layers were quantized alone: fewer than `samples`. */
  samplesAlone: z.number().default(0),
  /** The set that they are the first of, where it is one of the workspace. */
  datasetId: z.string().nullable().default(null),
  layers: z.array(errorLayerSchema),
  notes: z.array(z.string()),
});
export type ErrorTable = z.infer<typeof errorsSchema>;
export type ErrorLayer = z.infer<typeof errorLayerSchema>;

const beforeAfter = z.object({ before: z.number(), after: z.number() });
export const pruneSchema = z.object({
  output: z.object({ path: z.string(), bytes: z.number() }),
  sparsity: z.object({ requested: z.number(), achieved: z.number() }),
  /** Non-zero parameters. */
  parameters: beforeAfter,
  /** Bytes of the files when they are packed by zstd; absent where nothing was set to zero, and in trials of older versions. */
  packed: beforeAfter.optional(),
  /** Effective multiply–accumulates, counting only non-zero weights. */
  macs: beforeAfter,
  layers: z.array(
    z.object({ name: z.string(), op: z.string(), sparsity: z.number(), channels: beforeAfter.nullable() }),
  ),
  frozen: z.array(z.object({ name: z.string(), reason: z.string() })),
  notes: z.array(z.string()),
});
export type PruneResult = z.infer<typeof pruneSchema>;
/** What of it travels with its trial. */
export const pruneSummarySchema = pruneSchema
  .omit({ layers: true, frozen: true })
  .extend({ layerCount: z.number(), frozenCount: z.number() });
export type PruneSummary = z.infer<typeof pruneSummarySchema>;

/** How near a model's first output is to that of the model before pruning. */
const outputQuality = z.object({
  sqnrDb: z.number(),
  /** Share of samples with the same largest output; null: the output is no row of scores. */
  agreement: z.number().nullable(),
});
export const repairSchema = z.object({
  method: z.string(),
  layers: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      /** Squared error of its output over the squared output before pruning; 0: exact. */
      error: beforeAfter,
      note: z.string().nullable(),
    }),
  ),
  leftOut: z.array(z.object({ name: z.string(), op: z.string(), reason: z.string() })),
  /** On the calibration samples; null: nothing was changed. */
  gain: z.object({ samples: z.number(), before: outputQuality, after: outputQuality }).nullable(),
  notes: z.array(z.string()),
});
export type RepairResult = z.infer<typeof repairSchema>;

export const equalizeSchema = z.object({
  method: z.string(),
  /** Channels that were scaled, by the layers between which they lie. */
  groups: z.array(
    z.object({
      /** The layers that give the channels, and those that take them. */
      from: z.array(z.string()),
      to: z.array(z.string()),
      channels: z.number(),
      /** How many times the widest channel's range is that of the middle one, in what was evened out; 1: all alike. */
      spread: beforeAfter,
      /** What part of the spread went from data to weights; null: not this method. */
      alpha: z.number().nullable(),
      /** Squared error of the layers' outputs at 8 bits over their square; null: not looked at. */
      error: beforeAfter.nullable(),
      note: z.string().nullable(),
    }),
  ),
  /** Where nothing was evened out, and why. */
  leftOut: z.array(z.object({ name: z.string(), op: z.string(), reason: z.string() })),
  notes: z.array(z.string()),
});
export type EqualizeResult = z.infer<typeof equalizeSchema>;
export const distillSchema = z.object({ training: trainingSchema, notes: z.array(z.string()) });
export type DistillResult = z.infer<typeof distillSchema>;

/** What a step of a recipe did. */
export const stepOutcomeSchema = z.object({
  /** The kind of the step: "prune". */
  kind: z.string(),
  /** The step in a few words. */
  words: z.string(),
  notes: z.array(z.string()),
  prune: pruneSchema.nullable(),
  quantize: quantizeSchema.nullable(),
  /** Absent in results kept by older versions. */
  repair: repairSchema.nullable().optional(),
  equalize: equalizeSchema.nullable().optional(),
  distill: distillSchema.nullable().optional(),
});
export type StepOutcomeResult = z.infer<typeof stepOutcomeSchema>;

export const tensorStatsSchema = z.object({
  name: z.string(),
  dtype: z.string(),
  shape: z.array(z.number()),
  elements: z.number(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  std: z.number().nullable(),
  zeros: z.number(),
  nan: z.number(),
  infinite: z.number(),
  /** Equal bins from min to max of the finite values. */
  histogram: z.object({ min: z.number(), max: z.number(), counts: z.array(z.number()) }).nullable(),
  /** First values, for small tensors and for text. */
  preview: z.array(z.union([z.number(), z.string()])),
});
export type TensorStats = z.infer<typeof tensorStatsSchema>;
