import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withRunnable } from '../../../../main/engine/runtime/runnable-model.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { ModelSource } from '../../../../main/engine/runtime/settings.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const signal = new AbortController().signal;
/** 1024 × 512 weights, 2 MiB. */
const model = graph()
  .input('x', 'float32', [1, 1024])
  .gemm({ inputs: 1024, outputs: 512, name: 'a', bias: false })
  .output()
  .build();

async function outputOf(source: ModelSource): Promise<Float32Array> {
  const session = await runner.load(source, { provider: 'cpu', threads: 1 });
  const data = Float32Array.from({ length: 1024 }, (_, at) => Math.sin(at));
  const outputs = await session.run({ x: { dtype: 'float32', dims: [1, 1024], data } });
  await session.close();
  return Object.values(outputs)[0]!.data as Float32Array;
}

it('hands small models over in memory, and puts those that pass the limit of protobuf on disk while they are used', async () => {
  const small = await withRunnable(model, outputOf, { signal });
  let path = '';
  const large = await withRunnable(
    model,
    (source) => {
      if (!('path' in source)) throw new Error('expected a file');
      path = source.path;
      expect(readdirSync(dirname(path))).toContain('model.onnx');
      return outputOf(source);
    },
    { signal, limit: 1 << 20 },
  );
  expect(large).toEqual(small);
  expect(path.startsWith(tmpdir())).toBe(true);
  expect(existsSync(dirname(path))).toBe(false);
});

it('says that a model is too large to be handed over, before anything is sent', async () => {
  // The same 64 MiB 32 times and a byte more than 2 GiB − 1.
  const piece = new Uint8Array(64 << 20);
  const bytes = Array.from({ length: 32 }, () => piece);
  await expect(runner.load({ bytes }, { provider: 'cpu', threads: 1 })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/has 2147483648 bytes; the runtime takes no more than 2147483647/u) as string,
  });
});
