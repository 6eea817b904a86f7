import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext, type TaskContext } from '../../../../main/base/progress.ts';
import { findSuspects } from '../../../../main/engine/dataset/find-suspects.ts';
import { openDataset } from '../../../../main/engine/dataset/open-dataset.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { npyBytes, npzBytes } from '../../../support/data-files.ts';
import { graph, type GraphBuilder } from '../../../support/graph-builder.ts';

let folder = '';
let runner: Runner;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapidary-suspects-'));
  runner = await startRunner();
});
afterAll(async () => {
  runner.kill();
  await rm(folder, { recursive: true, force: true });
});

const look = async (
  built: GraphBuilder,
  x: readonly number[],
  { limit = null, context = quietContext() }: { readonly limit?: number | null; readonly context?: TaskContext } = {},
) => {
  const path = join(folder, `${x.join('_')}.npz`);
  await writeFile(path, npzBytes({ x: npyBytes(Float32Array.from(x), [x.length / 2, 2]) }));
  const model = built.build({ opset: 17, irVersion: 9 });
  const dataset = await openDataset(path);
  return findSuspects({ model, dataset, runner, dims: {}, limit }, context);
};

describe('findSuspects', () => {
  /** The logarithm of a negative number is none, of 0 −∞. */
  const logarithm = () =>
    graph()
      .input('x', 'float32', ['N', 2])
      .node('Log', ['x'], {}, ['log'], { name: 'log' })
      .node('Neg', ['log'], {}, ['y'], { name: 'neg' })
      .output('y');

  it('tells where it begins, in which samples, and where it goes on', async () => {
    const { rows, samples, values, elements } = await look(logarithm(), [1, 2, 1, -1, 0, 1, -2, -3]);
    expect({ samples, values, elements }).toEqual({ samples: 4, values: 3, elements: 24 });
    expect(rows.map(({ value }) => value)).toEqual(['log', 'y']);
    expect(rows[0]).toMatchObject({
      layer: 'log',
      op: 'Log',
      nan: { elements: 3, samples: 2, first: 1, begins: true },
      infinite: { elements: 1, samples: 1, first: 2, begins: true },
      denormal: null,
    });
    expect(rows[1]).toMatchObject({ layer: 'neg', nan: { elements: 3, begins: false } });
  });

  it('looks only at the first samples where it is told so', async () => {
    const { rows, samples } = await look(logarithm(), [2, 3, 1, -1], { limit: 1 });
    expect(samples).toBe(1);
    expect(rows).toEqual([]);
  });

  it('finds what comes with the data', async () => {
    const { rows } = await look(logarithm(), [1, 1, NaN, 1]);
    expect(rows[0]).toMatchObject({ value: 'x', layer: null, nan: { first: 1, begins: true } });
    expect(rows[1]).toMatchObject({ value: 'log', nan: { begins: false } });
  });

  it('finds channels that are 0 on every sample', async () => {
    const built = graph().input('x', 'float32', ['N', 2]).node('Relu', ['x'], {}, ['y'], { name: 'relu' }).output('y');
    // The second is never positive, the first once.
    const { rows } = await look(built, [-1, -2, 3, -4]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ layer: 'relu', dead: { axis: 1, count: 1, of: 2, channels: [1] } });
  });

  it('stops when it is cancelled', async () => {
    const stop = new AbortController();
    const context: TaskContext = { signal: stop.signal, progress: () => stop.abort() };
    const mine = await startRunner();
    const path = join(folder, 'cancel.npz');
    await writeFile(path, npzBytes({ x: npyBytes(new Float32Array(2000).fill(1), [1000, 2]) }));
    const request = {
      model: logarithm().build({ opset: 17, irVersion: 9 }),
      path: join(folder, 'model.onnx'),
      dataset: await openDataset(path),
      runner: mine,
      dims: {},
      limit: null,
    };
    await expect(findSuspects(request, context)).rejects.toMatchObject({ code: 'CANCELLED' });
    mine.kill();
  });
});
