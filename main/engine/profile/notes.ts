import type { HostTensors } from '../tensor/host-tensor.ts';
import { float16ToFloat32 } from '../tensor/half.ts';
import type { KernelTable } from './kernels.ts';
import type { LatencySummary } from './latency.ts';
import type { ProfiledKernel } from './profile-result.ts';

/** What the notes are written from. */
export interface NoteFacts {
  readonly latency: LatencySummary;
  readonly profiledP50: number;
  /** Without the profiler, in turns with the profiled runs. */
  readonly besideP50: number;
  readonly table: KernelTable;
  readonly kernels: readonly ProfiledKernel[];
  readonly provider: string;
  /** Sizes that nobody gave: "seq = 16". */
  readonly assumed: readonly string[];
  readonly outputs: HostTensors;
  /** Whether the warm-up ended because the times had settled. */
  readonly settled: boolean;
  /** Whether the runtime wrote the graph that it executed. */
  readonly optimised: boolean;
  /** Profiled runs that kernel times leave out, see `undisturbedRuns`. */
  readonly heldUp: { readonly runs: number; readonly of: number };
}

/** Spread beyond which a median is said to be shaky. */
const RESTLESS = 0.5;

/** What a reader of a profile must know to read it rightly, in sentences. */
export function profileNotes(facts: NoteFacts): string[] {
  const { latency, profiledP50, besideP50, table, kernels, provider } = facts;
  const notes: string[] = [];
  const inflation = profiledP50 / besideP50 - 1;
  if (inflation > 0.05) {
    notes.push(
      `Profiling itself costs time: ${ms(besideP50)} without, ${ms(profiledP50)} with the profiler (+${percent(inflation)}), run in turns. Read kernel times as shares.`,
    );
  }
  if (facts.assumed.length > 0) notes.push(`Sizes that were not given were assumed: ${facts.assumed.join(', ')}.`);
  if (!facts.settled)
    notes.push('The times had not settled to 2 % when the warm-up ended; other programs may be running.');
  if (latency.runs >= 10 && latency.p90Ms > latency.p50Ms * (1 + RESTLESS)) {
    notes.push(
      `One run in ten takes ${ms(latency.p90Ms)} or longer, the median ${ms(latency.p50Ms)}: the machine is restless.`,
    );
  }
  notes.push(...nonFiniteNotes(facts.outputs));
  if (facts.heldUp.runs > 0) {
    notes.push(
      `${facts.heldUp.runs} of ${facts.heldUp.of} profiled runs were held up by other work on this machine (over 1.5 times the median) and are not in the kernel times.`,
    );
  }
  if (!facts.optimised) {
    notes.push('The runtime could not write the graph that it executed, so kernels are attributed by name only.');
  }
  const lost = kernels.filter((kernel) => kernel.sources.length === 0).map((kernel) => kernel.name);
  if (lost.length > 0) notes.push(`No source layer is known for ${list(lost)}.`);
  if (kernels.length === 0) notes.push('The runtime executed no kernel: everything was folded into constants at load.');
  if (provider !== 'cpu') notes.push(...providerNotes(provider, table, kernels));
  return notes;
}

function providerNotes(provider: string, table: KernelTable, kernels: readonly ProfiledKernel[]): string[] {
  const notes: string[] = [];
  const onCpu = kernels.filter((kernel) => kernel.provider.startsWith('CPU')).map((kernel) => kernel.name);
  if (onCpu.length > 0) notes.push(`${onCpu.length} of ${kernels.length} kernels ran on the CPU: ${list(onCpu)}.`);
  if (provider !== 'webgpu') return notes;
  notes.push(
    table.gpuTimed
      ? "Kernel times are the GPU's own; what is left is dispatch, copies and waiting."
      : 'The device gives no GPU timestamps: kernel times are only what the CPU spent to dispatch them.',
  );
  return notes;
}

function nonFiniteNotes(outputs: HostTensors): string[] {
  return Object.entries(outputs).flatMap(([name, { dtype, data }]) => {
    if (dtype !== 'float32' && dtype !== 'float64' && dtype !== 'float16') return [];
    const values = dtype === 'float16' ? float16ToFloat32(data as Uint16Array) : (data as Float32Array | Float64Array);
    let bad = 0;
    for (const value of values) if (!Number.isFinite(value)) bad++;
    return bad === 0 ? [] : [`Output '${name}' holds ${bad} of ${values.length} values that are NaN or infinite.`];
  });
}

function list(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function ms(value: number): string {
  return `${value.toPrecision(3)} ms`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
