/**
 * Models with calibration and evaluation samples that are never the same, on which static quantization is compared with that of
 * ONNX Runtime's own tool: the samples that come with the program, networks built here, and, where they lie beside the repository,
 * real models.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Preprocessing } from '../../main/contract/data.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { makeModelInputs } from '../../main/engine/runtime/make-inputs.ts';
import { elementCount, type HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { cifarResNet, convNext, mobileNetV3, visionTransformer } from './deep-models.ts';
import { smallCnn } from './sample-graphs.ts';
import { spreadChannels } from './spread-channels.ts';

/** A model and its samples, in batches. */
export interface StaticCase {
  readonly model: Model;
  readonly calibration: readonly HostTensors[];
  readonly evaluation: readonly HostTensors[];
}

export type OpenStaticCase = () => Promise<StaticCase>;

const ASSETS = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../resources/samples', import.meta.url));
const CIFAR = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const PHOTOS = `${ASSETS}/data/coco-20`;

/** Samples `from` (included) to `to` of a data set. */
interface Part {
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly preprocessing?: Partial<Preprocessing>;
}

async function partOf(model: Model, { data, from, to, preprocessing = {} }: Part): Promise<HostTensors[]> {
  const dataset = await openDataset(data, { preprocessing: preprocessing as Preprocessing });
  const batches: HostTensors[] = [];
  let at = 0;
  for await (const { feeds, count } of dataset.batches(inputPorts(model), 20)) {
    const first = Math.max(0, from - at);
    if (first < count) batches.push(rows(feeds, first, Math.min(count, to - at)));
    at += count;
    if (at >= to) break;
  }
  return batches;
}

/** Samples of a batch, `from` (included) to `to`. */
function rows(feeds: HostTensors, from: number, to: number): HostTensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, dims, data }]) => {
      const [own, one] = [[to - from, ...dims.slice(1)], elementCount(dims.slice(1))];
      return [name, { dtype, dims: own, data: data.slice(from * one, to * one) as typeof data }];
    }),
  );
}

async function fromParts(path: string, calibration: Part, evaluation: Partial<Part>): Promise<StaticCase> {
  const { model } = await openModel(path);
  return {
    model,
    calibration: await partOf(model, calibration),
    evaluation: await partOf(model, { ...calibration, ...evaluation }),
  };
}

const sample =
  (name: string): OpenStaticCase =>
  () =>
    fromParts(
      `${SAMPLES}/${name}.onnx`,
      { data: `${SAMPLES}/glyphs-validation.npz`, from: 0, to: 200 },
      { data: `${SAMPLES}/glyphs-test.npz`, from: 0, to: 500 },
    );

/** Made inputs with seeds 1 … 8 calibrate, with seeds 101 … 116 evaluate. */
function onMade(model: Model, scale = 1): StaticCase {
  const feeds = (seed: number): HostTensors => {
    const made = makeModelInputs(model, { batch: 1, dims: {}, seed }).feeds;
    for (const { data } of Object.values(made)) {
      if (data instanceof Float32Array && scale !== 1) for (let i = 0; i < data.length; i++) data[i]! *= scale;
    }
    return made;
  };
  const from = (first: number, count: number): HostTensors[] =>
    Array.from({ length: count }, (_, at) => feeds(first + at));
  return { model, calibration: from(1, 8), evaluation: from(101, 16) };
}

const built =
  (build: () => Model): OpenStaticCase =>
  async () =>
    onMade(build());

/** What comes with the program. */
export const SAMPLE_CASES: ReadonlyMap<string, OpenStaticCase> = new Map([
  ['glyph-cnn', sample('glyph-cnn')],
  ['glyph-vit', sample('glyph-vit')],
  ['glyph-gru', sample('glyph-gru')],
]);

