/** What a machine can do at most, measured through the runtime that also runs the models. */
import { z } from 'zod';
import { machineSchema } from './machine.ts';

export const machinePeaksSchema = z
  .object({
    /** With the threads that were used. */
    machine: machineSchema,
    /** Unix milliseconds. */
    at: z.number(),
    /** The fastest run of a product of two square matrices of this size. */
    size: z.number(),
    runs: z.number(),
    /** Floating-point operations a second in 10⁹, two for each multiply–accumulate. */
    float32: z.number(),
    /** The same in int8; null: the provider has no such product. */
    int8: z.number().nullable(),
    /** Bytes a second in 10⁹ that a sum of two arrays reads and writes, by the bytes of the arrays that it keeps using. */
    bandwidth: z.array(z.object({ setBytes: z.number(), gbPerSecond: z.number() })),
    /** µs that a kernel takes at least: the sum of two single numbers. */
    kernelUs: z.number(),
  })
  .readonly();
export type MachinePeaks = z.infer<typeof machinePeaksSchema>;
