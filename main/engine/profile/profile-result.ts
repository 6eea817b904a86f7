import type { OperatorCategory } from '../../contract/layer-words.ts';
import type { Machine } from '../../contract/machine.ts';
import type { LiveTensor, Loading, RecordedRun } from '../../contract/profile-parts.ts';
import type { MemorySample } from '../runtime/timing.ts';
import type { LatencySummary } from './latency.ts';
import type { KernelMemory } from './trace.ts';
import type { ProfiledLayer } from './layer-times.ts';

/** A kernel with the layers that it executes. Times in ms, means over the profiled runs. */
export interface ProfiledKernel {
  readonly name: string;
  readonly op: string;
  readonly category: OperatorCategory;
  readonly provider: string;
  readonly timeMs: number;
  readonly startMs: number;
  readonly sources: string[];
  readonly inputShapes: string[];
  readonly outputShapes: string[];
  /** Activations read and written. */
  readonly activationBytes: number;
  readonly parameterBytes: number;
  /** The source layer that its time is counted for; null: none is known. */
  readonly layer: string | null;
  /** Of the allocator behind it; absent where the runtime does not tell. */
  readonly memory?: KernelMemory;
}

/** Everything that profiling a model gives; the JSON of `lapidary profile`. */
export interface ProfileResult {
  readonly machine: Machine;
  readonly batch: number;
  readonly dims: Record<string, number>;
  /** The file that it was imported from; absent: it was measured here. */
  readonly imported?: string;
  /** Without the profiler, save where it was imported. */
  readonly latency: LatencySummary;
  /** With the profiler, which slows every kernel down a little. */
  readonly profiled: { readonly runs: number; readonly p50Ms: number };
  /** Without the profiler once more, in turns with the profiled runs. */
  readonly recheck?: LatencySummary;
  readonly runs: RecordedRun[];
  readonly loading: Loading | null;
  readonly tensors: LiveTensor[] | null;
  readonly layers: ProfiledLayer[];
  readonly kernels: ProfiledKernel[];
  /** Profiled run time that no kernel accounts for. */
  readonly unattributedMs: number;
  readonly memory: {
    /** Highest resident memory during the timed runs over what the runner held before the session was made. */
    readonly peakBytes: number;
    readonly sessionBytes: number;
    readonly samples: MemorySample[];
  };
  /** File name of the trace, when kept. */
  readonly trace: string | null;
  readonly notes: string[];
}
