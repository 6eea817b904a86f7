/**
 * The bare loop that the studio's timing is held against: `session.run` on one set of inputs in a process of its own, nothing
 * counted, nothing sent back but the times, in ms.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';

interface BareRequest {
  readonly feeds: HostTensors;
  readonly runs: number;
}

const [path = '', threads = '1'] = process.argv.slice(2);
const session = await InferenceSession.create(path, { intraOpNumThreads: Number(threads), logSeverityLevel: 3 });

process.on('message', async ({ feeds, runs }: BareRequest) => {
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
