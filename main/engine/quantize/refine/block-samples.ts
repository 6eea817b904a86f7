import { throwIfCancelled } from '../../../base/errors.ts';
import { batchSize, type FeedBatches } from '../../dataset/feed-batches.ts';
import { feedInputs } from '../../graph/index-graph.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import { RESTING } from '../../sums/session-settings.ts';
import { SumsGraph } from '../../sums/sums-graph.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import type { RefinedBlock } from './blocks.ts';
import type { ModelPair } from './coded-layer.ts';

/** One sample of a tensor: all but its first dimension. */
export interface SampledValue {
  readonly dims: readonly number[];
  readonly samples: readonly Float32Array[];
}

export interface BlockSamples {
  /** What the quantized model gives the block. */
  readonly data: SampledValue;
  /** What the float model has at its end. */
  readonly target: SampledValue;
  /** Samples that came together: all that a model of a fixed batch takes. */
  readonly together: number;
}

/** Numbers of both values that are held at most. */
const MOST_NUMBERS = 96 * 2 ** 20;

/** Data and targets of a block: as many of the samples as memory allows. @throws RUNTIME_…, CANCELLED */
export async function sampleBlock(
  pair: ModelPair,
  { start, end }: RefinedBlock,
  run: { readonly runner: Runner; readonly batches: FeedBatches },
  signal: AbortSignal,
): Promise<BlockSamples> {
  const fed = start === undefined ? feedInputs(pair.model.graph)[0]!.name : pair.nameInSecond(start);
  const keep = start === undefined ? [end] : [fed, end];
  const session = await run.runner.load(sourceOfModel(new SumsGraph(pair.model).build({ keep })), RESTING, { signal });
  const [data, target] = [new Samples(), new Samples()];
  let together = 0;
  try {
    for await (const feeds of run.batches) {
      throwIfCancelled(signal, 'Learning the rounding');
      const found = await session.run(feeds, { outputs: keep, signal });
      const count = batchSize(feeds);
      together ||= count;
      data.take(start === undefined ? feeds[fed]! : found[fed]!, count);
      target.take(found[end]!, count);
      if (data.numbers + target.numbers > MOST_NUMBERS) break;
    }
  } finally {
    if (run.runner.alive) await session.close();
  }
  return { data, target, together };
}

class Samples implements SampledValue {
  dims: readonly number[] = [];
  readonly samples: Float32Array[] = [];
  numbers = 0;

  take({ dims, data }: HostTensor, count: number): void {
    const size = data.length / count;
    // A first dimension may hold several rows of each sample.
    this.dims = [(dims[0] ?? 1) / count, ...dims.slice(1)];
    this.numbers += data.length;
    const values = data as Float32Array;
    for (let at = 0; at < count; at++) this.samples.push(values.slice(at * size, (at + 1) * size));
  }
}

/** Some samples as one batch. */
export function batchOf({ dims, samples }: SampledValue, chosen: readonly number[]): HostTensor {
  const size = samples[0]?.length ?? 0;
  const data = new Float32Array(size * chosen.length);
  chosen.forEach((at, place) => data.set(samples[at]!, place * size));
  return { dtype: 'float32', dims: [(dims[0] ?? 1) * chosen.length, ...dims.slice(1)], data };
}
