/** The bundled sample models as a whole: a CNN with batch normalization, a vision transformer, a GRU. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crossEntropy } from '../../../../main/engine/autograd/loss.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { parameterSlopes } from '../../../support/model-gradient.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

it.each(['glyph-cnn', 'glyph-vit', 'glyph-gru'])('%s: parameters have the slope that the loss shows', async (name) => {
  const { model } = await openModel(new URL(`../../../../resources/samples/${name}.onnx`, import.meta.url).pathname);
  const random = seededRandom(3);
  const batch = 4;
  const feeds: HostTensors = {
    image: {
      dtype: 'float32',
      dims: [batch, 1, 32, 32],
      data: Float32Array.from({ length: batch * 1024 }, () => random() * 2 - 1),
    },
    labels: {
      dtype: 'int64',
      dims: [batch],
      data: BigInt64Array.from({ length: batch }, () => BigInt(Math.floor(random() * 36))),
    },
  };
  const losses = [crossEntropy({ logits: 'logits', labels: 'labels' })];
  const { slopes, training } = await parameterSlopes(runner, model, { losses, feeds });
  expect(training.blocked).toEqual([]);
  expect(slopes.length).toBeGreaterThan(8);
  expect(slopes.filter(({ error }) => !(error < 0.03))).toEqual([]);
});
