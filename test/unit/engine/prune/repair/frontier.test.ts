import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { Frontier } from '../../../../../main/engine/sums/frontier.ts';
import { collectGrams, type Round, type TargetedLayer } from '../../../../../main/engine/prune/repair/layer-sums.ts';
import { solvableLayers, type SolvableLayer } from '../../../../../main/engine/linear/solvable-layers.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { randomBatches } from '../../quantize/oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Three convolutions in a row, a shortcut around the second, and one that reads the input again at the end. */
const net = (seed: number): Model =>
  graph('net', seed)
    .input('x', 'float32', ['N', 3, 6, 6])
    .conv({ name: 'c1', channels: 4, to: 'a' })
    .relu({ to: 'a2' })
    .conv({ name: 'c2', channels: 4, to: 'b' })
    .addTo('a2', { to: 's' })
    .relu({ to: 's2' })
    .conv({ name: 'c3', channels: 3, to: 'c' })
    .addTo('x', { to: 'd' })
    .conv({ name: 'c4', channels: 2, inputs: 3, to: 'y' })
    .output('y')
    .build();

const batches = (): FeedBatches => randomBatches([4, 3, 6, 6], 3);
const { signal } = new AbortController();

/** Sums of one layer after the other. */
async function sums(frontier: Frontier | undefined) {
  const pair = { float: net(1), pruned: net(2), kept: new Map() };
  const { layers } = solvableLayers(pair.pruned, { excluded: new Set(), known: () => true });
  const found = [];
  for (const [at, layer] of layers.entries()) {
    const target = layer.name === 'c2' ? { value: 's', less: 'a2' } : { value: layer.output, less: undefined };
    const wanted: TargetedLayer = { layer, target, steps: [] };
    const round: Round | undefined = frontier && { frontier, layers: layers as SolvableLayer[], level: at + 1 };
    found.push((await collectGrams(pair, [wanted], { runner, batches }, { signal }, round))[0]![0]!);
  }
  return found;
}

describe('a repair that goes on where the round before ended', () => {
  it('finds the sums that it finds from the inputs', async () => {
    const frontier = new Frontier(runner);
    const [all, going] = [await sums(undefined), await sums(frontier)];
    // What c4's round takes up: what it reads, of both models.
    expect([...frontier.values].sort()).toEqual(['d', 'second/d']);
    expect(going).toHaveLength(4);
    for (const [at, one] of going.entries()) {
      expect(one.count).toBe(all[at]!.count);
      for (const key of ['gram', 'cross', 'columnTotals', 'targetTotals', 'targetSquares'] as const) {
        one[key].forEach((value, place) => expect(value).toBeCloseTo(all[at]![key][place]!, 3));
      }
    }
    await frontier.release();
    expect(frontier.values).toEqual([]);
  });
});
