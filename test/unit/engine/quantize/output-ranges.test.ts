import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { calibrate } from '../../../../main/engine/quantize/calibrate.ts';
import { rangesByOutputs } from '../../../../main/engine/quantize/output-ranges.ts';
import { layerFormats } from '../../../../main/engine/quantize/schemes.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { graph } from '../../../support/graph-builder.ts';
import { quantizeStep } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Uniform numbers up to 1, and one outlier of 40 in each batch. */
async function* batches(): AsyncGenerator<HostTensors> {
  const random = seededRandom(5);
  for (let batch = 0; batch < 4; batch++) {
    const data = Float32Array.from({ length: 64 }, random);
    data[0] = 40;
    yield { x: { dtype: 'float32', dims: [1, 64], data } };
  }
}

it('cuts an outlier that the outputs do not see, and keeps one that they do', async () => {
  const { activations: format } = layerFormats({ ...quantizeStep(), reduceRange: false });
  const range = async (ceiling: number): Promise<{ min: number; max: number }> => {
    const model = graph()
      .input('x', 'float32', ['N', 64])
      .initializer('low', 'float32', [], [0])
      .initializer('high', 'float32', [], [ceiling])
      .node('Clip', ['x', 'low', 'high'], {}, ['y'], { name: 'clip' })
      .output('y', 'float32', ['N', 64])
      .build({ opset: 17 });
    const { statistics } = await calibrate(model, ['x'], { runner, batches: batches(), samples: 4 }, quietContext());
    const tensors = [{ name: 'x', statistics: statistics.get('x')!, format }];
    const found = await rangesByOutputs({ model, tensors, batches: batches() }, runner, quietContext());
    return found.get('x')!;
  };
  // What is beyond 1 does not count: the search goes down from 40 as far as its steps reach.
  expect((await range(1)).max).toBeLessThan(30);
  // Here 40 counts with (40 − max)², which no finer step makes up for.
  expect((await range(100)).max).toBeGreaterThan(38);
});
