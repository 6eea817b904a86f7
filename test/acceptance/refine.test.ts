/** Equalization, corrected biases and learnt rounding of a real model on real data, where they lie beside the repository. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { applyRecipe } from '../../main/engine/recipe/apply-recipe.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { machineInfo } from '../../main/engine/runtime/machine.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { sqnrDb } from '../../main/judge/signal-error.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const suite = existsSync(assets) ? describe : describe.skip;

suite(
  `refined quantization of ResNet-20${existsSync(assets) ? '' : ' (skipped: ../shared/assets is not there)'}`,
  () => {
    let runner: Runner;
    let float: Model;
    /** The 1,000 images: the first 200 calibrate, the last 500 are looked at. */
    const images: HostTensors[] = [];
    const labelled: { readonly feeds: HostTensors; readonly labels: ArrayLike<unknown> }[] = [];
    beforeAll(async () => {
      runner = await startRunner();
      const folder = join(assets, 'models/resnet20-cifar10');
      ({ model: float } = await openModel(
        join(folder, readdirSync(folder).find((file) => file.endsWith('.onnx')) ?? ''),
      ));
      const ports = inputPorts(float);
      const dataset = await openDataset(join(assets, 'data/cifar10-test-1k'), { preprocessing });
      for await (const { feeds } of dataset.batches(ports, 20)) images.push(feeds);
      const lossless = await openDataset(join(assets, 'data/cifar10-raw-242/cifar10_test_242.npz'), { preprocessing });
      for await (const { feeds, labels } of lossless.batches(ports, 22)) labelled.push({ feeds, labels: labels! });
    });
    afterAll(() => runner.kill());

    async function* calibration(samples: number): FeedBatches {
      yield* images.slice(0, samples / 20);
    }

    const top1 = (values: Float32Array): number[] =>
      Array.from({ length: values.length / 10 }, (_, at) => {
        const row = values.subarray(at * 10, at * 10 + 10);
        return row.indexOf(Math.max(...row));
      });

    async function measure(model: Model): Promise<{ logits: Float32Array; right: number }> {
      const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null });
      const logits: number[] = [];
      for (const feeds of images.slice(25))
        logits.push(...((await session.run(feeds))['logits']!.data as Float32Array));
      let [right, all] = [0, 0];
      for (const { feeds, labels } of labelled) {
        for (const [at, found] of top1((await session.run(feeds))['logits']!.data as Float32Array).entries()) {
          right += found === Number(labels[at]) ? 1 : 0;
          all++;
        }
      }
      await session.close();
      return { logits: Float32Array.from(logits), right: right / all };
    }

    async function quantized(...steps: readonly object[]): Promise<{ db: number; agreement: number; lost: number }> {
      const surroundings = {
        calibration,
        runner,
        sampleFeeds: () => Promise.resolve(images[0]),
        vnni: machineInfo('').vnni,
      };
      const { model } = await applyRecipe(
        float,
        recipeSchema.parse({ version: 2, steps }),
        surroundings,
        quietContext(),
      );
      const [a, b] = [await measure(float), await measure(model)];
      const power = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
      const [x, y] = [top1(a.logits), top1(b.logits)];
      return {
        db: sqnrDb({
          reference: power(a.logits),
          difference: power(a.logits.map((value, at) => value - b.logits[at]!)),
        }),
        agreement: x.filter((value, at) => value === y[at]).length / x.length,
        lost: a.right - b.right,
      };
    }

    const TIMEOUT = { timeout: 600_000 };

    it(
      'in 8 bits has 30.3 dB and agrees on 98.8 % when equalized, with ranges of least error and corrected biases',
      TIMEOUT,
      async () => {
        // Without VNNI 8-bit weights saturate.
        if (machineInfo('').vnni !== true) return;
        const { db, agreement } = await quantized(
          { equalize: { method: 'cross-layer' } },
          { quantize: { calibrator: 'mse', biasCorrection: 'fast', reduceRange: false } },
        );
        expect(db).toBeGreaterThanOrEqual(30.3);
        expect(agreement).toBeGreaterThanOrEqual(0.988);
      },
    );

    it('with 7-bit weights has 28 dB', TIMEOUT, async () => {
      const { db } = await quantized({
        quantize: { calibrator: 'mse', biasCorrection: 'empirical', reduceRange: true },
      });
      expect(db).toBeGreaterThanOrEqual(28);
    });

    it('with 4-bit weights and learnt rounding stays within 1.5 points of the float model', TIMEOUT, async () => {
      const nearest = await quantized({ quantize: { weightBits: 4 } });
      const learnt = await quantized({ quantize: { weightBits: 4, rounding: 'adaround' } });
      expect(learnt.db).toBeGreaterThan(nearest.db + 6);
      expect(learnt.agreement).toBeGreaterThan(0.95);
      expect(learnt.lost).toBeLessThanOrEqual(0.015);
    });

    it(
      'with 4-bit weights rounded in turn has 10 dB more than to the nearest, and the accuracy of the float model',
      TIMEOUT,
      async () => {
        const nearest = await quantized({ quantize: { calibrator: 'mse', weightBits: 4 } });
        const turned = await quantized({ quantize: { calibrator: 'mse', weightBits: 4, rounding: 'gptq' } });
        expect(turned.db).toBeGreaterThan(nearest.db + 10);
        expect(turned.agreement).toBeGreaterThan(0.96);
        expect(turned.lost).toBeLessThanOrEqual(0.015);
      },
    );

    it('with images in two codes, equalized and rounded in turn has 31.4 dB', TIMEOUT, async () => {
      if (machineInfo('').vnni !== true) return;
      const { db, agreement } = await quantized(
        { equalize: { method: 'cross-layer' } },
        { quantize: { calibrator: 'mse', rounding: 'gptq', splitInputs: true, reduceRange: false } },
      );
      expect(db).toBeGreaterThanOrEqual(31.4);
      expect(agreement).toBeGreaterThanOrEqual(0.99);
    });
  },
);
