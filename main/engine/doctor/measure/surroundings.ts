import type { TaskContext } from '../../../base/progress.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import type { Model } from '../../graph/ir.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';

/** What measured checks work with. */
export interface Surroundings {
  readonly runner: Runner;
  readonly context: TaskContext;
  /** One small batch of inputs. */
  readonly feeds: HostTensors;
  /** More of them, from the start each time; a batch at a time. */
  readonly batches: () => FeedBatches;
  /** Whether inputs were made up: then nothing is said about ranges and losses. */
  readonly made: boolean;
  /** The float model that the examined one was made of, where it is known. */
  readonly reference: Model | undefined;
  /** Whether this share of the time that the examination may take is up. */
  readonly isUp: (share: number) => boolean;
  /** Says in the report how the check that is going on was cut short. */
  readonly note: (text: string) => void;
}

/** By which share of the time a check begins no more work: those after it want some as well. */
export const SHARES = { ranges: 0.4, losses: 0.65, lossesTried: 0.75, times: 0.85 } as const;

/** Runs a model once as it is written, without any optimisation. @throws RUNTIME_…, CANCELLED */
export async function runAsWritten(
  model: Model,
  feeds: HostTensors,
  { runner, context }: Surroundings,
  config: Readonly<Record<string, string>> = {},
): Promise<HostTensors> {
  const { signal } = context;
  const session = await runner.load(
    sourceOfModel(model),
    { provider: 'cpu', threads: null, optimization: 'disabled', config },
    { signal },
  );
  try {
    return await session.run(feeds, { signal });
  } finally {
    if (runner.alive) await session.close();
  }
}

/** The one number of a tensor. */
export function numberOf(tensors: HostTensors, name: string): number {
  const tensor: HostTensor | undefined = tensors[name];
  return Number(tensor?.data[0] ?? Number.NaN);
}
