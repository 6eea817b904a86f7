/** Energy that a sensor told, as against what is estimated. */
import { z } from 'zod';

export const energySensorSchema = z.object({
  /** RAPL: counters of the processor (Linux); battery: what it gives off; powermetrics: macOS's own tool. */
  kind: z.enum(['rapl', 'battery', 'powermetrics']),
  /** "package-0", "BAT0". */
  name: z.string(),
  readable: z.boolean(),
  /** Why it cannot be read, and what to do; null: it can. */
  reason: z.string().nullable(),
});
export type EnergySensor = z.infer<typeof energySensorSchema>;

export const measuredEnergySchema = z.object({
  /** What is there, readable or not; none: this machine tells nothing. */
  sensors: z.array(energySensorSchema),
  /** null: no sensor could be read, and nothing was measured. */
  measured: z
    .object({
      /** The sensors that were read, and what their figure holds. */
      from: z.string(),
      runs: z.number(),
      seconds: z.number(),
      batch: z.number(),
      /** Of one sample, with what the machine takes anyway in that time. */
      joules: z.number(),
      /** The same less what it took while idle before. */
      netJoules: z.number(),
      idleWatts: z.number(),
      watts: z.number(),
    })
    .nullable(),
});
export type MeasuredEnergy = z.infer<typeof measuredEnergySchema>;
