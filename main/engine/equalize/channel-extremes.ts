import { throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import type { Model } from '../graph/ir.ts';
import { makeTensor, makeValueInfo } from '../graph/make.ts';
import { maximumNode, minimumNode, sizeNode, sumOfSquaresNode } from '../operators/nodes.ts';
import { withoutDeadNodes } from '../passes/dead-code.ts';
import { defaultOpset } from '../passes/upgrade-opset.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import { RESTING } from '../sums/session-settings.ts';

/** A value with its channels on one of its axes. */
export interface ChannelValue {
  readonly value: string;
  readonly axis: number;
  readonly rank: number;
}

/** The least and the largest number of each channel, and the mean of its squares. */
export interface Extremes {
  readonly least: Float64Array;
  readonly largest: Float64Array;
  readonly meanSquares: Float64Array;
}

/** Axes of these reductions became an input in opset 18. */
const AXES_AS_INPUT = 18;

/**
 * Goes through the samples once and keeps two numbers for each channel; the runtime reduces, so that no activations leave it.
 * @returns by value
 * @throws RUNTIME_…, CANCELLED
 */
export async function channelExtremes(
  model: Model,
  wanted: readonly ChannelValue[],
  { runner, batches, samples }: { readonly runner: Runner; readonly batches: FeedBatches; readonly samples: number },
  context: TaskContext,
): Promise<ReadonlyMap<string, Extremes>> {
  const found = new Map<string, Extremes>();
  if (wanted.length === 0) return found;
  const session = await runner.load(sourceOfModel(watched(model, wanted)), RESTING, { signal: context.signal });
  const counts = new Float64Array(wanted.length);
  let done = 0;
  try {
    for await (const feeds of batches) {
      throwIfCancelled(context.signal, 'Equalising');
      context.progress({ stage: 'Looking at ranges', done, total: samples });
      const outputs = await session.run(feeds, { signal: context.signal });
      for (const [at, { value }] of wanted.entries()) {
        const [least, largest, squares] = [leastName(at), largestName(at), squaresName(at)].map((name) =>
          Float64Array.from(outputs[name]?.data ?? [], Number),
        ) as [Float64Array, Float64Array, Float64Array];
        const positions = Number(outputs[sizeName(at)]?.data[0] ?? 0) / Math.max(1, least.length);
        counts[at] = counts[at]! + positions;
        const known = found.get(value);
        if (known === undefined) found.set(value, { least, largest, meanSquares: squares });
        else {
          squares.forEach((each, c) => (known.meanSquares[c] = known.meanSquares[c]! + each));
          least.forEach((each, c) => (known.least[c] = Math.min(known.least[c]!, each)));
          largest.forEach((each, c) => (known.largest[c] = Math.max(known.largest[c]!, each)));
        }
      }
      done += batchSize(feeds);
    }
  } finally {
    if (runner.alive) await session.close();
  }
  for (const [at, { value }] of wanted.entries()) {
    const means = found.get(value)?.meanSquares;
    means?.forEach((sum, c) => (means[c] = sum / Math.max(1, counts[at]!)));
  }
  return found;
}

const leastName = (at: number): string => `lapidary_least_${at}`;
const largestName = (at: number): string => `lapidary_largest_${at}`;
const squaresName = (at: number): string => `lapidary_squares_${at}`;
const sizeName = (at: number): string => `lapidary_size_${at}`;

function watched(model: Model, wanted: readonly ChannelValue[]): Model {
  const asInput = defaultOpset(model) >= AXES_AS_INPUT;
  const axesOf = ({ axis, rank }: ChannelValue): readonly bigint[] =>
    Array.from({ length: rank }, (_, each) => BigInt(each)).filter((each) => each !== BigInt(axis));
  const axesName = (at: number): string => `lapidary_axes_${at}`;
  const initializers = wanted.flatMap((each, at) =>
    asInput ? [makeTensor(axesName(at), 'int64', [each.rank - 1], BigInt64Array.from(axesOf(each)))] : [],
  );
  const nodes = wanted.flatMap((each, at) =>
    (
      [
        [minimumNode, leastName(at)],
        [maximumNode, largestName(at)],
        [sumOfSquaresNode, squaresName(at)],
      ] as const
    ).map(([make, name]) =>
      make([each.value, ...(asInput ? [axesName(at)] : [])], name, {
        name,
        attributes: { keepdims: 0n, ...(asInput ? {} : { axes: axesOf(each) }) },
      }),
    ),
  );
  nodes.push(...wanted.map(({ value }, at) => sizeNode([value], sizeName(at), { name: sizeName(at) })));
  const outputs = nodes.map(({ name }) => ({ ...makeValueInfo(name, undefined, undefined), type: undefined }));
  const { graph } = model;
  return {
    ...model,
    graph: withoutDeadNodes({
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...initializers],
      outputs,
      valueInfos: [],
    }),
  };
}
