/** Cutting of channels on every real model, where they lie beside the repository, and on the samples that come with it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { describeDifference, EQUAL_DB } from '../../main/engine/passes/check-pass.ts';
import { compareOutputs, runOnce } from '../../main/engine/passes/compare-outputs.ts';
import { closeChannels, type Closure } from '../../main/engine/channels/closure.ts';
import { cutModel } from '../../main/engine/prune/structure/cut.ts';
import { channelGroups, type ChannelGroup } from '../../main/engine/prune/structure/groups.ts';
import { maskModel } from '../../main/engine/prune/structure/mask.ts';
import { prepareStructure } from '../../main/engine/prune/structure/prepare.ts';
import { removalOf } from '../../main/engine/prune/structure/removal.ts';
import { highestScores, scoreGroups } from '../../main/engine/prune/structure/scores.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import { runOnMadeInputs } from '../../main/engine/runtime/run-made.ts';
import { lendRunner } from '../../main/engine/runtime/runner-pool.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const samples = fileURLToPath(new URL('../../resources/samples', import.meta.url));
const context = quietContext();

function modelsIn(folder: string): { readonly name: string; readonly path: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.onnx') && !name.startsWith('broken-'))
    .map((name) => ({ name, path: join(folder, name) }));
}

/** Models whose channels, heads or units can be cut; the others say why not. */
const CUTTABLE: readonly [RegExp, number][] = [
  [/^glyph-cnn/, 16],
  [/^glyph-gru/, 3],
  [/^glyph-vit/, 8],
  [/^antispoof-fp32/, 24],
  [/^cnn-mnist-pytorch/, 3],
  [/^fashion-mnist-mlp/, 1],
  [/^light-densenet121/, 120],
  [/^light-resnet50/, 37],
  [/^llama-dreams-260k\//, 9],
  [/^mobilenetv1-025-128\//, 14],
  [/^mobilenetv2-100-224/, 25],
  [/^resnet20-cifar10/, 12],
  [/^yolox-nano/, 67],
];

describe.each([
  ['the samples', modelsIn(samples)],
  [
    `real models${existsSync(assets) ? '' : ' (skipped: ../shared/assets is not there)'}`,
    modelsIn(join(assets, 'models')),
  ],
])('channels of %s', (_, models) => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.kill());

  it.skipIf(models.length === 0).each(models)(
    '$name: cut as masked at 10, 30, 50 and 70 %',
    { timeout: 120_000 },
    async ({ name, path }) => {
      const { model } = await openModel(path);
      const { signal } = context;
      const closure = closeChannels((await prepareStructure(model, { runners: lendRunner(runner), signal })).model);
      const { groups } = channelGroups(closure);
      expect(groups.length).toBe(CUTTABLE.find(([pattern]) => pattern.test(name))?.[1] ?? 0);
      if (groups.length === 0) return;
      const feeds = await feedsOf(closure);
      for (const share of [0.1, 0.3, 0.5, 0.7])
        expect(await differenceAt(closure, groups, { share, feeds })).toBeNull();
    },
  );

  async function feedsOf({ model }: Closure) {
    const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null });
    const { inputs } = await runOnMadeInputs(session, model, { batch: 1, dims: {} });
    await session.close();
    return inputs.feeds;
  }

  async function differenceAt(
    closure: Closure,
    groups: readonly ChannelGroup[],
    { share, feeds }: { share: number; feeds: Awaited<ReturnType<typeof feedsOf>> },
  ): Promise<string | null> {
    const scores = scoreGroups(closure, groups, { score: 'random', seed: Math.round(share * 100) });
    const removal = removalOf(
      closure,
      new Map(
        groups.map((group, at) => [
          group,
          highestScores(scores[at]!, Math.max(1, Math.round(group.roots.length * (1 - share)))),
        ]),
      ),
    );
    const [masked, cut] = await Promise.all(
      [maskModel(closure, groups, removal), cutModel(closure, removal)].map((model) =>
        runOnce(sourceOfModel(model), feeds, runner, context),
      ),
    );
    return describeDifference(compareOutputs(masked!, cut!), EQUAL_DB);
  }
});
