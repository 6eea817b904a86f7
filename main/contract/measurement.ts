/**
 * A measurement: a number of a trial with what is needed to trust it and to tell what it may be compared with. It is keyed
 * by (trial, target, settings, data); the key is `circumstancesKey` of the judge, and only equal keys are compared.
 */
import { z } from 'zod';
import { measuredDataSchema, splitSchema } from './data.ts';
import { runSettingsSchema } from './machine.ts';

/** What ran it: machine, provider and runtime. */
export const targetSchema = z
  .object({
    cpu: z.string(),
    /** Physical cores that the process may use. */
    cores: z.number(),
    os: z.string(),
    provider: z.string(),
    /** Version of ONNX Runtime. */
    onnxruntime: z.string(),
    /** Whether the CPU has VNNI (int8 dot products); null where it cannot be told. */
    vnni: z.boolean().nullable(),
  })
  .readonly();
export type Target = z.infer<typeof targetSchema>;

/** How it ran: never what was asked for ("the default"), always what was used. */
export const measureSettingsSchema = z
  .object({
    /** Threads within an operator. */
    threads: z.number().int().positive(),
    /** Samples in one run. */
    batch: z.number().int().positive(),
    /** Sizes of symbolic dimensions by name, sorted; of an evaluation those that were given, the data says the rest. */
    dims: z.record(z.string(), z.number()).readonly(),
    /** Timed in turns with another model: its threads then rest between runs, which a model alone does not do. */
    turns: z.boolean(),
  })
  .readonly();
export type MeasureSettings = z.infer<typeof measureSettingsSchema>;

const circumstances = {
  target: targetSchema,
  settings: measureSettingsSchema,
  /** null for what needs no data: latency, memory. */
  data: measuredDataSchema.nullable(),
};

/** The circumstances of a measurement: what its key is made of. */
export const circumstancesSchema = z.object(circumstances).readonly();
export type Circumstances = z.infer<typeof circumstancesSchema>;

/** A number of a trial. */
export const measurementSchema = z
  .object({
    /** The trial that was measured; absent where there is no workspace. */
    trialId: z.string().optional(),
    /** Id in the metric table of the judge: "latency", "top1" … */
    metric: z.string(),
    /** In the metric's own unit: ms, bytes, share 0…1, dB. */
    value: z.number(),
    /** 95 % interval; null where there is none: too few runs, or a metric without one. */
    low: z.number().nullable(),
    high: z.number().nullable(),
    /** Timed runs, or samples of the data. */
    samples: z.number(),
    ...circumstances,
    /** Unix milliseconds. */
    at: z.number(),
    /** "Lapidary 0.2.0, ONNX Runtime 1.30.0". */
    software: z.string(),
    /** False for rows of version 0.1, which did not keep their circumstances: shown, and compared with nothing. */
    recorded: z.boolean(),
  })
  .readonly();
export type Measurement = z.infer<typeof measurementSchema>;

/**
 * A trial measured against another under the same circumstances: timed in turns, or run on the same samples.
 * ratio: trial / reference, 1 means alike. difference: trial − reference, 0 means alike.
 */
export const pairedSchema = z
  .object({
    metric: z.string(),
    trialId: z.string(),
    referenceId: z.string(),
    kind: z.enum(['ratio', 'difference']),
    value: z.number(),
    /** 95 % interval of the value; null: too few runs to say. */
    low: z.number().nullable(),
    high: z.number().nullable(),
    /** Two-sided p of "they are alike" (McNemar, exact); null where the interval alone decides. */
    p: z.number().nullable(),
    /** Rounds of timing, or samples. */
    samples: z.number(),
    ...circumstances,
    at: z.number(),
  })
  .readonly();
export type Paired = z.infer<typeof pairedSchema>;

/** What may be said of a trial against another in one metric. */
export const verdictSchema = z.enum(['better', 'worse', 'cannot-tell']);
export type Verdict = z.infer<typeof verdictSchema>;

/**
 * What a model answered on each sample of some data, in the order of the split: kept so that any two trials can be paired
 * later. One bit a sample, the first sample in the lowest bit of the first byte.
 */
export const outcomesSchema = z
  .object({
    samples: z.number().int().nonnegative(),
    /** Bits: the prediction is the label; null without labels. */
    top1: z.instanceof(Uint8Array).nullable(),
    /** Bits: the label is among the five largest scores; null without labels or with five classes or fewer. */
    top5: z.instanceof(Uint8Array).nullable(),
    /** Predicted class of each sample, −1 for NaN; null where the output is no row of class scores. */
    predicted: z.instanceof(Int32Array).nullable(),
  })
  .readonly();
export type Outcomes = z.infer<typeof outcomesSchema>;

/**
 * Which data an evaluation runs on. `split: null` lets the engine choose: the evaluation part of the set where the trial,
 * or another of its model, was calibrated on it, so that the two never share samples; else the whole set.
 */
export const evaluationRequestSchema = z.object({
  datasetId: z.string(),
  split: splitSchema.nullable().default(null),
  /** The first so many samples of the split; null: all. */
  limit: z.number().int().positive().nullable().default(null),
});

/**
 * Parameters of `trial.measure`: brings trials to a common ground, in one job. Every trial is timed in turns with its
 * model's baseline and run on the same samples as it, so that afterwards each has measurements and pairs under the same
 * circumstances. Send the trials that `measurementUnder` of the judge finds nothing for.
 */
export const measureRequestSchema = z.object({
  trialIds: z.array(z.string()).min(1),
  settings: runSettingsSchema.prefault({}),
  latency: z.boolean().default(true),
  /** null: no accuracy. */
  evaluation: evaluationRequestSchema.nullable().default(null),
});
