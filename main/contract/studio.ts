/** What the studio keeps and shows beside the results of single operations: models, data sets, trials, jobs. */
import { z } from 'zod';
import { measuredDataSchema, preprocessingSchema } from './data.ts';
import { machineSchema, providerSchema } from './machine.ts';
import { BLOCK_PARTS } from './layer-words.ts';
import { operatorCategorySchema } from './operators.ts';
import { measurementSchema, pairedSchema, verdictSchema } from './measurement.ts';
import { recipeSchema } from './recipe/recipe.ts';
import {
  evaluateSchema,
  evaluationSummarySchema,
  modelSummarySchema,
  latencySchema,
  pruneSchema,
  pruneSummarySchema,
  quantizeSchema,
  quantizeSummarySchema,
  shapeSchema,
  stepOutcomeSchema,
} from './results.ts';

const float64Array = z.custom<Float64Array>((value) => value instanceof Float64Array, 'expected a Float64Array');
const uint8Array = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array');

export const sampleSchema = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  bytes: z.number(),
});

/** A model that was opened; its id is the SHA-256 of its bytes. */
export const modelEntrySchema = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  bytes: z.number(),
  openedAt: z.number(),
  /** False when the file is gone or its bytes changed since. */
  available: z.boolean(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;

export const attributeSchema = z.object({ name: z.string(), type: z.string(), text: z.string() });

/** One node of the drawn graph; same order and names as `inspect.layers`. */
export const graphNodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  domain: z.string(),
  category: operatorCategorySchema,
  /** What it is among the parts of blocks. */
  part: z.enum(BLOCK_PARTS),
  /** What it only hands on: a constant of the file, or stored codes behind a DequantizeLinear; null: it computes. */
  brings: z.enum(['constant', 'weight']).nullable(),
  scope: z.string(),
  parent: z.string().nullable(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  /** Initializers among the inputs, with what they are to the operator ("W", "B", …; from the operator table). */
  weights: z.array(
    z.object({
      role: z.string(),
      tensor: z.string(),
      dtype: z.string(),
      shape: z.array(z.number()),
      bytes: z.number(),
    }),
  ),
  attributes: z.array(attributeSchema),
});
export type GraphNode = z.infer<typeof graphNodeSchema>;

export const graphViewSchema = z.object({
  nodes: z.array(graphNodeSchema),
  /** Every value that passes between nodes, inputs and outputs of the graph among them. */
  values: z.array(z.object({ name: z.string(), dtype: z.string().nullable(), shape: shapeSchema.nullable() })),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  /** What nodes hold or call: branches of an If, bodies of Loop and Scan, and the model's own functions, once for each call. */
  bodies: z.array(
    z.object({
      holder: z.string(),
      /** "then_branch", "body"; of a function its name. Its nodes are named `<holder>/<branch>/…` and have the holder as parent. */
      branch: z.string(),
      /** A function sees no value around it. Its nodes are no layers, and its values are named `<holder>/…`. */
      closed: z.boolean(),
      inputs: z.array(z.string()),
      outputs: z.array(z.string()),
    }),
  ),
});
export type GraphView = z.infer<typeof graphViewSchema>;

export const datasetEntrySchema = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  labelsPath: z.string().nullable(),
  kind: z.enum(['npz', 'npy', 'images', 'idx', 'pb']),
  samples: z.number(),
  labelled: z.boolean(),
  classCount: z.number(),
  preprocessing: preprocessingSchema,
});
export type DatasetEntry = z.infer<typeof datasetEntrySchema>;

/**
 * A trial as it travels: in lists, in answers, with every event. What grows with the model (layers, classes) is left out and
 * fetched by the trial's id: `trial.details`, `trial.profile`, `trial.errors`.
 */
