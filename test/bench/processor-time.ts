import type { Model } from '../../main/engine/graph/ir.ts';
import { tensorValues } from '../../main/engine/graph/tensor-data.ts';
import { median } from './bench-row.ts';

/** Processor time of this process so far: what else the machine does counts for nothing. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A pass that reads each weight once, median of `runs`. */
export function barePassMs(model: Model, runs: number): number {
  const times = Array.from({ length: runs }, () => {
    const start = cpuMs();
    let sum = 0;
    for (const tensor of model.graph.initializers) {
      const values = tensorValues(tensor) as Float32Array;
      for (let i = 0; i < values.length; i++) sum += values[i]!;
    }
    if (!Number.isFinite(sum)) throw new Error('the weights are finite');
    return cpuMs() - start;
  });
  return median(times);
}
