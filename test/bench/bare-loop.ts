/**
 * The bare loop that the studio is held against: `session.run` in a process of its own, nothing counted, nothing sent back.
 * Two ways: `runs` on one set of inputs that the message brings; `loop` over the batches of a data set, which are made
 * before the clock starts or, with `reading`, within it. Replies with the times of the runs, or with the loop's time, in ms.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Preprocessing } from '../../main/contract/data.ts';
import type { InputSpec } from '../../main/engine/dataset/dataset.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';

export type BareRequest =
  | { readonly feeds: HostTensors; readonly runs: number }
  | {
      readonly data: string;
      readonly preprocessing: Partial<Preprocessing>;
      readonly inputs: readonly InputSpec[];
      readonly batch: number;
      readonly reading: boolean;
    };

const [path = '', threads = '1'] = process.argv.slice(2);
const session = await InferenceSession.create(path, { intraOpNumThreads: Number(threads), logSeverityLevel: 3 });

process.on('message', async (request: BareRequest) => {
  process.send?.('feeds' in request ? await timeRuns(request.feeds, request.runs) : await timeLoop(request));
});
process.on('disconnect', () => process.exit());

function tensorsOf(feeds: HostTensors): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  for (const [name, { dtype, data, dims }] of Object.entries(feeds)) {
    inputs[name] = new Tensor(dtype as Tensor.Type, data as Tensor.DataType, dims);
  }
  return inputs;
}

async function timeRuns(feeds: HostTensors, runs: number): Promise<readonly number[]> {
  const inputs = tensorsOf(feeds);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    await session.run(inputs);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times;
}

type LoopRequest = Extract<BareRequest, { readonly data: string }>;
/** Batches of the data that were made before, kept for the next round. */
const made = new Map<string, HostTensors[]>();

async function timeLoop({ data, preprocessing, inputs, batch, reading }: LoopRequest): Promise<readonly number[]> {
  const dataset = await openDataset(data, { preprocessing });
  if (!reading && !made.has(data)) {
    const batches: HostTensors[] = [];
    for await (const { feeds } of dataset.batches(inputs, batch)) batches.push(feeds);
    made.set(data, batches);
  }
  const start = performance.now();
  if (reading) {
    for await (const { feeds } of dataset.batches(inputs, batch)) await session.run(tensorsOf(feeds));
  } else {
    for (const feeds of made.get(data)!) await session.run(tensorsOf(feeds));
  }
  return [performance.now() - start];
}
