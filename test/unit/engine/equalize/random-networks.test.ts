/** The property that equalisation stands or falls with: whatever the factors, a scaled network computes what it computed. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeScales } from '../../../../main/engine/equalize/scale-closure.ts';
import { scaledLayers, scaleGroups } from '../../../../main/engine/equalize/scale-groups.ts';
import { writeFactors } from '../../../../main/engine/equalize/write-factors.ts';
import { solvableLayers } from '../../../../main/engine/linear/solvable-layers.ts';
import { separateConstants } from '../../../../main/engine/passes/separate-constants.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import type { NetworkProgram } from '../../../support/network-program.ts';
import { randomNetwork } from '../../../support/random-network.ts';
import { expectEqual } from '../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const NETWORKS = 150;

const programs: fc.Arbitrary<NetworkProgram> = fc.record({
  family: fc.constantFrom('image', 'image', 'sequence'),
  seed: fc.integer({ min: 1, max: 1000 }),
  width: fc.integer({ min: 2, max: 8 }),
  steps: fc.array(fc.record({ pick: fc.nat(1000), detail: fc.nat(1000), other: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 8,
  }),
});

it(
  `${NETWORKS} networks put together by chance compute the same with factors drawn by chance`,
  { timeout: 240_000 },
  async () => {
    let scaled = 0;
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const { model } = separateConstants(randomNetwork(program));
        const { layers } = solvableLayers(model, { excluded: new Set(), known: () => true });
        const closure = closeScales(model, layers);
        const channels = scaledLayers(closure, layers);
        // A limit holds for the factors that the data allow, which are none of this test.
        const groups = scaleGroups(closure, channels).filter(({ limits }) => limits.length === 0);
        const random = seededRandom(program.seed);
        const factors = new Map(groups.flatMap(({ roots }) => roots.map((root) => [root, 2 ** (6 * random() - 3)])));
        const changed = writeFactors(closure, channels, factors);
        if (changed === model) return;
        await expectEqual(runner, model, changed);
        scaled++;
      }),
      { numRuns: NETWORKS, seed: 20261130 },
    );
    // The property must not hold because nothing is ever scaled.
    expect(scaled).toBeGreaterThan(NETWORKS / 4);
  },
);
