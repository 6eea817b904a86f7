/**
 * What a window costs the numbers: the CNN sample profiled in a studio whose window asks about a large model without a
 * break, against the terminal alone.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSettingsSchema } from '../../main/contract/machine.ts';
import type { Latency } from '../../main/contract/results.ts';
import { quietContext } from '../../main/base/progress.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { OperationThread } from '../../main/services/operation-thread.ts';
import { readSamples } from '../../main/services/samples.ts';
import { createStudio } from '../../main/services/studio.ts';
import { openWorkspace } from '../../main/workspace/workspace.ts';
import { callOf, type CallStudio } from '../support/call-studio.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { atMost, median, type BenchRow } from './bench-row.ts';
import { model25M } from './slider-case.ts';

const ROUNDS = 5;
const RUNS = 400;

/** Asks until told to stop; gives how many answers came, and the longest wait for one that takes no time itself. */
async function askWithoutBreak(
  call: CallStudio,
  { path, modelId }: { readonly path: string; readonly modelId: string },
  signal: AbortSignal,
): Promise<{ readonly answers: number; readonly longestMs: number }> {
  let answers = 0;
  let longestMs = 0;
  while (!signal.aborted) {
    await call('model.open', { path });
    await call('prune.plan', { modelId });
    const start = performance.now();
    await call('quantize.plan', { modelId });
    longestMs = Math.max(longestMs, performance.now() - start);
    answers += 3;
  }
  return { answers, longestMs };
}

/** About a minute. */
export async function bench(): Promise<BenchRow[]> {
  using folder = tempFolder();
  const path = join(folder.path, 'large.onnx');
  writeFileSync(path, encodeModelBytes(model25M()));
  const sample = (await readSamples()).models.find(({ id }) => id === 'glyph-cnn')!;
  await using terminal = new OperationThread('bench');
  await using workspace = await openWorkspace(join(folder.path, 'workspace'));
  await using studio = await createStudio({ workspace, version: '0.0.0', emit: () => undefined });
  const call = callOf(studio);
  const { baselineTrialId } = await call('model.open', { sample: 'glyph-cnn' });
  const large = await call('model.open', { path });

  const alone = async (): Promise<Latency> => {
    const settings = runSettingsSchema.parse({});
    const params = { path: sample.path, settings, runs: RUNS, warmup: null, inputs: null, trace: null };
    return (await terminal.call('profile', params, quietContext())).latency;
  };
  let answers = 0;
  let longestMs = 0;
  const beside = async (): Promise<Latency> => {
    const stop = new AbortController();
    const asking = askWithoutBreak(call, { path, modelId: large.entry.id }, stop.signal);
    const { latency } = await call('trial.profile.run', { trialId: baselineTrialId, runs: RUNS });
    stop.abort();
    const asked = await asking;
    answers += asked.answers;
    longestMs = Math.max(longestMs, asked.longestMs);
    return latency;
  };
  const p50: number[] = [];
  const p90: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // who goes first changes each round, so that a drift of the machine favours neither
    const [first, second] = round % 2 === 0 ? [alone, beside] : [beside, alone];
    const times = [await first(), await second()];
    const [quiet, asked] = round % 2 === 0 ? times : times.toReversed();
    p50.push(asked!.p50Ms / quiet!.p50Ms);
    p90.push(asked!.p90Ms / quiet!.p90Ms);
  }
  return [
    atMost(`window: p50 with ${answers} questions beside / terminal alone`, median(p50), 1.05),
    atMost('window: p90 with questions beside / terminal alone', median(p90), 1.2),
    atMost('window: longest wait of a short question / 1 s', longestMs / 1000, 1),
  ];
}
