import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { distillStepSchema } from '../../../../main/contract/recipe/distill.ts';
import type { Training } from '../../../../main/contract/training.ts';
import type { CheckpointStore } from '../../../../main/engine/distill/checkpoint.ts';
import { distillModel } from '../../../../main/engine/distill/distill-model.ts';
import { laneCount } from '../../../../main/engine/distill/lanes.ts';
import { NOBODY } from '../../../../main/engine/distill/training-host.ts';
import { indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeTensor } from '../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../main/engine/graph/tensor-data.ts';
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

const teacher = (): Model =>
  graph()
    .input('x', 'float32', ['N', 4])
    .gemm({ name: 'one', inputs: 4, outputs: 8, to: 'h' })
    .relu({ to: 'a' })
    .gemm({ name: 'two', inputs: 8, outputs: 8, to: 'g' })
    .relu({ to: 'b' })
    .gemm({ name: 'head', inputs: 8, outputs: 3, to: 'y' })
    .output()
    .build();

const floats = (model: Model, name: string): number[] =>
  Array.from<number | bigint, number>(tensorValues(indexGraph(model.graph).initializer(name)!), Number);

/** The model with every third weight of a layer at zero. */
const holed = (model: Model, name: string): Model =>
  mapTensors(model, (tensor) => {
    if (tensor.name !== name) return tensor;
    const values = Float32Array.from(floats(model, name), (value, at) => (at % 3 === 0 ? 0 : value));
    return makeTensor(name, 'float32', tensor.dims, values);
  });

/** The teacher with some of the channels of its second layer, a little off. */
const narrowed = (channels: readonly number[]): Model => {
  const student = graph()
    .input('x', 'float32', ['N', 4])
    .gemm({ name: 'one', inputs: 4, outputs: 8, to: 'h' })
    .relu({ to: 'a' })
    .gemm({ name: 'two', inputs: 8, outputs: channels.length, to: 'g' })
    .relu({ to: 'b' })
    .gemm({ name: 'head', inputs: channels.length, outputs: 3, to: 'y' })
    .output()
    .build();
  const whole = teacher();
  return mapTensors(student, (tensor) => {
    const all = floats(whole, tensor.name);
    const rows = (width: number): number[] => channels.flatMap((at) => all.slice(at * width, (at + 1) * width));
    const of: Record<string, () => number[]> = {
      'two.weight': () => rows(8),
      'two.bias': () => rows(1),
      'head.weight': () => [0, 1, 2].flatMap((row) => channels.map((at) => all[row * 8 + at]!)),
    };
    const values = (of[tensor.name] ?? (() => all))().map((value, at) => value * (at % 2 === 0 ? 1.1 : 0.9));
    return makeTensor(tensor.name, 'float32', tensor.dims, Float32Array.from(values));
  });
};

const samples = (count: number): HostTensors => {
  const random = seededRandom(11);
  return { x: { dtype: 'float32', dims: [count, 4], data: Float32Array.from({ length: 4 * count }, () => 2 * random() - 1) } };
}; // prettier-ignore

interface Given {
  readonly settings?: object;
  readonly feeds?: HostTensors;
  readonly labels?: Int32Array;
  readonly host?: Partial<typeof NOBODY>;
  readonly on?: Runner;
}

const distill = (student: Model, { settings = {}, feeds = samples(60), labels, host = {}, on = runner }: Given = {}) => {
  const calibration = async function* (): AsyncGenerator<HostTensors> {
    yield feeds;
  };
  const parsed = distillStepSchema.parse({ iterations: 120, batch: 16, rate: 0.02, ...settings });
  const input = { settings: parsed, teacher: teacher(), lineage: undefined, calibration, labels: () => labels ?? null, runner: on, host: { ...NOBODY, ...host } };
  return distillModel(student, input, quietContext());
}; // prettier-ignore

