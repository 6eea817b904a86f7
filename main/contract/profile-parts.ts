/** What a profile tells beyond sums: single runs, loading, tensors. On the wire and in `--json`; absent in results kept by older versions. */
import { z } from 'zod';

/**
 * A run under the profiler as it was recorded; the four lists are of one length, an entry for each execution of a kernel in
 * the order of their starts. Times in µs from the run's start.
 */
export const recordedRunSchema = z
  .object({
    /** Whether it is in the sums: not among the first ones that warm up, and not held up by other work. */
    use: z.enum(['warm-up', 'counted', 'held up']),
    /** The whole run by the caller's clock; null where that was not read. */
    wallUs: z.number().nullable(),
    /** From the call of the runtime to its return, by the runtime's clock. */
    runUs: z.number(),
    /** What of it the executor took, which runs the kernels; null: it was not told. */
    executeUs: z.number().nullable(),
    /** Places in the profile's `kernels`. */
    kernels: z.array(z.number()),
    startsUs: z.array(z.number()),
    durationsUs: z.array(z.number()),
    /** Without what ran within (bodies of loops and branches); on a GPU by its own clock. */
    ownUs: z.array(z.number()),
  })
  .readonly();
export type RecordedRun = z.infer<typeof recordedRunSchema>;

/** Where the time goes before the first run. Times in ms, the least of several loads. */
export const loadingSchema = z
  .object({
    /** Loads of each kind. */
    loads: z.number(),
    /** A session made as users make it, by the caller's clock. */
    totalMs: z.number(),
    /** Reading and parsing the file, as the runtime tells. */
    parseMs: z.number(),
    /** Everything until the session is ready, as the runtime tells: the next three are parts of it. */
    initialiseMs: z.number(),
    /** Rewriting the graph: what the session of the already rewritten graph did not need; null: it could not be written. */
    optimiseMs: z.number().nullable(),
    /** Bringing weights into the kernels' own layouts: what the same session without it did not need. */
    prepackMs: z.number().nullable(),
  })
  .readonly();
export type Loading = z.infer<typeof loadingSchema>;

/** What the runtime's allocator held when a kernel had run, in bytes. */
export const kernelMemorySchema = z
  .object({
    /** In use, with what rounding adds. */
    inUseBytes: z.number(),
    /** Asked for. */
    requestedBytes: z.number(),
    /** Held by the arena, in use or not. */
    arenaBytes: z.number(),
  })
  .readonly();

/** A value from the kernel that makes it to the last that reads it. */
export const liveTensorSchema = z
  .object({
    name: z.string(),
    /** The layer that makes it; null: an input, or none is known. */
    layer: z.string().nullable(),
    kind: z.enum(['input', 'activation', 'output']),
    bytes: z.number(),
    /** Places in the order of execution: made by (−1: before the run), and last read by. */
    from: z.number(),
    to: z.number(),
  })
  .readonly();
export type LiveTensor = z.infer<typeof liveTensorSchema>;
