import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchTensors, START } from '../../../../main/engine/quantize/watch-tensors.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { operatorsRun, randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

it('has the runtime look at tensors before it computes those that come two later, so that it need not hold them', async () => {
  // 802,816 elements each: more than is looked at together. Odd ones have no negative value, even ones are looked at for the least too.
  const deep = graph().input('x', 'float32', ['N', 3, 112, 112]);
  for (let layer = 0; layer < 6; layer++) {
    deep.conv({ name: `conv${layer}`, inputs: layer === 0 ? 3 : 64, channels: 64, kernel: 1, pad: 0 });
    if (layer % 2 === 1) deep.relu({ name: `relu${layer}` });
  }
  const model = deep.output(deep.current, 'float32', ['N', 64, 112, 112]).build({ opset: 17 });
  const tensors = model.graph.nodes.flatMap(({ opType, outputs }, at) =>
    opType === 'Relu' || model.graph.nodes[at + 1]?.opType !== 'Relu' ? outputs : [],
  );
  expect(tensors.length).toBe(6);
  const feeds = {
    ...randomFeed([1, 3, 112, 112]),
    [START]: { dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) },
  } as const;
  const ran = await operatorsRun(runner, watchTensors(model, tensors).model, feeds);
  const computed = ran.flatMap((op, at) => (op === 'Conv' ? [at] : []));
  const looked = ran.flatMap((op, at) =>
    op === 'MaxPool' || op === 'GlobalMaxPool' || op === 'ReduceMin' ? [at] : [],
  );
  expect(computed.length).toBe(6);
  // Some values of each, and the least of those with negative ones, or the greatest of each channel.
  expect(looked.length).toBe(12);
  for (let layer = 0; layer + 2 < 6; layer++) {
    const before = looked.filter((at) => at < computed[layer + 2]!);
    expect({ layer, looks: before.length }).toEqual({
      layer,
      looks: expect.toSatisfy((looks: number) => looks >= 2 * (layer + 1)),
    });
  }
});
