/** The machine that something runs on, the provider that runs it, and how a run is set up. */
import { z } from 'zod';

/** Execution providers that can be asked for. */
export const providerSchema = z.enum([
  'cpu',
  'webgpu',
  'cuda',
  'tensorrt',
  'coreml',
  'dml',
  'openvino',
  'qnn',
  'xnnpack',
]);
export type Provider = z.infer<typeof providerSchema>;

/** What is told of a machine: the JSON of `profile` and of the studio's information. */
export const machineSchema = z
  .object({
    cpu: z.string(),
    /** Physical cores that the process may use. */
    cores: z.number(),
    /** Threads that the runtime used within an operator. */
    threads: z.number(),
    os: z.string(),
    node: z.string(),
    onnxruntime: z.string(),
    provider: z.string(),
    /** Whether the CPU has VNNI (int8 dot products); null where it cannot be told. */
    vnni: z.boolean().nullable(),
  })
  .readonly();
export type Machine = z.infer<typeof machineSchema>;

/** How a model is asked to be run. What was measured says what ran: see `measureSettingsSchema`. */
export const runSettingsSchema = z.object({
  provider: providerSchema.default('cpu'),
  /** Intra-op threads; null: the machine's physical cores. */
  threads: z.number().int().positive().nullable().default(null),
  batch: z.number().int().positive().default(1),
  /** Values for symbolic dimensions by name. */
  dims: z.record(z.string(), z.number().int().positive()).default({}),
});
/** What of it is the machine's, not the model's. */
export const machineSetupSchema = runSettingsSchema.pick({ provider: true, threads: true });
export type MachineSetup = z.infer<typeof machineSetupSchema>;
export type RunSettings = z.infer<typeof runSettingsSchema>;
