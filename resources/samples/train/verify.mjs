// Runs the exported models in ONNX Runtime on the test images and compares them with PyTorch's logits.
//
//     node verify.mjs DIR [glyph-cnn glyph-vit glyph-gru]
//
// DIR is the --work folder of train.py. Exits with 1 when a logit differs by more than TOLERANCE.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';

const TOLERANCE = 1e-3;
const BATCH = 100; // 1728 images leave a last batch of 28, so the batch axis is seen to be free
const PIXELS = 32 * 32;
const CLASSES = 36;
const samples = fileURLToPath(new URL('..', import.meta.url));

const [work, ...chosen] = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : ['glyph-cnn', 'glyph-vit', 'glyph-gru'];
const readBytes = async (path) => new Uint8Array(await readFile(path)).buffer; // a copy: aligned, offset 0
const x = new Float32Array(await readBytes(join(work, 'test.x.bin')));
const y = new BigInt64Array(await readBytes(join(work, 'test.y.bin')));

for (const name of names) {
  const expected = new Float32Array(await readBytes(join(work, `${name}.logits.bin`)));
  const session = await ort.InferenceSession.create(join(samples, `${name}.onnx`));
  let right = 0;
  let largest = 0;
  for (let start = 0; start < y.length; start += BATCH) {
    const count = Math.min(BATCH, y.length - start);
    const pixels = x.slice(start * PIXELS, (start + count) * PIXELS);
    const image = new ort.Tensor('float32', pixels, [count, 1, 32, 32]);
    const { logits } = await session.run({ image });
    for (let row = 0; row < count; row++) {
      const values = logits.data.subarray(row * CLASSES, (row + 1) * CLASSES);
      if (values.indexOf(Math.max(...values)) === Number(y[start + row])) right++;
      values.forEach((value, index) => {
        largest = Math.max(largest, Math.abs(value - expected[(start + row) * CLASSES + index]));
      });
    }
  }
  const accuracy = (right / y.length).toFixed(4);
  const ok = largest <= TOLERANCE;
  console.log(`${name}: ONNX Runtime test ${accuracy} of ${y.length}, largest logit difference ${largest.toExponential(1)}${ok ? '' : ' TOO LARGE'}`);
  if (!ok) process.exitCode = 1;
  await session.release();
}
