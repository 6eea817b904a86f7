import { StudioError, throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { Model } from '../graph/ir.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { KeptValues } from '../runtime/protocol.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { RESTING } from './session-settings.ts';

/** Values that runs leave in the runner, for later passes over the same batches. */
export interface KeptBetween {
  /** What is there of a batch; null: nothing. */
  readonly from: (batch: number) => KeptValues | null;
  /** Values to leave there. */
  readonly keep: readonly string[];
  /** What was left, of all batches; undefined where it was too much. */
  readonly done: (kept: KeptValues[] | undefined) => Promise<void>;
  readonly isTooMuch: (kept: readonly KeptValues[]) => boolean;
}

export interface SumsRun {
  readonly batches: FeedBatches;
  readonly runner: Runner;
  /** The layer that an output of the model tells about, for errors. */
  readonly layerOf: (output: string) => string;
  /** The sums among the model's outputs. */
  readonly sums: readonly string[];
  readonly between?: KeptBetween | undefined;
}

/**
 * Runs a model whose outputs are sums over a batch, and adds these up in double precision: memory does not grow with the
 * number of samples.
 * @returns the totals by output
 * @throws DATA_INVALID where a sum is NaN or infinite, naming layer and samples; RUNTIME_…, CANCELLED
 */
export async function collectSums(
  model: Model,
  run: SumsRun,
  context: Pick<TaskContext, 'signal'>,
): Promise<ReadonlyMap<string, Float64Array>> {
  return (await collectParts(model, run, 1, context))[0]!;
}

/** The same with batches dealt out in turns: sums that share no sample, to judge on some what was found on others. */
export async function collectParts(
  model: Model,
  { batches, runner, layerOf, sums: outputs, between }: SumsRun,
  parts: number,
  { signal }: Pick<TaskContext, 'signal'>,
): Promise<readonly ReadonlyMap<string, Float64Array>[]> {
  const session = await runner.load(sourceOfModel(model), RESTING, { signal });
  const all = Array.from({ length: parts }, () => new Map<string, Float64Array>());
  let samples = 0;
  let kept: KeptValues[] | undefined = between === undefined || between.keep.length === 0 ? undefined : [];
  let added = 0;
  const add = async ({ count, run }: Asked): Promise<void> => {
    const totals = all[added++ % parts]!;
    const { outputs: sums, kept: left } = await run;
    if (left !== null) {
      kept?.push(left);
      if (kept === undefined) await runner.release([left]);
      else if (between?.isTooMuch(kept) === true) {
        await runner.release(kept);
        kept = undefined;
      }
    }
    for (const [name, { data }] of Object.entries(sums)) {
      const total = totals.get(name) ?? new Float64Array(data.length);
      totals.set(name, total);
      for (let i = 0; i < total.length; i++) total[i] = total[i]! + Number(data[i]);
      if (!total.every(Number.isFinite)) throw notFinite(layerOf(name), samples, count);
    }
    samples += count;
  };
  try {
    // One batch is computed while the sums of the one before are added.
    let asked: Asked | undefined;
    let batch = 0;
    for await (const feeds of batches) {
      throwIfCancelled(signal);
      const keep = kept === undefined ? [] : (between?.keep ?? []);
      const given = { feeds: taken(session, feeds), from: between?.from(batch++) ?? null };
      const run = session.runKeeping(given, { outputs, keep }, { signal });
      run.catch(() => undefined); // thrown when its turn comes
      const before = asked;
      asked = { count: batchSize(feeds), run };
      if (before !== undefined) await add(before);
    }
    if (asked !== undefined) await add(asked);
    await between?.done(kept);
  } finally {
    if (runner.alive) await session.close();
  }
  return all;
}

/** A model that begins at values which are there already takes fewer of its inputs, or none. */
function taken({ inputs }: Session, feeds: HostTensors): HostTensors {
  return Object.fromEntries(inputs.flatMap(({ name }) => (feeds[name] === undefined ? [] : [[name, feeds[name]]])));
}

interface Asked {
  readonly count: number;
  readonly run: ReturnType<Session['runKeeping']>;
}

function notFinite(layer: string, before: number, count: number): StudioError {
  return new StudioError(
    'DATA_INVALID',
    `The activations around layer '${layer}' are NaN or infinite on calibration ${count === 1 ? `sample ${before + 1}` : `samples ${before + 1} to ${before + count}`}`,
    {
      hint: 'Look at these samples, and whether the model still computes on them; leave the layer out, or change less before it.',
    },
  );
}
