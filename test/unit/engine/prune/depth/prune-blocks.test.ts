import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import type { BlockPruning } from '../../../../../main/contract/recipe/prune-blocks.ts';
import { pruneStepSchema } from '../../../../../main/contract/recipe/prune.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { pruneBlocks, type PrunedBlocks } from '../../../../../main/engine/prune/depth/prune-blocks.ts';
import { residualBlocks, withoutBlocks } from '../../../../../main/engine/prune/depth/residual-blocks.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../../main/engine/tensor/random.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { expectEqual } from '../../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

/**
 * x → first → + a(x) → relu → + b(x) → head, over 2 features: block a adds 0.1 of its input, block b as much as its input.
 * The shortcut stands first in one sum and second in the other.
 */
function twoBlocks(): Model {
  const net = graph()
    .input('x', 'float32', ['n', 2])
    .gemm({ inputs: 2, outputs: 2, name: 'first', bias: false, weight: [1, 0, 0, 1], to: 's0' })
    .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [0.1, 0, 0, 0.1], from: 's0', to: 'fa' })
    .node('Add', ['fa', 's0'], {}, ['s1'], { name: 'sum_a' })
    .relu({ from: 's1', to: 's2' })
    .gemm({ inputs: 2, outputs: 2, name: 'b', bias: false, weight: [1, 0, 0, 1], from: 's2', to: 'fb' })
    .node('Add', ['s2', 'fb'], {}, ['s3'], { name: 'sum_b' })
    .gemm({ inputs: 2, outputs: 1, name: 'head', bias: false, weight: [1, 1], from: 's3', to: 'y' });
  return net.output('y', 'float32', ['n', 1]).build();
}

async function* samples(): AsyncGenerator<HostTensors> {
  yield { x: { dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) } };
}

function prune(model: Model, settings: object): Promise<PrunedBlocks> {
  const step = pruneStepSchema.parse({ structure: 'block', ...settings }) as BlockPruning;
  return pruneBlocks(model, step, { runner, calibration: samples }, quietContext());
}

describe('residualBlocks', () => {
  it('finds sums of a value and of what is computed from it, whichever stands first', () => {
    expect(residualBlocks(twoBlocks())).toEqual([
      { name: 'sum_a', shortcut: 1, nodes: ['a'] },
      { name: 'sum_b', shortcut: 0, nodes: ['b'] },
    ]);
  });

  it('takes no sum of two parts that do not depend on each other, and no shortcut that is broadcast', () => {
    const model = graph()
      .input('x', 'float32', ['n', 2])
      .gemm({ inputs: 2, outputs: 2, name: 'a', from: 'x', to: 'va' })
      .gemm({ inputs: 2, outputs: 2, name: 'b', from: 'x', to: 'vb' })
      .node('Add', ['va', 'vb'], {}, ['s'], { name: 'sum' })
      .gemm({ inputs: 2, outputs: 1, name: 'c', from: 's', to: 'vc' })
      .gemm({ inputs: 1, outputs: 2, name: 'd', from: 'vc', to: 'vd' })
      .node('Add', ['vc', 'vd'], {}, ['t'], { name: 'wide' })
      .relu({ from: 't' })
      .output()
      .build();
    expect(residualBlocks(model)).toEqual([]);
  });

  it('keeps what others need too', () => {
    const model = graph()
      .input('x', 'float32', ['n', 2])
      .gemm({ inputs: 2, outputs: 2, name: 'a', from: 'x', to: 'va' })
      .gemm({ inputs: 2, outputs: 2, name: 'b', from: 'va', to: 'vb' })
      .node('Add', ['x', 'vb'], {}, ['s'], { name: 'sum' })
      .relu({ from: 's', to: 'y' })
      .output('y')
      .output('va')
      .build();
    expect(residualBlocks(model)).toEqual([{ name: 'sum', shortcut: 0, nodes: ['b'] }]);
  });
});