describe('distilling a model', () => {
  it('brings it near to its teacher, and keeps what pruning set to zero', async () => {
    const student = holed(teacher(), 'one.weight');
    const { model, outcome, settings } = await distill(student);
    const { training } = outcome;
    const [before] = training.heldOut;
    const after = training.heldOut.find(({ step }) => step === training.best)!;
    expect(after.loss).toBeLessThan(before!.loss / 4);
    expect(training.samples).toEqual({ trained: 54, heldOut: 6 });
    expect(after.agreement!.value).toBeGreaterThanOrEqual(before!.agreement!.value);
    expect(settings).toMatchObject({ augment: 'none', rate: 0.02 });
    const errors = new Map(training.layers.map((layer) => [layer.name, layer]));
    expect(errors.get('one')!.before).toBeGreaterThan(0);
    expect(errors.get('two')!.after).toBeLessThan(errors.get('two')!.before);
    const weights = floats(model, 'one.weight');
    expect(weights.every((value, at) => at % 3 !== 0 || value === 0)).toBe(true);
    expect(weights).not.toEqual(floats(student, 'one.weight'));
  });

  it('fits the head again to the features that were learnt, unless it is excluded', async () => {
    const student = narrowed([0, 2, 3, 5, 7]);
    const error = async (model: Model): Promise<number> => {
      const answers = await Promise.all(
        [model, teacher()].map(async (each) => {
          const session = await runner.load({ bytes: encodeModel(each) }, { provider: 'cpu', threads: 1 });
          const { y } = await session.run(samples(300));
          await session.close();
          return y!.data as Float32Array;
        }),
      );
      return answers[0]!.reduce((sum, value, at) => sum + (value - answers[1]![at]!) ** 2, 0);
    };
    const { model, outcome } = await distill(student);
    expect(outcome.notes.join(' ')).toMatch(/last layer was fitted again/);
    expect(floats(model, 'head.weight')).not.toEqual(floats(student, 'head.weight'));
    const without = await distill(student, { settings: { exclude: ['head'] } });
    expect(without.outcome.notes.join(' ')).not.toMatch(/fitted again/);
    expect(floats(without.model, 'head.weight')).toEqual(floats(student, 'head.weight'));
    expect(floats(model, 'one.weight')).toEqual(floats(without.model, 'one.weight'));
    expect(await error(model)).toBeLessThan(0.9 * (await error(without.model)));
  });

  it('gives the same weights for the same seed', async () => {
    const student = holed(teacher(), 'two.weight');
    const one = await distill(student, { settings: { iterations: 20, seed: 3 } });
    const two = await distill(student, { settings: { iterations: 20, seed: 3 } });
    const other = await distill(student, { settings: { iterations: 20, seed: 4 } });
    expect(floats(one.model, 'two.weight')).toEqual(floats(two.model, 'two.weight'));
    expect(floats(other.model, 'two.weight')).not.toEqual(floats(one.model, 'two.weight'));
  });

  it('finds a learning rate, which the recipe then holds', async () => {
    const { settings, outcome } = await distill(holed(teacher(), 'one.weight'), { settings: { rate: 0 } });
    expect(outcome.training.rateTest.length).toBeGreaterThan(10);
    expect(settings.rate).toBe(outcome.training.rate);
    expect(settings.rate).toBeGreaterThan(0);
  });

  it.each(['outputs', 'both', 'layers', 'attention'])('learns from %s', async (match) => {
    const student = holed(teacher(), 'one.weight');
    const { training } = (await distill(student, { settings: { match } })).outcome;
    expect(training.best).toBeGreaterThan(0);
    expect(training.heldOut.find(({ step }) => step === training.best)!.loss).toBeLessThan(training.heldOut[0]!.loss);
  });

  it('learns labels', async () => {
    const labels = Int32Array.from({ length: 60 }, (_, at) => at % 3);
    const settings = { preset: 'labels', match: 'labels', alpha: 1 };
    const { training } = (await distill(teacher(), { settings, labels })).outcome;
    expect(training.train.at(-1)!.loss).toBeLessThan(training.train[0]!.loss);
    expect(training.heldOut[0]!.accuracy).not.toBeNull();
    await expect(distill(teacher(), { settings })).rejects.toMatchObject({ code: 'DATA_LABELS_MISSING' });
    const wrong = Int32Array.from({ length: 60 }, () => 7);
    await expect(distill(teacher(), { settings, labels: wrong })).rejects.toThrow(/label 7, the model has 3 classes/);
  });

  it('changes nothing where there is nothing to learn', async () => {
    const student = teacher();
    const { model, outcome } = await distill(student, { settings: { iterations: 6 } });
    expect(model).toBe(student);
    expect(outcome.notes.join(' ')).toMatch(/Training brought nothing/);
  });

  it('leaves excluded layers as they are', async () => {
    const student = holed(teacher(), 'one.weight');
    const { model } = await distill(student, { settings: { exclude: ['two'] } });
    expect(floats(model, 'two.weight')).toEqual(floats(student, 'two.weight'));
    expect(floats(model, 'one.weight')).not.toEqual(floats(student, 'one.weight'));
  });

  it('knows the channels of a pruned file by their values, and leaves an excluded head alone', async () => {
    const student = narrowed([0, 2, 3, 5, 6]);
    const { model, outcome } = await distill(student, { settings: { exclude: ['head'] } });
    expect(outcome.notes.join(' ')).toMatch(/told by their values on samples \(correlation (1\.00|0\.9\d)\)/);
    expect(floats(model, 'head.weight')).toEqual(floats(student, 'head.weight'));
    const { heldOut, best } = outcome.training;
    expect(heldOut.find(({ step }) => step === best)!.loss).toBeLessThan(heldOut[0]!.loss);
  });

  it('holds a student of another make to the outputs as well', async () => {
    const wide = graph()
      .input('x', 'float32', ['N', 4])
      .gemm({ name: 'one', inputs: 4, outputs: 12, to: 'h' })
      .relu({ to: 'a' })
      .gemm({ name: 'head', inputs: 12, outputs: 3, to: 'y' })
      .output()
      .build();
    const { training, notes } = (await distill(wide, { settings: { iterations: 200 } })).outcome;
    expect(notes.join(' ')).toMatch(/other channels before its classifier: the outputs are matched as well/);
    const after = training.heldOut.find(({ step }) => step === training.best)!;
    expect(after.loss).toBeLessThan(training.heldOut[0]!.loss / 2);
  });

  it('tells what a step takes before it begins, keeps to what it may take, and refuses what is too little', async () => {
    const student = holed(teacher(), 'one.weight');
    const told: Training[] = [];
    const host = { tell: (training: Training): void => void told.push(training) };
    const { training } = (await distill(student, { settings: { iterations: 4, batch: 16 }, host })).outcome;
    const [first] = told;
    expect(first).toMatchObject({ status: 'preparing', step: 0, rate: null, estimate: { segments: 1 } });
    // At least weights and both moments, before and after the update: 112 numbers each.
    expect(first!.estimate!.stepBytes).toBeGreaterThan(6 * 4 * 112);
    expect(training.estimate).toEqual(first!.estimate);
    const wide = { batch: 16384, feeds: samples(18_000) };
    const little = { iterations: 2, batch: wide.batch, memory: 1 };
    await expect(distill(student, { settings: little, feeds: wide.feeds })).rejects.toMatchObject({
      code: 'TRAIN_TOO_LARGE',
    });
  });

  it('refuses what it cannot learn from, each with its reason', async () => {
    const student = holed(teacher(), 'one.weight');
    await expect(distill(student, { feeds: samples(1) })).rejects.toThrow(/none is left to train on/);
    await expect(distill(student, { settings: { exclude: ['one', 'two', 'head'] } })).rejects.toMatchObject({ code: 'TRAIN_NO_GRADIENT' }); // prettier-ignore
    const broken = samples(10);
    (broken['x']!.data as Float32Array)[4] = NaN;
    const { outcome } = await distill(student, { feeds: broken, settings: { iterations: 4 } });
    expect(outcome.notes.join(' ')).toMatch(/1 of 10 samples hold NaN/);
  });

  it('stops where the loss is no number, with what was best or with the reason', async () => {
    const student = holed(teacher(), 'one.weight');
    const { outcome } = await distill(student, { settings: { rate: 1, iterations: 400 } }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'TRAIN_NOT_FINITE' });
      return { outcome: null };
    });
    if (outcome !== null) expect(outcome.training.heldOut.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });
});

