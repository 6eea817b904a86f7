/** Quantization of real models on real data, where they lie beside the repository. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { quietContext } from '../../main/base/progress.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { errorTable } from '../../main/engine/quantize/error-table.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import type { QuantizeOutcome } from '../../main/engine/quantize/outcome.ts';
import { quantizeStatic } from '../../main/engine/quantize/quantize-static.ts';
import { sqnrDb } from '../../main/judge/signal-error.ts';
import type { Int8StaticStep } from '../../main/contract/recipe/quantize-static.ts';
import { quantizeStepSchema } from '../../main/contract/recipe/quantize.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { makeInputs } from '../../main/engine/runtime/make-inputs.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const modelPath = (name: string): string => {
  const folder = join(assets, 'models', name);
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.onnx')) ?? '');
};
const CIFAR = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const settings = { provider: 'cpu', threads: null } as const;

const suite = existsSync(assets) ? describe : describe.skip;

suite(`quantization of real models${existsSync(assets) ? '' : ' (skipped: ../shared/assets is not there)'}`, () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.kill());

  function quantize(
    float: Model,
    calibration: (samples: number) => FeedBatches,
    step: Partial<Int8StaticStep> = {},
  ): Promise<QuantizeOutcome> {
    const full = quantizeStepSchema.parse({ scheme: 'int8-static', ...step }) as Int8StaticStep;
    return quantizeStatic(float, { step: full, calibration, runner, vnni: machineInfo('').vnni }, quietContext());
  }

  /** Made inputs where no data is at hand. */
  const made = (float: Model, scale = 1) =>
    async function* feeds(samples: number): FeedBatches {
      for (let seed = 1; seed <= Math.min(samples, 8); seed++) {
        const { feeds: tensors } = makeInputs(inputPorts(float), { batch: 1, dims: {}, seed });
        for (const { data } of Object.values(tensors))
          if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i]! *= scale;
        yield tensors;
      }
    };

  describe('ResNet-20 on CIFAR-10', () => {
    let float: Model;
    /** The 1,000 images in the order of the data set, decoded once. */
    const images: HostTensors[] = [];
    beforeAll(async () => {
      ({ model: float } = await openModel(modelPath('resnet20-cifar10')));
      const dataset = await openDataset(join(assets, 'data/cifar10-test-1k'), { preprocessing: CIFAR });
      for await (const batch of dataset.batches(inputPorts(float), 20)) images.push(batch.feeds);
    });

    async function* calibration(samples: number): FeedBatches {
      yield* images.slice(0, samples / 20);
    }

    async function logits(model: Model): Promise<number[]> {
      const session = await runner.load(sourceOfModel(model), settings);
      const all: number[] = [];
      for (const feeds of images) all.push(...((await session.run(feeds))['logits']!.data as Float32Array));
      await session.close();
      return all;
    }

    const top1 = (values: readonly number[]): number[] =>
      Array.from({ length: values.length / 10 }, (_, at) => {
        const row = values.slice(at * 10, at * 10 + 10);
        return row.indexOf(Math.max(...row));
      });

    it.each([true, false])(
      'agrees with the float model on 97.5 % of 1,000 images with 25 dB (reduceRange %s)',
      async (reduceRange) => {
        // Without VNNI 8-bit weights saturate, which is why 'auto' does not use them there.
        if (!reduceRange && machineInfo('').vnni !== true) return;
        const outcome = await quantize(float, calibration, { reduceRange });
        const [x, y] = [await logits(float), await logits(outcome.model)];
        const [a, b] = [top1(x), top1(y)];
        expect(a.filter((value, at) => value === b[at]).length / a.length).toBeGreaterThanOrEqual(0.975);
        const power = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
        expect(
          sqnrDb({ reference: power(x), difference: power(x.map((value, at) => value - y[at]!)) }),
        ).toBeGreaterThanOrEqual(25);
      },
    );

    it.each([
      ['smallest to largest', {}, 29, 0.984],
      ['percentile', { calibrator: 'percentile' }, 29.3, 0.984],
      ['least error, images in two codes', { calibrator: 'mse', splitInputs: true }, 30.3, 0.988],
    ] as const)(
      'agrees with the float model on 500 other images with ranges: %s',
      async (_, step, leastDb, leastShare) => {
        if (machineInfo('').vnni !== true) return;
        const outcome = await quantize(float, calibration, { ...step, reduceRange: false } as Partial<Int8StaticStep>);
        const [x, y] = [(await logits(float)).slice(5000), (await logits(outcome.model)).slice(5000)];
        const power = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
        const difference = power(x.map((value, at) => value - y[at]!));
        expect(sqnrDb({ reference: power(x), difference })).toBeGreaterThanOrEqual(leastDb);
        const [a, b] = [top1(x), top1(y)];
        expect(a.filter((value, at) => value === b[at]).length / a.length).toBeGreaterThanOrEqual(leastShare);
      },
    );

    it('runs every quantized layer as an integer kernel, every Conv among them', async () => {
      const outcome = await quantize(float, calibration, { samples: 40 });
      expect(outcome.fusedShare).toBe(1);
      expect(outcome.layers.filter(({ op, fused }) => op === 'Conv' && fused !== true)).toEqual([]);
    });

    it('gives the same bytes twice', async () => {
      const twice = [
        await quantize(float, calibration, { samples: 40 }),
        await quantize(float, calibration, { samples: 40 }),
      ];
      const [a, b] = twice.map((outcome) => encodeModelBytes(outcome.model));
      expect(Buffer.compare(a!, b!)).toBe(0);
    });

    it('has local errors that are smaller than the accumulated ones of the last layers', async () => {
      const outcome = await quantize(float, calibration, { samples: 40 });
      const { layers, samples } = await errorTable(
        float,
        outcome.model,
        () => calibration(40),
        runner,
        { limit: 40 },
        quietContext(),
      );
      expect(samples).toBe(40);
      const last = layers.at(-1)!;
      expect([last.op, last.tensor]).toEqual(['Gemm', 'logits']);
      expect(last.localSqnrDb!).toBeGreaterThan(last.sqnrDb);
    });
  });

  it.each([
    ['mobilenetv2-100-224', 0.9, 1],
    ['yolox-nano', 0.9, 255],
    ['dtln-1', 0, 1],
    ['cnn-mnist-pytorch', 0.3, 1],
    ['llama-dreams-260k', 0.3, 1],
    ['antispoof-fp32', 0.5, 1],
  ] as const)('%s quantizes, fuses all that it quantizes, and runs', async (name, least, scale) => {
    const { model: float } = await openModel(modelPath(name));
    const outcome = await quantize(float, made(float, scale), { samples: 8 });
    const quantized = outcome.layers.filter((layer) => layer.quantized).length;
    expect(quantized / outcome.layers.length).toBeGreaterThanOrEqual(least);
    expect(outcome.fusedShare).toBe(1);
    const session = await runner.load(sourceOfModel(outcome.model), settings);
    for await (const feeds of made(float, scale)(1)) {
      const values = Object.values(await session.run(feeds)).flatMap(({ data }) =>
        data instanceof Float32Array ? Array.from(data.slice(0, 1000)) : [],
      );
      expect(values.every(Number.isFinite)).toBe(true);
    }
    await session.close();
  });

  it('compares a model with the QDQ model that another tool made of it', async () => {
    const { model: float } = await openModel(modelPath('mobilenetv1-025-128'));
    const { model: other } = await openModel(modelPath('mobilenetv1-025-128-qdq'));
    const { layers } = await errorTable(float, other, made(float), runner, { limit: 4 }, quietContext());
    expect(layers.filter(({ localSqnrDb }) => localSqnrDb !== null).length).toBeGreaterThanOrEqual(28);
    expect(Math.min(...layers.flatMap(({ localSqnrDb }) => localSqnrDb ?? []))).toBeGreaterThan(20);
  });
});
