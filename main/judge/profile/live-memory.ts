import type { LiveTensor } from '../../contract/profile-parts.ts';
import type { Profile } from '../../contract/results.ts';

/** What is held while a kernel runs, in bytes. */
export interface MemoryAt {
  /** The kernel's place in the order of execution. */
  readonly kernel: number;
  /** Values that live then: inputs, activations, outputs. */
  readonly liveBytes: number;
  /** By the runtime's allocator behind the kernel: asked for, and held by the arena; null: not told. */
  readonly requestedBytes: number | null;
  readonly arenaBytes: number | null;
}

/** A value at the peak. */
export interface PeakHolder extends LiveTensor {
  /** Of what lives at the peak. */
  readonly share: number;
}

/** Memory of a run over the order of execution. */
export interface LiveMemory {
  readonly series: readonly MemoryAt[];
  /** Where most values' bytes live; the first such kernel. */
  readonly peak: MemoryAt;
  /** Largest first. */
  readonly holders: readonly PeakHolder[];
  /** Read by kernels, each kernel's once. */
  readonly weightBytes: number;
  /** Most that the allocator was asked for, and that the arena held; null: not told. */
  readonly requestedPeakBytes: number | null;
  readonly arenaPeakBytes: number | null;
}

/** @returns null for a profile of an older version, or whose executed graph is not known */
export function liveMemory({ kernels, tensors }: Pick<Profile, 'kernels' | 'tensors'>): LiveMemory | null {
  if (tensors === null || tensors === undefined || kernels.length === 0) return null;
  const live = liveBytes(tensors, kernels.length);
  const series = kernels.map(({ memory }, kernel): MemoryAt => ({
    kernel,
    liveBytes: live[kernel]!,
    requestedBytes: memory?.requestedBytes ?? null,
    arenaBytes: memory?.arenaBytes ?? null,
  }));
  const peak = series.reduce((most, each) => (each.liveBytes > most.liveBytes ? each : most));
  const holders = tensors
    .filter((tensor) => livesAt(tensor, peak.kernel))
    .map((tensor) => ({ ...tensor, share: peak.liveBytes > 0 ? tensor.bytes / peak.liveBytes : 0 }))
    .sort((a, b) => b.bytes - a.bytes);
  return {
    series,
    peak,
    holders,
    weightBytes: kernels.reduce((sum, kernel) => sum + kernel.parameterBytes, 0),
    requestedPeakBytes: most(series.map(({ requestedBytes }) => requestedBytes)),
    arenaPeakBytes: most(series.map(({ arenaBytes }) => arenaBytes)),
  };
}

/** Whether a value is held while that kernel runs: it is made by it, or before it and read by it or later. */
export function livesAt({ from, to }: Pick<LiveTensor, 'from' | 'to'>, kernel: number): boolean {
  return from <= kernel && kernel <= to;
}

/** Sum of the living values at each kernel, in one pass over values and kernels. */
function liveBytes(tensors: readonly LiveTensor[], kernels: number): Float64Array {
  const change = new Float64Array(kernels + 1);
  for (const { from, to, bytes } of tensors) {
    change[Math.max(0, from)]! += bytes;
    if (to + 1 < kernels) change[to + 1]! -= bytes;
  }
  const live = new Float64Array(kernels);
  let sum = 0;
  for (let kernel = 0; kernel < kernels; kernel++) live[kernel] = sum += change[kernel]!;
  return live;
}

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((max, value) => (value === null ? max : Math.max(max ?? 0, value)), null);
}
