/** Session settings tried one after the other: what is varied, what each value gave, and what is recommended. */
import { z } from 'zod';
import { machineSchema, providerSchema } from './machine.ts';

/** How a session is made and run. */
export const sessionChoiceSchema = z.object({
  provider: providerSchema.default('cpu'),
  /** Within an operator; null: one for each physical core. */
  threads: z.number().int().positive().nullable().default(null),
  /** Of graph rewriting. */
  optimization: z.enum(['all', 'extended', 'basic', 'disabled']).default('all'),
  /** parallel: operators that do not wait for each other run side by side. */
  execution: z.enum(['sequential', 'parallel']).default('sequential'),
  /** Whether buffers come from an arena that keeps what it once took. */
  arena: z.boolean().default(true),
  batch: z.number().int().positive().default(1),
});
export type SessionChoice = z.infer<typeof sessionChoiceSchema>;

/** What is varied, each by itself with everything else as in the base. */
export const SWEEP_AXES = ['threads', 'batch', 'optimization', 'execution', 'arena', 'provider'] as const;
export type SweepAxis = (typeof SWEEP_AXES)[number];

export const sweepRequestSchema = z.object({
  base: sessionChoiceSchema.prefault({}),
  /** Values of symbolic dimensions by name. */
  dims: z.record(z.string(), z.number().int().positive()).default({}),
  axes: z
    .array(z.enum(SWEEP_AXES))
    .min(1)
    .default([...SWEEP_AXES]),
});
export type SweepRequest = z.infer<typeof sweepRequestSchema>;

const intervalSchema = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });

/** One setting, timed in turns with the base. */
export const sweepRowSchema = z.object({
  /** null: the recommended ones together. */
  axis: z.enum(SWEEP_AXES).nullable(),
  /** The value of the axis as said to people: "2", "basic". */
  value: z.string(),
  choice: sessionChoiceSchema,
  /** p50 of a run in ms with its 95 % interval; null: it does not run, see `reason`. */
  latencyMs: intervalSchema.nullable(),
  /** Time for a sample, over the base's, timed in turns; below 1 is faster. */
  ratio: intervalSchema.nullable(),
  runs: z.number(),
  reason: z.string().nullable(),
});
export type SweepRow = z.infer<typeof sweepRowSchema>;

export const sweepSchema = z.object({
  machine: machineSchema,
  base: sessionChoiceSchema,
  /** Alone among them is the base itself, once for each axis. */
  rows: z.array(sweepRowSchema),
  recommended: z.object({
    choice: sessionChoiceSchema,
    /** Of its time over the base's; null: it is the base. */
    ratio: intervalSchema.nullable(),
    why: z.string(),
  }),
  notes: z.array(z.string()),
});
export type Sweep = z.infer<typeof sweepSchema>;