export const trialSchema = z.object({
  id: z.string(),
  modelId: z.string(),
  name: z.string(),
  recipe: recipeSchema,
  baseline: z.boolean(),
  createdAt: z.number(),
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  /** Bytes of the output model, with its external data; null until it is made. */
  bytes: z.number().nullable(),
  parameters: z.number().nullable(),
  /** Non-zero share is 1 − sparsity; of the prunable weights. */
  sparsity: z.number().nullable(),
  macs: z.number().nullable(),
  latency: latencySchema.nullable(),
  evaluation: evaluationSummarySchema.nullable(),
  /** The newest measurement of each metric under each circumstances, oldest first. */
  measurements: z.array(measurementSchema),
  /** Its comparisons with others, the baseline above all, the newest under each circumstances. */
  pairs: z.array(pairedSchema),
  /** The data that calibrated it; null where nothing did, or version 0.1 made it. */
  calibration: measuredDataSchema.nullable(),
  prune: pruneSummarySchema.nullable(),
  quantize: quantizeSummarySchema.nullable(),
  /** Whether a profile and an error table are kept: fetch them with `trial.profile`, `trial.errors`. */
  hasProfile: z.boolean(),
  hasErrors: z.boolean(),
});
export type Trial = z.infer<typeof trialSchema>;

/** The results of a trial in full; null for what was not done. */
export const trialDetailsSchema = z.object({
  evaluation: evaluateSchema.nullable(),
  prune: pruneSchema.nullable(),
  quantize: quantizeSchema.nullable(),
  /** What each step did, in the order of the recipe; [] for trials of version 0.1. */
  outcomes: z.array(stepOutcomeSchema),
});
export type TrialDetails = z.infer<typeof trialDetailsSchema>;

/**
 * What the pruning slider needs to answer in the same frame: for each prunable layer, how many weights lie at or below
 * each magnitude, on one grid of magnitudes shared by all layers.
 */
export const prunePlanSchema = z.object({
  /** Bin edges of |w|, ascending, logarithmic above the first, which is 0; length bins + 1. */
  edges: float64Array,
  layers: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      weights: z.number(),
      macs: z.number().nullable(),
      /** Input channels that one output sums over, the common divisor of several weights'; null: they are no matrices. */
      inputs: z.number().nullable(),
      /** Whether what the layer takes in can be read while the model runs, as scores from data need it. */
      readable: z.boolean(),
      /** How many weights lie between which edges, with their energy; see `judge/predict/magnitudes.ts`. */
      histogram: uint8Array,
    }),
  ),
  frozen: z.array(z.object({ name: z.string(), reason: z.string() })),
});
export type PrunePlan = z.infer<typeof prunePlanSchema>;

/** Which layers int8 could change, and by how much time they might change; the basis of the prediction. */
export const quantizePlanSchema = z.object({
  layers: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      quantizable: z.boolean(),
      reason: z.string().nullable(),
      /** Which integer kernel its weights meet; null: none of its own. */
      kernel: z.enum(['conv', 'depthwise', 'matmul']).nullable(),
    }),
  ),
  vnni: z.boolean().nullable(),
  /** Bytes of the file with all of them in int8; null: none can be. */
  int8Bytes: z.number().nullable(),
});
export type QuantizePlan = z.infer<typeof quantizePlanSchema>;

/** What a job does; its title is for people only. */
export const jobKindSchema = z.enum([
  'trial',
  'measure',
  'profile',
  'machine',
  'evaluate',
  'errors',
  'doctor',
  'sensitivity',
  'search',
  'export',
]);
export type JobKind = z.infer<typeof jobKindSchema>;

export const jobSchema = z.object({
  id: z.string(),
  kind: jobKindSchema,
  title: z.string(),
  modelId: z.string().nullable(),
  trialId: z.string().nullable(),
  status: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  stage: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  startedAt: z.number().nullable(),
  /** Estimated milliseconds left, null while unknown. */
  etaMs: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
});
export type Job = z.infer<typeof jobSchema>;

const fusedSchema = z.object({ into: z.string(), timeMs: z.number().nullable() });

/**
 * Why a layer is taken for another model's. recipe: the one was made of the other, and who made it told. weights: the same ones.
 * name, value: the same name of its own, or of what it gives. structure: the same place in the graph. order: the same kind, in
 * order, between two that match.
 */
export const MATCHED_BY = ['recipe', 'weights', 'name', 'value', 'structure', 'order'] as const;
export type MatchedBy = (typeof MATCHED_BY)[number];

