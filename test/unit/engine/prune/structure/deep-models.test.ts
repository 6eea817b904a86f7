import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { channelPruning } from '../../../../../main/contract/recipe/prune-channels.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { pruneChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import {
  cifarResNet,
  convNext,
  efficientNet,
  mobileNetV3,
  visionTransformer,
} from '../../../../support/deep-models.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** Only the classes must stay. */
const CLASSES = ["'fc.out' is an output of the model"];

it.each<[string, () => Model, readonly string[]]>([
  ['ResNet-56', () => cifarResNet(), CLASSES],
  ['MobileNetV3', () => mobileNetV3(64, 10), CLASSES],
  ['EfficientNet-B0', () => efficientNet(64, 10), CLASSES],
])('cuts %s to half of its work wherever it may: what is left computes what was masked', async (_, build, frozen) => {
  const step = channelPruning.parse({ structure: 'channel', score: 'l2', align: 4, minimum: 4, target: { macs: 0.5 } });
  const around = { runner, calibration: neverAsked, sampleFeeds: () => Promise.resolve(undefined) };
  const { result } = await pruneChannels(build(), step, around, quietContext());
  expect(result.macs.after / result.macs.before).toBeLessThanOrEqual(0.5);
  expect(result.macs.after / result.macs.before).toBeGreaterThan(0.45);
  expect(result.frozen.map(({ reason }) => reason)).toEqual(frozen);
  expect(result.notes).toEqual([]);
});

it.each<[string, () => Model, RegExp]>([
  [
    'a vision transformer',
    () => visionTransformer({ size: 32, patch: 8, width: 48, depth: 2, classes: 10 }),
    /qkv|fc1/,
  ],
  ['ConvNeXt', () => convNext({ size: 32, widths: [16, 32], depths: [2, 2], classes: 10 }), /fc1/],
])('cuts heads and units of %s, and leaves the stream that is normalised over', async (_, build, cut) => {
  const step = channelPruning.parse({
    structure: 'channel',
    score: 'l2',
    align: 4,
    minimum: 4,
    target: { macs: 0.75 },
  });
  const around = { runner, calibration: neverAsked, sampleFeeds: () => Promise.resolve(undefined) };
  const { result } = await pruneChannels(build(), step, around, quietContext());
  expect(result.macs.after / result.macs.before).toBeLessThanOrEqual(0.75);
  const narrower = result.layers.filter(({ channels }) => channels!.after < channels!.before);
  expect(narrower.length).toBeGreaterThan(0);
  for (const { name } of narrower) expect(name).toMatch(cut);
  expect(result.frozen.some(({ reason }) => reason.includes('each sample is normalised over it'))).toBe(true);
});

function neverAsked(): never {
  throw new Error('norms take no data');
}
