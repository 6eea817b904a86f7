/** What makes a model slow, wrong or large here, and what to do about it: findings with numbers, and fixes as edits of a recipe. */
import { z } from 'zod';
import { recipeStepSchema } from './recipe/recipe.ts';

/** From the worst: wrong results; lost time, size or accuracy; what could be better. */
export const SEVERITIES = ['error', 'warning', 'hint'] as const;
export const severitySchema = z.enum(SEVERITIES);
export type Severity = z.infer<typeof severitySchema>;

/** Every kind of finding with its title. */
export const FINDINGS = {
  'kernel-differs': 'Integer kernel computes something else',
  'kernel-saturates': 'Sums saturate on this CPU',
  'could-saturate': 'Sums would saturate without VNNI',
  'bad-scale': 'Scale that cannot be',
  'layer-loses': 'Quantization loses the layer’s values',
  'range-clips': 'Range clips values',
  'range-wastes': 'Range leaves codes unused',
  'weights-waste': 'One scale for unequal channels',
  'slower-than-float': 'Slower than in float',
  'layers-slower': 'Layers slower in integers',
  'weights-quantized-unasked': 'Float weights that the runtime quantizes',
  'stays-float': 'Layer stays in float between codes',
  'packed-slow': 'Packed weights on the slow path',
  'half-no-speed': 'Half precision without speed',
  'double-weights': 'Double precision weights',
  'training-left': 'Left over from training',
  'weights-quantized-late': 'Weights quantized while loading',
  'float-weights': 'Large weights still in float',
  'weights-doubled': 'Weights stored twice',
  'weights-unused': 'Weights that nothing uses',
  'batchnorm-left': 'Batch normalization not folded',
  'constants-left': 'Constants computed at each load',
  'no-effect': 'Layers without effect',
  'dead-layers': 'Layers whose results nothing uses',
  'dynamic-shapes': 'Open sizes block fusion',
  'old-opset': 'Opset too old for scales by channel',
} as const satisfies Record<string, string>;
export type FindingCode = keyof typeof FINDINGS;
const findingCodeSchema = z.enum(Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]]);

/** A number that a finding rests on. */
export const evidenceSchema = z.object({
  label: z.string(),
  value: z.number(),
  /** '': a count; 'share': 0…1; 'codes': steps between two codes. */
  unit: z.enum(['', 'ms', 'bytes', 'dB', 'bits', 'share', 'codes', 'times', 'value']),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/**
 * A change of a recipe: a step put in where it belongs, or settings of the last step of a kind changed (made where there is
 * none). Lists of layers, and what is said by name, are joined with those that are there.
 */
export const recipeEditSchema = z.union([
  z.object({ add: recipeStepSchema }),
  z.object({ change: z.object({ kind: z.string(), settings: z.record(z.string(), z.unknown()) }) }),
]);
export type RecipeEdit = z.infer<typeof recipeEditSchema>;

export const fixSchema = z.object({
  /** What it does, as said on a button's side: "Leave 3 layers in float". */
  title: z.string(),
  edits: z.array(recipeEditSchema).min(1),
  /** What it brought when it was tried; empty: it was not tried. */
  evidence: z.array(evidenceSchema),
});
export type Fix = z.infer<typeof fixSchema>;

export const findingSchema = z.object({
  code: findingCodeSchema,
  severity: severitySchema,
  /** What and why, one sentence. */
  text: z.string(),
  evidence: z.array(evidenceSchema),
  /** The layers that it is about, the worst first, each with its own numbers. */
  layers: z.array(z.object({ name: z.string(), note: z.string().nullable(), evidence: z.array(evidenceSchema) })),
  /** Whether anything was run for it; else it follows from the file. */
  measured: z.boolean(),
  fix: fixSchema.nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

export const doctorReportSchema = z.object({
  /** By severity, then by weight. */
  findings: z.array(findingSchema),
  /** What was looked at; `note`: why a check was left out or failed. */
  checks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      status: z.enum(['done', 'skipped', 'failed']),
      note: z.string().nullable(),
    }),
  ),
  /** What the measured checks ran on, in words; null: nothing was run. */
  inputs: z.string().nullable(),
  /** Whether these inputs were made up. */
  madeInputs: z.boolean(),
  /** Layers that run as integer kernels here, of those that read or give codes; null: no layer does, or nothing was run. */
  integerLayers: z.object({ fused: z.number(), of: z.number() }).nullable(),
  cpu: z.string(),
  vnni: z.boolean().nullable(),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

/** How long an examination takes at most, about: a check that has begun is ended soon. */
export const DOCTOR_SECONDS = 60;

export const doctorRequestSchema = z.object({
  trialId: z.string(),
  /** Typical inputs; null: made ones. */
  datasetId: z.string().nullable().default(null),
  /** Samples that ranges and errors are measured on. */
  limit: z.number().int().positive().max(1000).default(32),
  /** Only what follows from the file. */
  quick: z.boolean().default(false),
  /** After so long no other measured check begins. */
  seconds: z.number().positive().default(DOCTOR_SECONDS),
});