describe('block by block', () => {
  /** Both layers a little off, so that each can be mended by itself. */
  const student = (): Model =>
    mapTensors(teacher(), (tensor) => {
      if (!/^(one|two)\.weight$/u.test(tensor.name)) return tensor;
      const values = Float32Array.from(
        floats(teacher(), tensor.name),
        (value, at) => value * (at % 3 === 0 ? 1.5 : 0.8),
      );
      return makeTensor(tensor.name, 'float32', tensor.dims, values);
    });

  it('trains the first layers before the later ones, each towards its own end', async () => {
    const settings = { preset: 'blocks', iterations: 200, exclude: ['head'] };
    const { model, outcome } = await distill(student(), { settings });
    expect(outcome.notes.join(' ')).toMatch(/Trained in 2 blocks/);
    const { heldOut, best, layers } = outcome.training;
    expect(heldOut.find(({ step }) => step === best)!.loss).toBeLessThan(heldOut[0]!.loss / 2);
    for (const { before, after } of layers.filter(({ name }) => name !== 'head')) expect(after).toBeLessThan(before);
    expect(floats(model, 'head.weight')).toEqual(floats(student(), 'head.weight'));
    const half = await distill(student(), { settings: { ...settings, iterations: 2, samples: 60 } });
    expect(half.outcome.training.step).toBe(2);
  });

  it('leaves later layers alone until their turn', async () => {
    const order = (
      (asked = 0) =>
      (): Promise<'go' | 'stop'> =>
        Promise.resolve(asked++ < 90 ? 'go' : 'stop')
    )();
    const { model } = await distill(student(), { settings: { preset: 'blocks', iterations: 200 }, host: { order } });
    expect(floats(model, 'one.weight')).not.toEqual(floats(student(), 'one.weight'));
    expect(floats(model, 'two.weight')).toEqual(floats(student(), 'two.weight'));
  });
});