export const compareSchema = z.object({
  a: z.object({ id: z.string(), name: z.string() }),
  b: z.object({ id: z.string(), name: z.string() }),
  /** Rows of numbers side by side. */
  metrics: z.array(
    z.object({
      metric: z.string(),
      unit: z.string(),
      a: z.number().nullable(),
      b: z.number().nullable(),
      ratio: z.number().nullable(),
      /** Why the two are not compared, or why nothing can be told; null: nothing speaks against it. */
      note: z.string().nullable(),
      /** Id in the judge's metric table; null for what it does not hold. */
      id: z.string().nullable(),
      /** 95 % intervals of a and b; null where there are none. */
      aInterval: z.tuple([z.number(), z.number()]).nullable(),
      bInterval: z.tuple([z.number(), z.number()]).nullable(),
      /** Timed runs or samples behind a and b; null for what is counted. */
      samples: z.number().nullable(),
      /** b against a, measured in pairs: a ratio or difference with its 95 % interval; null where nothing was paired. */
      paired: pairedSchema.nullable(),
      /** What may be said of b against a; null: equal, without a better side, or not comparable (`note` says why). */
      verdict: verdictSchema.nullable(),
      /** What both were measured under, in words; null for what is counted or not comparable. */
      circumstances: z.string().nullable(),
    }),
  ),
  /** Layers of A, each with what it is in B; then those that only B has. */
  layers: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['same', 'changed', 'added', 'removed']),
      opA: z.string().nullable(),
      opB: z.string().nullable(),
      /** What it computes in: "int8", "int8 weights", "float32" … */
      precisionA: z.string().nullable(),
      precisionB: z.string().nullable(),
      /** Null where it was not measured, and where the layer is fused into another, whose time holds its own. */
      timeAMs: z.number().nullable(),
      timeBMs: z.number().nullable(),
      /** The layer whose kernels compute this one too, with that one's time; null: it has kernels of its own. */
      fusedA: fusedSchema.nullable(),
      fusedB: fusedSchema.nullable(),
      /** Weights, wherever the model keeps them; scales and zero points are none. */
      parametersA: z.number().nullable(),
      parametersB: z.number().nullable(),
      parameterBytesA: z.number().nullable(),
      parameterBytesB: z.number().nullable(),
      /** Why this layer of A is taken for that of B; null: it has no partner. */
      matchedBy: z.enum(MATCHED_BY).nullable(),
      /** Its name in B; null: as in A, or not there. */
      nameB: z.string().nullable(),
      /** Other layers of B that compute this one too: what a rewriting put beside its partner. */
      othersB: z.array(z.string()),
      /** How far its weights in B are from those in A, quantized ones as what they stand for; null: equal, or not comparable. */
      weights: z
        .object({
          /** ‖a − b‖ / ‖a‖; null: a is zero. */
          relative: z.number().nullable(),
          /** Signal to noise, dB. */
          sqnrDb: z.number(),
          /** Up to a factor for each channel, which a normalization that was folded in brings. */
          scaled: z.boolean(),
        })
        .nullable(),
      /** What changed: "int8, weights 2.3 KB", "attributes", "output shape or type", "fused into conv1" … */
      changes: z.array(z.string()),
    }),
  ),
});
export type Comparison = z.infer<typeof compareSchema>;

export const appInfoSchema = z.object({
  version: z.string(),
  machine: machineSchema,
  providers: z.array(
    z.object({
      name: providerSchema,
      available: z.boolean(),
      reason: z.string().nullable(),
      /** How to get it; null where it works. */
      how: z.string().nullable(),
    }),
  ),
  samples: z.array(sampleSchema),
  workspace: z.string(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

export const openedModelSchema = z.object({
  entry: modelEntrySchema,
  /** Its layers are asked for with `trial.layers`, what is wrong with it with `model.problems`. */
  inspect: modelSummarySchema,
  baselineTrialId: z.string(),
});
export type OpenedModel = z.infer<typeof openedModelSchema>;

export const directorySchema = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  entries: z.array(z.object({ name: z.string(), kind: z.enum(['folder', 'file']), bytes: z.number() })),
});
export type Directory = z.infer<typeof directorySchema>;
