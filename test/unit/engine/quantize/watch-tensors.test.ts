import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchTensors, START } from '../../../../main/engine/quantize/watch-tensors.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { randomFeed } from './oracle.ts';

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
  const ran = await nodesRun(watchTensors(model, tensors).model);
  const computed = ran.flatMap(({ op }, at) => (op === 'Conv' ? [at] : []));
  const looked = ran.flatMap(({ op }, at) =>
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

/** The kernels of one run, in the order in which the runtime executes them. */
async function nodesRun(model: ReturnType<typeof watchTensors>['model']): Promise<readonly { readonly op: string }[]> {
  using folder = tempFolder();
  const settings = { provider: 'cpu', threads: 1, profilePrefix: folder.file('trace') } as const;
  const session = await runner.load(sourceOfModel(model), settings);
  await session.run({
    ...randomFeed([1, 3, 112, 112]),
    [START]: { dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) },
  });
  await session.endProfiling();
  await session.close();
  const [name] = readdirSync(folder.path).filter((file) => file.startsWith('trace'));
  const events = JSON.parse(readFileSync(join(folder.path, name!), 'utf8')) as {
    cat: string;
    name: string;
    ts: number;
    args: { op_name: string };
  }[];
  return events
    .filter((event) => event.cat === 'Node' && event.name.endsWith('_kernel_time'))
    .toSorted((a, b) => a.ts - b.ts)
    .map(({ args }) => ({ op: args.op_name }));
}
