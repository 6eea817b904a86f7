import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TaskContext } from '../../base/progress.ts';
import { writeWhole } from '../../base/write-whole.ts';
import { machinePeaksSchema, type MachinePeaks } from '../../contract/machine-peaks.ts';
import { higherPeaks, measurePeaks } from '../../engine/profile/measure-peaks.ts';
import { machineInfo } from '../../engine/runtime/machine.ts';
import type { OperationParams, OperationResult } from './operation-map.ts';
import { runners, withThreadRunner } from './runners.ts';

/** What this machine can do at most: as measured before under the same circumstances, or now. */
export async function peaks(
  { settings, cache, measure }: OperationParams<'peaks'>,
  context: TaskContext,
): Promise<OperationResult<'peaks'>> {
  const { provider, threads } = settings;
  const onnxruntime = await withThreadRunner(context.signal, async (runner) => runner.about.onnxruntime);
  const key = keyOf(machineInfo(onnxruntime, { provider, threads }));
  const kept = await readPeaks(cache);
  const known = kept.get(key);
  if (measure === 'never' || (known !== undefined && measure === 'when unknown')) return known ?? null;
  const measured = await runners.use((runner) => measurePeaks(runner, { provider, threads }, context), {
    signal: context.signal,
    fresh: true,
  });
  const highest = known === undefined ? measured : higherPeaks(known, measured);
  kept.set(key, highest);
  await mkdir(dirname(cache), { recursive: true });
  await writeWhole(cache, JSON.stringify([...kept.values()]));
  return highest;
}

/** Peaks of another machine, runtime, provider or number of threads are others. */
function keyOf({ cpu, cores, threads, os, onnxruntime, provider }: MachinePeaks['machine']): string {
  return JSON.stringify([cpu, cores, threads, os, onnxruntime, provider]);
}

async function readPeaks(path: string): Promise<Map<string, MachinePeaks>> {
  try {
    const peaks = machinePeaksSchema.array().parse(JSON.parse(await readFile(path, 'utf8')));
    return new Map(peaks.map((each) => [keyOf(each.machine), each]));
  } catch {
    return new Map(); // none were measured yet, or by a version that kept them otherwise: they are measured again
  }
}
