/**
 * The script that an evaluation is held against, as one writes it by hand: read the images, make float batches of them, run,
 * count the largest scores that are right. A process of its own; replies with the time from the first read to the last count
 * and the time within the runs, in ms.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { readNpz } from '../../main/engine/tensor/npz.ts';

/** Bytes [samples, height, width, channels] and the class of each sample. */
interface Images {
  readonly pixels: Uint8Array;
  readonly labels: ArrayLike<number>;
}

export interface ScriptTimes {
  readonly wholeMs: number;
  readonly runsMs: number;
  readonly samples: number;
}

const [model = '', data = '', threads = '1', batch = '32'] = process.argv.slice(2);
const session = await InferenceSession.create(model, { intraOpNumThreads: Number(threads), logSeverityLevel: 3 });
const [input] = session.inputMetadata;
if (input?.isTensor !== true) throw new Error('expected a model with one tensor as input');
const [, channels = 1, height = 1, width = 1] = input.shape.map(Number);

process.on('message', async () =>
  process.send?.(data.endsWith('.npz') ? await evaluateArrays() : await evaluateFolder()),
);
process.on('disconnect', () => process.exit());

async function evaluateArrays(): Promise<ScriptTimes> {
  const start = performance.now();
  const arrays = await readNpz(data);
  const [pixels, labels] = [
    arrays.get('x')!.data as Uint8Array,
    Array.from(arrays.get('y')!.data as Int32Array, Number),
  ];
  const size = channels * height * width;
  const counts = { right: 0, runsMs: 0 };
  for (let at = 0; at < labels.length; at += Number(batch)) {
    const end = Math.min(at + Number(batch), labels.length);
    await run({ pixels: pixels.subarray(at * size, end * size), labels: labels.slice(at, end) }, counts);
  }
  return { wholeMs: performance.now() - start, runsMs: counts.runsMs, samples: labels.length };
}

async function evaluateFolder(): Promise<ScriptTimes> {
  const start = performance.now();
  const files = readdirSync(data).flatMap((name, label) =>
    readdirSync(join(data, name)).map((file) => ({ path: join(data, name, file), label })),
  );
  const counts = { right: 0, runsMs: 0 };
  for (let at = 0; at < files.length; at += Number(batch)) {
    const part = files.slice(at, at + Number(batch));
    const decode = (path: string): Promise<Buffer> =>
      sharp(path).resize(width, height, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false }).raw().toBuffer();
    const pixels = Buffer.concat(await Promise.all(part.map(({ path }) => decode(path))));
    await run({ pixels, labels: part.map(({ label }) => label) }, counts);
  }
  return { wholeMs: performance.now() - start, runsMs: counts.runsMs, samples: files.length };
}

async function run({ pixels, labels }: Images, counts: { right: number; runsMs: number }): Promise<void> {
  const plane = height * width;
  const floats = new Float32Array(pixels.length);
  for (let sample = 0; sample < labels.length; sample++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < plane; pixel++) {
        floats[(sample * channels + channel) * plane + pixel] =
          pixels[(sample * plane + pixel) * channels + channel]! / 255;
      }
    }
  }
  const start = performance.now();
  const feeds = { [session.inputNames[0]!]: new Tensor('float32', floats, [labels.length, channels, height, width]) };
  const scores = (await session.run(feeds))[session.outputNames[0]!]!;
  counts.runsMs += performance.now() - start;
  const values = scores.data as Float32Array;
  const classes = values.length / labels.length;
  for (let sample = 0; sample < labels.length; sample++) {
    const row = values.subarray(sample * classes, (sample + 1) * classes);
    if (row.indexOf(Math.max(...row)) === labels[sample]) counts.right++;
  }
}
