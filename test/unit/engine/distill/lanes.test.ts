import { describe, expect, it } from 'vitest';
import { laneCount, withLanes } from '../../../../main/engine/distill/lanes.ts';
import { makeAttribute } from '../../../../main/engine/graph/attributes.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';

/** One convolution of 9·C·M·S² multiply–accumulates. */
const convolution = (channels: number, size: number): Model =>
  graph().input('x', 'float32', ['N', 3, size, size]).conv({ name: 'c', channels }).output().build();

describe('how many processes train', () => {
  it('is as many as there are cores, up to four, where a step is long', () => {
    const long = convolution(128, 32); // 3.5 M for each sample
    expect([1, 2, 3, 8].map((cores) => laneCount(long, { batch: 64, cores }))).toEqual([1, 2, 3, 4]);
  });

  it('is one where a step is short, or a batch small', () => {
    expect(laneCount(convolution(2, 8), { batch: 64, cores: 4 })).toBe(1);
    expect([31, 32, 48].map((batch) => laneCount(convolution(512, 32), { batch, cores: 4 }))).toEqual([1, 2, 3]);
  });

  it('is one where weights would be long on their way, or sizes are not known', () => {
    const wide = graph()
      .input('x', 'float32', ['N', 2048])
      .gemm({ name: 'a', inputs: 2048, outputs: 2048 })
      .output()
      .build(); // 16.8 MB
    expect(laneCount(wide, { batch: 64, cores: 4 })).toBe(1);
    const open = graph().input('x', 'float32', ['N', 3, 'H', 'W']).conv({ name: 'c', channels: 128 }).output().build();
    expect(laneCount(open, { batch: 64, cores: 4 })).toBe(1);
  });
});

it('what is normalized by its batch is trained in one process', () => {
  const long = convolution(128, 32);
  const nodes = long.graph.nodes.map((node) => ({ ...node, attributes: [...node.attributes, makeAttribute('training_mode', 1n)] })); // prettier-ignore
  expect(laneCount({ ...long, graph: { ...long.graph, nodes } }, { batch: 64, cores: 2 })).toBe(1);
});

describe('processes beside the one that is there', () => {
  it('are started with their share of the cores, and ended afterwards, also when the work fails', async () => {
    const runner = await startRunner();
    const seen: Runner[][] = [];
    const options = { lanes: 3, cores: 8, signal: new AbortController().signal };
    await withLanes(runner, options, ({ runners, settings }) => {
      expect(settings.threads).toBe(2);
      seen.push([...runners]);
      return Promise.resolve();
    });
    const failing = withLanes(runner, { ...options, lanes: 2 }, ({ runners }) => {
      seen.push([...runners]);
      return Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen.map((list) => list.map(({ alive }) => alive))).toEqual([
      [true, false, false],
      [true, false],
    ]);
    runner.kill();
  });

  it('are none for one lane, which has all threads', async () => {
    const runner = await startRunner();
    const options = { lanes: 1, cores: 8, signal: new AbortController().signal };
    const lanes = await withLanes(runner, options, (given) => Promise.resolve(given));
    expect(lanes.runners).toEqual([runner]);
    expect(lanes.settings.threads).toBeNull();
    runner.kill();
  });
});