/** What the tests build themselves. */
export const BUILT_CASES: ReadonlyMap<string, OpenStaticCase> = new Map([
  ['small-cnn', built(smallCnn)],
  ['cifar-resnet', built(() => cifarResNet(3))],
  ['mobilenet-v3', built(() => mobileNetV3(64, 10))],
  ['spread-channels', built(() => spreadChannels(cifarResNet(1), { most: 4, seed: 1 }))],
  ['vit', built(() => visionTransformer({ size: 32, patch: 8, width: 64, heads: 2, depth: 2, classes: 10 }))],
  ['convnext', built(() => convNext({ size: 32, widths: [16, 32], depths: [1, 1], classes: 10 }))],
]);

const asset = (name: string): string => {
  const folder = `${ASSETS}/models/${name}`;
  return `${folder}/${readdirSync(folder).find((file) => file.endsWith('.onnx')) ?? ''}`;
};

const made =
  (name: string): OpenStaticCase =>
  async () =>
    onMade((await openModel(asset(name))).model);

const onPhotos =
  (name: string, preprocessing: Partial<Preprocessing>): OpenStaticCase =>
  () =>
    fromParts(asset(name), { data: PHOTOS, from: 0, to: 10, preprocessing }, { from: 10, to: 20 });

const onImages =
  (name: string, part: Omit<Part, 'from' | 'to'>): OpenStaticCase =>
  () =>
    fromParts(asset(name), { ...part, from: 0, to: 200 }, { from: 500, to: 1000 });

/** A small model after a public report, with samples beside it: the first half calibrates. */
const reported =
  (name: string): OpenStaticCase =>
  () => {
    const folder = `${ASSETS}/cases/${name}`;
    return fromParts(`${folder}/model.onnx`, { data: `${folder}/data.npz`, from: 0, to: 8 }, { from: 8, to: 16 });
  };

const MOBILE = { mean: [0.5], std: [0.5] };

/** Real models. */
export const ASSET_CASES: ReadonlyMap<string, OpenStaticCase> = new Map(
  existsSync(ASSETS)
    ? [
        [
          'resnet20-cifar10',
          onImages('resnet20-cifar10', { data: `${ASSETS}/data/cifar10-test-1k`, preprocessing: CIFAR }),
        ],
        [
          'resnet20-cifar10-dynamo',
          onImages('resnet20-cifar10-dynamo', { data: `${ASSETS}/data/cifar10-test-1k`, preprocessing: CIFAR }),
        ],
        [
          'cnn-mnist-pytorch',
          onImages('cnn-mnist-pytorch', {
            data: `${ASSETS}/data/mnist-2k/x_test.npz`,
            preprocessing: { mean: [0.1307], std: [0.3081] },
          }),
        ],
        ['fashion-mnist-mlp', onImages('fashion-mnist-mlp', { data: `${ASSETS}/data/fashion-mnist-2k/x_test.npz` })],
        ['mobilenetv1-025-128', onPhotos('mobilenetv1-025-128', MOBILE)],
        ['mobilenetv2-100-224', onPhotos('mobilenetv2-100-224', MOBILE)],
        [
          'yolox-nano',
          onPhotos('yolox-nano', { scale: 1, channels: 'bgr', letterbox: { fill: 114, align: 'corner' } }),
        ],
        // Of two scores on ten photos chance decides by half a decibel.
        ['antispoof-fp32', onImages('antispoof-fp32', { data: `${ASSETS}/data/cifar10-test-1k` })],
        ...['dtln-1', 'silero-vad', 'llama-dreams-260k', 'light-resnet50', 'light-densenet121'].map(
          (name) => [name, made(name)] as const,
        ),
        ...['edge-if-mul', 'edge-loop-sub-one', 'edge-scan-mul', 'edge-external-pads', 'edge-function-variadics'].map(
          (name) => [name, made(name)] as const,
        ),
        ...['edge-qdq-multi-consumer', 'edge-int4-conv-qdq', 'mobilenetv1-025-128-qdq', 'antispoof-int8'].map(
          (name) => [name, made(name)] as const,
        ),
        ...readdirSync(`${ASSETS}/cases`)
          .filter((name) => existsSync(`${ASSETS}/cases/${name}/data.npz`))
          .map((name) => [name, reported(name)] as const),
      ]
    : [],
);