describe('withoutBlocks', () => {
  it('lets the shortcut pass, also through a block that went before', async () => {
    const model = twoBlocks();
    const bare = graph()
      .input('x', 'float32', ['n', 2])
      .gemm({ inputs: 2, outputs: 2, name: 'first', bias: false, weight: [1, 0, 0, 1] })
      .relu()
      .gemm({ inputs: 2, outputs: 1, name: 'head', bias: false, weight: [1, 1], to: 'y' })
      .output('y', 'float32', ['n', 1])
      .build();
    const cut = withoutBlocks(model, residualBlocks(model));
    expect(cut.graph.nodes.map(({ name }) => name)).toEqual(['first', expect.stringContaining('relu'), 'head']);
    await expectEqual(runner, bare, cut);
  });
});

describe('pruneBlocks', () => {
  it('takes the block first whose absence changes the output least', async () => {
    // MACs: first 4, a 4, b 4, head 2; without a the output is 1/1.1 of what it was, without b half.
    const { model, result } = await prune(twoBlocks(), { target: { macs: 10 / 14 } });
    expect(model.graph.nodes.map(({ name }) => name)).not.toContain('a');
    expect(model.graph.nodes.map(({ name }) => name)).toContain('b');
    expect(result.macs).toEqual({ before: 14, after: 10 });
    expect(result.layers).toEqual([{ name: 'a', op: 'Gemm', sparsity: 1, channels: { before: 2, after: 0 } }]);
  });

  it('says how far it gets, that there is nothing, and what the recipe leaves out', async () => {
    await expect(prune(twoBlocks(), { target: { macs: 0.2 } })).rejects.toThrow(
      /Without any of its 2 blocks the model keeps 42.9 % of its MACs, the target is 20.0 %/,
    );
    const plain = graph().input('x', 'float32', ['n', 2]).gemm({ inputs: 2, outputs: 1 }).output().build();
    await expect(prune(plain, { target: { macs: 0.5 } })).rejects.toThrow(/no residual blocks/);
    const { result } = await prune(twoBlocks(), { target: { macs: 10 / 14 }, exclude: ['a'] });
    expect(result.frozen).toEqual([{ name: 'sum_a', reason: 'left out by the recipe' }]);
    expect(result.layers.map(({ name }) => name)).toEqual(['b']);
  });
});

describe('the score of what repair does not bring back', () => {
  /** x → first → + b: 0.4 of what is above zero → + a: twice the stream, which the head behind it can be told to do → head. */
  const linearAndNot = (): Model =>
    graph()
      .input('x', 'float32', ['n', 2])
      .gemm({ inputs: 2, outputs: 2, name: 'first', weight: [1, 0, 0, 1], to: 's0' })
      .relu({ from: 's0', to: 'r' })
      .gemm({ inputs: 2, outputs: 2, name: 'b', bias: false, weight: [0.4, 0, 0, 0.4], from: 'r', to: 'fb' })
      .node('Add', ['s0', 'fb'], {}, ['s1'], { name: 'sum_b' })
      .gemm({ inputs: 2, outputs: 2, name: 'a', bias: false, weight: [2, 0, 0, 2], from: 's1', to: 'fa' })
      .node('Add', ['s1', 'fa'], {}, ['s2'], { name: 'sum_a' })
      .gemm({ inputs: 2, outputs: 2, name: 'head', weight: [1, 0, 0, 1], from: 's2', to: 'y' })
      .output('y', 'float32', ['n', 2])
      .build();

  const goneOf = async (score: string): Promise<readonly string[]> => {
    const random = seededRandom(3);
    const data = Float32Array.from({ length: 200 }, () => random() * 4 - 2);
    async function* many(): AsyncGenerator<HostTensors> {
      await Promise.resolve();
      yield { x: { dtype: 'float32', dims: [100, 2], data } };
    }
    const step = pruneStepSchema.parse({ structure: 'block', score, target: { macs: 0.8 } }) as BlockPruning;
    const { result } = await pruneBlocks(linearAndNot(), step, { runner, calibration: many }, quietContext());
    return result.layers.map(({ name }) => name);
  };

  it('takes the block that the layer behind can stand in for, though its absence changes more', async () => {
    expect(await goneOf('output')).toEqual(['b']);
    expect(await goneOf('repaired')).toEqual(['a']);
  });
});
