/** The property that surgery stands or falls with: a cut network computes what the masked one computes. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { widthTotals } from '../../../../../main/judge/predict/widths.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { costOfLayers, totalCost } from '../../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../../main/engine/operators/infer.ts';
import { closeChannels, type Closure } from '../../../../../main/engine/channels/closure.ts';
import { cutModel } from '../../../../../main/engine/prune/structure/cut.ts';
import { channelGroups, type ChannelGroup } from '../../../../../main/engine/prune/structure/groups.ts';
import { maskModel } from '../../../../../main/engine/prune/structure/mask.ts';
import { removalOf } from '../../../../../main/engine/prune/structure/removal.ts';
import { widthModel } from '../../../../../main/engine/prune/structure/width-model.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import type { NetworkProgram } from '../../../../support/network-program.ts';
import { randomNetwork } from '../../../../support/random-network.ts';
import { expectEqual } from '../../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const NETWORKS = 2000;

const programs: fc.Arbitrary<NetworkProgram & { share: number }> = fc.record({
  family: fc.constantFrom('image', 'image', 'image', 'sequence'),
  seed: fc.integer({ min: 1, max: 1000 }),
  width: fc.integer({ min: 2, max: 8 }),
  share: fc.constantFrom(0.1, 0.3, 0.5, 0.7),
  steps: fc.array(fc.record({ pick: fc.nat(1000), detail: fc.nat(1000), other: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 8,
  }),
});

/** Atoms that stay, drawn by chance, at least one of each group. */
function drawKept(groups: readonly ChannelGroup[], share: number, seed: number): Map<ChannelGroup, Uint32Array> {
  const random = seededRandom(seed);
  return new Map(
    groups.map((group) => {
      const order = Array.from(group.roots, (_, atom) => ({ atom, draw: random() })).sort((a, b) => a.draw - b.draw);
      const count = Math.max(1, Math.round(group.roots.length * (1 - share)));
      return [group, Uint32Array.from(order.slice(0, count).map(({ atom }) => atom)).sort()];
    }),
  );
}

function costOf(model: Model): { macs: number; parameters: number } {
  return totalCost(costOfLayers(model, inferModel(model, { dims: { batch: 1 } })));
}

function cutBy(closure: Closure, groups: readonly ChannelGroup[], kept: ReadonlyMap<ChannelGroup, Uint32Array>) {
  const removal = removalOf(closure, kept);
  return { cut: cutModel(closure, removal), masked: maskModel(closure, groups, removal) };
}

describe('networks put together by chance', () => {
  it(
    `compute the same when ${NETWORKS} of them are cut and when they are masked, and cost what was predicted`,
    { timeout: 300_000 },
    async () => {
      let cuts = 0;
      await fc.assert(
        fc.asyncProperty(programs, async ({ share, ...program }) => {
          const closure = closeChannels(randomNetwork(program));
          const { groups } = channelGroups(closure);
          const kept = drawKept(groups, share, program.seed);
          const { cut, masked } = cutBy(closure, groups, kept);
          await expectEqual(runner, masked, cut);
          cuts += cut === closure.model ? 0 : 1;
          const predicted = widthTotals(
            widthModel(closure, groups),
            groups.map((group) => kept.get(group)!.length),
          );
          expect(predicted.macs).toBeCloseTo(costOf(cut).macs, 3);
          expect(predicted.parameters).toBeCloseTo(costOf(cut).parameters, 3);
        }),
        { numRuns: NETWORKS, seed: 20261125 },
      );
      // The property must not hold because nothing is ever cut.
      expect(cuts).toBeGreaterThan(NETWORKS / 2);
    },
  );
});
