import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { channelPlan, type ChannelPlan } from '../../../../../main/engine/prune/structure/channel-plan.ts';
import { pruneChannels } from '../../../../../main/engine/prune/structure/prune-channels.ts';
import { RunnerPool } from '../../../../../main/engine/runtime/runner-pool.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { channelCut, channelsAt } from '../../../../../main/judge/predict/channel-cut.ts';
import type { ChannelPlan as WirePlan } from '../../../../../main/contract/channel-plan.ts';
import type { FeedBatches } from '../../../../../main/engine/dataset/feed-batches.ts';
import { randomBatches } from '../../quantize/oracle.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { channelStep } from '../../../../support/recipes.ts';
import { resnet18 } from '../../../../support/resnet18.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const planOf = (model: Model): Promise<ChannelPlan> =>
  channelPlan(model, { runners: new RunnerPool(), signal: quietContext().signal });

/** Two units: the first with weights [1, 1] in and 3 out, the second with [2, 2] in and 0.1 out. */
function twoUnits(): Model {
  return graph()
    .input('x', 'float32', [1, 2])
    .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [1, 1, 2, 2] })
    .gemm({ inputs: 2, outputs: 2, name: 'b', bias: false, weight: [3, 0.1, 0, 0] })
    .output()
    .build();
}

describe('channelPlan', () => {
  it('tells groups with scores, who gives and takes their channels, and what stays', async () => {
    const plan = await planOf(twoUnits());
    expect(plan.widths.groups).toEqual([{ name: 'a', kind: 'unit', atoms: 2, each: 1, layers: ['a'] }]);
    const [group] = plan.groups;
    expect(group!.consumers).toEqual(['b']);
    expect([...group!.scores.l1]).toEqual([5, expect.closeTo(4.1, 6)]);
    expect([...group!.scores.l2]).toEqual([expect.closeTo(Math.sqrt(11), 6), expect.closeTo(Math.sqrt(8.01), 6)]);
    expect(group!.scores['bn-gamma']).toBeNull();
    // √((1 − 2)² + (1 − 2)²), from either side.
    expect([...group!.scores.fpgm!]).toEqual([expect.closeTo(Math.SQRT2, 6), expect.closeTo(Math.SQRT2, 6)]);
    expect(plan.layers).toEqual([{ name: 'a', op: 'Gemm', channels: { fixed: 0, parts: [{ group: 0, each: 1 }] } }]);
    expect(plan.frozen.map(({ name }) => name)).toEqual(['b']);
  });

  it('has no groups where nothing can be cut', async () => {
    const model = graph().input('x', 'float32', [1, 2]).relu({ name: 'r' }).output().build();
    expect(await planOf(model)).toMatchObject({ groups: [], layers: [], frozen: [] });
  });

  it.each(['uniform', 'global'] as const)('predicts exactly what the cut then gives, %s', async (scope) => {
    const model = resnet18();
    const plan = await planOf(model);
    const step = channelStep({ target: { macs: 0.5 }, scope });
    const calibration = (): FeedBatches => randomBatches([1, 3, 224, 224], 1);
    const surroundings = { runner, calibration, sampleFeeds: () => Promise.resolve(undefined) };
    const { result } = await pruneChannels(model, step, surroundings, quietContext());
    const cut = channelCut(plan as WirePlan, step)!;
    expect(cut.totals.macs).toBe(result.macs.after);
    expect(cut.totals.parameters).toBe(result.parameters.after);
    const channels = (plan as WirePlan).layers.map((layer) => [layer.name, channelsAt(layer, cut.kept)]);
    expect(channels).toEqual(result.layers.map((layer) => [layer.name, layer.channels!.after]));
  });
});
