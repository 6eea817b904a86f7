import type { MeasuredData } from '../../contract/data.ts';
import type { Machine } from '../../contract/machine.ts';
import type { Circumstances } from '../../contract/measurement.ts';

/** How a model ran on a machine. */
export interface Run {
  readonly batch: number;
  readonly dims: Readonly<Record<string, number>>;
  readonly turns?: boolean;
  readonly data?: MeasuredData;
}

/** The circumstances of a run on this machine. @param machine with the threads and the provider that ran */
export function circumstancesOn(
  { cpu, cores, os, provider, onnxruntime, vnni, threads }: Machine,
  { batch, dims, turns = false, data }: Run,
): Circumstances {
  const sorted = Object.entries(dims).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    target: { cpu, cores, os, provider, onnxruntime, vnni },
    settings: { threads, batch, dims: Object.fromEntries(sorted), turns },
    data: data ?? null,
  };
}
