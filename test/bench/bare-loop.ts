/**
 * The bare loop that the studio's timing is held against: nothing but `session.run` in a process of its own, on the inputs
 * that the bench hands over. Protocol: for each message, that many runs; replies with their times in ms.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';

const [path = '', threads = '1'] = process.argv.slice(2);
const session = await InferenceSession.create(path, { intraOpNumThreads: Number(threads) });

process.on('message', async ({ feeds, runs }: { feeds: HostTensors; runs: number }) => {
  const inputs: Record<string, Tensor> = {};
  for (const [name, { dtype, data, dims }] of Object.entries(feeds)) {
    inputs[name] = new Tensor(dtype as Tensor.Type, data as Tensor.DataType, dims);
  }
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    await session.run(inputs);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  process.send?.(times);
});
process.on('disconnect', () => process.exit());
