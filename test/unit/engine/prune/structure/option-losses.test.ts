import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import { makeTensor } from '../../../../../main/engine/graph/make.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { OutputDistance } from '../../../../../main/engine/prune/structure/option-losses.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { randomBatches } from '../../quantize/oracle.ts';
import { graph } from '../../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Three layers, with a shortcut past the second. */
const model = graph()
  .input('x', 'float32', ['N', 3])
  .gemm({ inputs: 3, outputs: 4, name: 'a', to: 'h' })
  .relu({ to: 'r' })
  .gemm({ inputs: 4, outputs: 4, name: 'b', to: 'g' })
  .addTo('r', { to: 's' })
  .gemm({ inputs: 4, outputs: 3, name: 'c', to: 'y' })
  .output('y')
  .build();

const on = (): { runner: Runner; batches: () => FeedBatches } => ({ runner, batches: () => randomBatches([5, 3], 3) });

function withZeros(weights: string): Model {
  const initializers = model.graph.initializers.map((tensor) =>
    tensor.name === weights
      ? makeTensor(weights, 'float32', tensor.dims, new Float32Array(tensor.dims[0]! * tensor.dims[1]!))
      : tensor,
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

const nodesOf = (...names: string[]) => new Set(model.graph.nodes.filter(({ name }) => names.includes(name)));

describe('OutputDistance', () => {
  it.each(['a', 'b', 'c'])('tells the same when it begins behind what stays, for layer %s', async (layer) => {
    const distance = await OutputDistance.from(model, on(), quietContext());
    const changed = withZeros(`${layer}.weight`);
    const whole = await distance.of(changed);
    expect(whole).toBeGreaterThan(1e-3);
    const behind = await distance.behind(model, nodesOf(layer));
    expect(await behind.of(changed)).toBeCloseTo(whole, 6);
    expect(await behind.of(model)).toBeCloseTo(0, 6);
    await behind.close();
  });

  it('takes what runs beside the layers along', async () => {
    const distance = await OutputDistance.from(model, on(), quietContext());
    const behind = await distance.behind(model, nodesOf('b', 'c'));
    const changed = withZeros('b.weight');
    expect(await behind.of(changed)).toBeCloseTo(await distance.of(changed), 6);
    await behind.close();
  });
});
