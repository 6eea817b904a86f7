import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseAugmentation } from '../../../../main/engine/distill/choose-augmentation.ts';
import { Samples } from '../../../../main/engine/distill/samples.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { mapTensors } from '../../../../main/engine/graph/tensors.ts';
import { encodeModel } from '../../../../main/engine/onnx/encode-model.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const SIZE = 16;
const COUNT = 40;
type Place = (row: number, column: number) => boolean;
const leftHalf: Place = (_, column) => column < SIZE / 2;
const upperHalf: Place = (row) => row < SIZE / 2;
const evenPlaces: Place = (row, column) => (row + column) % 2 === 0;

/** Two classes: whether some places are brighter than the others. */
const twoClasses = (some: Place): Model => {
  const pixels = SIZE * SIZE;
  const model = graph()
    .input('x', 'float32', ['N', 1, SIZE, SIZE])
    .flatten()
    .gemm({ name: 'one', inputs: pixels, outputs: 2, to: 'y' })
    .output()
    .build();
  const signs = Array.from({ length: pixels }, (_, at) => (some(Math.floor(at / SIZE), at % SIZE) ? 1 : -1));
  return mapTensors(model, (tensor) =>
    tensor.name === 'one.weight'
      ? makeTensor(tensor.name, 'float32', tensor.dims, Float32Array.from([...signs, ...signs.map((sign) => -sign)]))
      : tensor,
  );
};

/** Images of which either some places are bright or the others, and a little noise. */
async function choose(some: Place, asked: 'auto' | 'colour' = 'auto') {
  const random = seededRandom(4);
  const data = Float32Array.from({ length: COUNT * SIZE * SIZE }, (_, at) => {
    const [image, row, column] = [Math.floor(at / SIZE / SIZE), Math.floor(at / SIZE) % SIZE, at % SIZE];
    return (some(row, column) === (image % 2 === 0) ? 1 : 0) + 0.1 * random();
  });
  const read = async function* (): AsyncGenerator<HostTensors> {
    yield { x: { dtype: 'float32', dims: [COUNT, 1, SIZE, SIZE], data } };
  };
  const samples = await Samples.read(read(), { labels: null, most: 2 ** 30 });
  const teacher = await runner.load({ bytes: encodeModel(twoClasses(some)) }, { provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const chosen = await chooseAugmentation(asked, { teacher, output: 'y', samples, seed: 0, signal });
  await teacher.close();
  return chosen;
}

describe('what is done to images', () => {
  it('is to mirror and move them where the teacher answers as before', async () => {
    expect(await choose(upperHalf)).toEqual({ kind: 'flip', notes: [] });
  });

  it('is to turn and move them where a mirror image is something else', async () => {
    const { kind, notes } = await choose(leftHalf);
    expect(kind).toBe('warp');
    expect(notes).toEqual(['Mirrored samples are not trained on: the teacher answers only 0 % of them as before.']);
  });

  it('is nothing where the teacher sees something else in moved ones as well', async () => {
    const { kind, notes } = await choose(evenPlaces);
    expect(kind).toBe('none');
    expect(notes.map((note) => note.split(' ')[0])).toEqual(['Mirrored', 'Turned', 'Shifted']);
  });

  it('is what the step says, whatever the teacher answers', async () => {
    expect(await choose(leftHalf, 'colour')).toEqual({ kind: 'colour', notes: [] });
  });
});
