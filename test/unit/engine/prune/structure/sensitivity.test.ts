import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { groupSensitivity } from '../../../../../main/engine/prune/structure/sensitivity.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/** One sample [1, 1] through two units, 2 and 4, to scores [2·3, 4·1] = [6, 4]. */
const model = graph()
  .input('x', 'float32', [1, 2])
  .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [1, 1, 2, 2] })
  .gemm({ inputs: 2, outputs: 2, name: 'b', bias: false, weight: [3, 0, 0, 1] })
  .output()
  .build();

async function* oneSample(): AsyncIterable<HostTensors> {
  await Promise.resolve();
  yield { x: { dtype: 'float32', dims: [1, 2], data: Float32Array.of(1, 1) } };
}

const cutAlone = (group: number, shares: readonly number[]) =>
  groupSensitivity(model, { group, shares, score: 'l2', seed: 0 }, { runner, batches: oneSample }, quietContext());

describe('groupSensitivity', () => {
  it('is the divergence of the scores when the unit with the smaller norm goes', async () => {
    const found = (await cutAlone(0, [1, 0.5, 0.3]))!;
    expect(found).toMatchObject({ group: 'a', groups: 1, measure: 'divergence' });
    // L2: √(1 + 1 + 9) against √(4 + 4 + 1): the second goes, scores are [6, 0]. p = σ(2), q = σ(6).
    const [p, q] = [2, 6].map((x) => 1 / (1 + Math.exp(-x)));
    const divergence = p! * Math.log(p! / q!) + (1 - p!) * Math.log((1 - p!) / (1 - q!));
    expect(found.cells.map(({ kept }) => kept)).toEqual([2, 1, 1]);
    expect(found.cells[0]!.loss).toBe(0);
    expect(found.cells[1]!.loss).toBeCloseTo(divergence, 5);
    expect(found.cells[2]!.loss).toBe(found.cells[1]!.loss);
  });

  it('fits the layers behind it again by obs: what the twin of a unit gives is made up for', async () => {
    // Units x, y/2 and 2x, all added up: 2x alone gives what x and 2x gave together. By L2 y/2 would go.
    const twin = graph()
      .input('x', 'float32', ['N', 2])
      .gemm({ inputs: 2, outputs: 3, name: 'a', bias: false, weight: [1, 0, 0, 0.5, 2, 0] })
      .gemm({ inputs: 3, outputs: 2, name: 'b', bias: false, weight: [1, 1, 1, 0, 1, 0] })
      .output()
      .build();
    const random = seededRandom(4);
    const data = Float32Array.from({ length: 80 }, () => random() - 0.5);
    async function* samples(): AsyncIterable<HostTensors> {
      await Promise.resolve();
      yield { x: { dtype: 'float32', dims: [40, 2], data } };
    }
    const cut = (score: 'obs' | 'l2') =>
      groupSensitivity(
        twin,
        { group: 0, shares: [0.67], score, seed: 0 },
        { runner, batches: samples },
        quietContext(),
      );
    const [obs, l2] = [(await cut('obs'))!, (await cut('l2'))!];
    expect(obs.cells[0]).toMatchObject({ kept: 2 });
    expect(obs.cells[0]!.loss!).toBeLessThan(1e-3);
    expect(l2.cells[0]!.loss!).toBeGreaterThan(5 * obs.cells[0]!.loss!);
    expect(obs.scores!.indexOf(Math.min(...obs.scores!))).not.toBe(1);
    expect(l2.scores).toBeUndefined();
  });

  it('has nothing for a group that is not there', async () => {
    expect(await cutAlone(1, [0.5])).toBeUndefined();
  });
});
