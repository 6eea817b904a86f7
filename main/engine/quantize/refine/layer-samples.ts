import { throwIfCancelled } from '../../../base/errors.ts';
import { batchSize, type FeedBatches } from '../../dataset/feed-batches.ts';
import type { Model, Node } from '../../graph/ir.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import { sourceOfModel } from '../../runtime/model-source.ts';
import type { Runner } from '../../runtime/runner.ts';
import { RESTING } from '../../sums/session-settings.ts';
import { SumsGraph } from '../../sums/sums-graph.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { seededRandom } from '../../tensor/random.ts';

/** Where a layer's data and what it should give stand in one graph. */
export interface SampledLayer {
  readonly node: Node;
  readonly form: LinearForm;
  readonly rank: number;
  readonly data: string;
  readonly target: string;
  /** Only every so many positions along each spatial axis are looked at. */
  readonly steps: readonly number[];
}

export interface LayerSamples {
  readonly positions: number;
  /** [groups, columns, positions] */
  readonly data: Float32Array;
  /** [groups, outputs, positions] */
  readonly target: Float32Array;
}

/** Positions that a layer is learnt on at most, and numbers of its data. */
const MOST_POSITIONS = 8192;
const MOST_NUMBERS = 12 * 2 ** 20;

/**
 * Columns of layers and what they should give, at positions drawn by chance from all samples, in an order drawn by chance. One
 * pass; memory does not grow with the number of samples.
 * @param run.samples that the batches have together
 * @throws RUNTIME_…, CANCELLED
 */
export async function sampleLayers(
  model: Model,
  layers: readonly SampledLayer[],
  run: { readonly runner: Runner; readonly batches: FeedBatches; readonly samples: number; readonly seed: number },
  signal: AbortSignal,
): Promise<readonly LayerSamples[]> {
  const graph = new SumsGraph(model);
  const named = layers.map(({ node, form, rank, data, target, steps }) => {
    const layout = { rank, dtype: 'float32', steps } as const;
    const { groups, outputs: channels, channelsLast } = form;
    const wanted = graph.rows(graph.everyPosition(target, layout), { groups, channels, channelsLast, ...layout });
    return { data: graph.columns(node, data, form, layout).value, target: wanted.value };
  });
  const drawn = layers.map(({ form }, at) => new DrawnPositions(form, run.samples, run.seed + at));
  const session = await run.runner.load(
    sourceOfModel(graph.build({ keep: [...new Set(named.flatMap((each) => [each.data, each.target]))] })),
    RESTING,
    { signal },
  );
  try {
    for await (const feeds of run.batches) {
      throwIfCancelled(signal, 'Learning the rounding');
      const found = await session.run(feeds, { signal });
      named.forEach(({ data, target }, at) => drawn[at]!.take(found[data]!, found[target]!, batchSize(feeds)));
    }
  } finally {
    if (run.runner.alive) await session.close();
  }
  return drawn.map((each) => each.samples());
}

/** Some positions of each batch, put where chance wants them. */
class DrawnPositions {
  readonly #form: LinearForm;
  readonly #share: number;
  readonly #random: () => number;
  readonly #most: number;
  /** Column by column: [positions, groups · columns] and [positions, groups · outputs]. */
  readonly #data: Float32Array[] = [];
  readonly #target: Float32Array[] = [];

  constructor(form: LinearForm, samples: number, seed: number) {
    this.#form = form;
    this.#most = Math.max(64, Math.min(MOST_POSITIONS, Math.floor(MOST_NUMBERS / (form.groups * form.columns))));
    this.#share = this.#most / Math.max(1, samples);
    this.#random = seededRandom(seed);
  }

  take(data: HostTensor, target: HostTensor, samples: number): void {
    const { groups, columns, outputs } = this.#form;
    const positions = target.data.length / (groups * outputs);
    const wanted = Math.min(positions, Math.ceil(this.#share * samples), this.#most - this.#data.length);
    const order = Int32Array.from({ length: positions }, (_, at) => at);
    for (let drawn = 0; drawn < wanted; drawn++) {
      const other = drawn + Math.floor(this.#random() * (positions - drawn));
      const at = order[other]!;
      order[other] = order[drawn]!;
      this.#data.push(columnOf(data.data as Float32Array, groups * columns, positions, at));
      this.#target.push(columnOf(target.data as Float32Array, groups * outputs, positions, at));
    }
  }

  samples(): LayerSamples {
    const positions = this.#data.length;
    const order = Int32Array.from({ length: positions }, (_, at) => at);
    for (let at = positions - 1; at > 0; at--) {
      const other = Math.floor(this.#random() * (at + 1));
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    const put = (columns: readonly Float32Array[]): Float32Array => {
      const rows = columns[0]?.length ?? 0;
      const all = new Float32Array(rows * positions);
      columns.forEach((column, at) => {
        for (let row = 0; row < rows; row++) all[row * positions + order[at]!] = column[row]!;
      });
      return all;
    };
    return { positions, data: put(this.#data), target: put(this.#target) };
  }
}

function columnOf(values: Float32Array, rows: number, positions: number, at: number): Float32Array {
  const column = new Float32Array(rows);
  for (let row = 0; row < rows; row++) column[row] = values[row * positions + at]!;
  return column;
}