describe('a run that was killed', () => {
  it.each([
    ['all at once', {}],
    ['block by block', { preset: 'blocks' }],
  ])('goes on where it was, to the same weights: %s', async (_, preset) => {
    const student = holed(holed(teacher(), 'one.weight'), 'two.weight');
    const settings = { iterations: 40, seed: 5, ...preset };
    const whole = await distill(student, { settings });
    let file: Uint8Array | undefined;
    const checkpoints: CheckpointStore = {
      read: () => Promise.resolve(file),
      write: (bytes) => Promise.resolve(void (file = bytes)),
      remove: () => Promise.resolve(void (file = undefined)),
    };
    const killed = await startRunner();
    let asked = 0;
    const order = (): Promise<'go' | 'pause'> => {
      asked++;
      if (asked === 23) killed.kill();
      return Promise.resolve(asked === 22 ? 'pause' : 'go');
    };
    await expect(distill(student, { settings, host: { checkpoints, order }, on: killed })).rejects.toThrow();
    expect(file).toBeDefined();
    const told: Training[] = [];
    const rest = await distill(student, {
      settings,
      host: { checkpoints, tell: (training) => void told.push(training) },
    });
    expect(rest.outcome.notes.join(' ')).toMatch(/Went on from step 21/);
    expect(floats(rest.model, 'one.weight')).toEqual(floats(whole.model, 'one.weight'));
    expect(file).toBeUndefined();
  });
});

describe('a student whose steps are long', () => {
  const wide = (): Model =>
    graph()
      .input('x', 'float32', ['N', 3, 16, 16])
      .conv({ name: 'one', channels: 32 })
      .relu()
      .conv({ name: 'two', channels: 96 })
      .relu({ to: 'b' })
      .globalAveragePool()
      .flatten()
      .gemm({ name: 'head', inputs: 96, outputs: 3, to: 'y' })
      .output()
      .build();
  const images = (): HostTensors => {
    const random = seededRandom(12);
    const data = Float32Array.from({ length: 48 * 768 }, () => 2 * random() - 1);
    return { x: { dtype: 'float32', dims: [48, 3, 16, 16], data } };
  };

  it('is trained in several processes where there are cores, and to the same weights again', async () => {
    const settings = { preset: 'pruned-cnn', iterations: 4, batch: 36, augment: 'flip', samples: 48, rate: 0.002 };
    expect(laneCount(wide(), { batch: 36, cores: 2 })).toBe(2);
    const calibration = async function* (): AsyncGenerator<HostTensors> {
      yield images();
    };
    const input = {
      settings: distillStepSchema.parse(settings), teacher: wide(), lineage: undefined, calibration,
      labels: () => null, runner, host: NOBODY,
    }; // prettier-ignore
    const once = await distillModel(holed(wide(), 'two.weight'), input, quietContext());
    const again = await distillModel(holed(wide(), 'two.weight'), input, quietContext());
    expect(once.outcome.training.best).toBeGreaterThan(0);
    expect(floats(once.model, 'two.weight')).toEqual(floats(again.model, 'two.weight'));
  });
});
