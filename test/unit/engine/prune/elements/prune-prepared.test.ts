/** Pruning of weights that are not stored as they are used: computed of constants, inside of functions, under shared names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexGraph } from '../../../../../main/engine/graph/index-graph.ts';
import type { Model } from '../../../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../../../main/engine/graph/make.ts';
import { tensorValues } from '../../../../../main/engine/graph/tensor-data.ts';
import { pruneElements, type PrunedModel } from '../../../../../main/engine/prune/elements/prune-elements.ts';
import { startRunner, type Runner } from '../../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../../support/graph-builder.ts';
import { pruneStep } from '../../../../support/recipes.ts';
import { expectEqual, passContext } from '../../passes/expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const prune = (model: Model, sparsity: number, exclude: readonly string[] = []): Promise<PrunedModel> =>
  pruneElements(model, pruneStep({ sparsity, exclude }), passContext(runner));

describe('pruneElements', () => {
  it('prunes what weight_norm makes, not the parts that it is made of', async () => {
    // w = v · g/‖v‖ = [3, −4] · 10/5 = [6, −8] for the one output channel.
    const model = graph()
      .input('x', 'float32', ['N', 2, 4, 4])
      .initializer('v', 'float32', [1, 2, 1, 1], [3, -4])
      .initializer('g', 'float32', [1, 1, 1, 1], [10])
      .node('ReduceL2', ['v'], { axes: [1n, 2n, 3n] }, ['norm'], { name: 'norm' })
      .node('Div', ['v', 'norm'], {}, ['unit'], { name: 'div' })
      .node('Mul', ['unit', 'g'], {}, ['w'], { name: 'mul' })
      .node('Conv', ['x', 'w'], {}, ['y'], { name: 'conv' })
      .output('y')
      .build({ opset: 17 });
    await expectEqual(runner, model, (await prune(model, 0)).model);
    const { model: pruned, result } = await prune(model, 0.5);
    expect(Array.from(tensorValues(indexGraph(pruned.graph).initializer('w')!), Number)).toEqual([
      0,
      expect.closeTo(-8, 5),
    ]);
    expect(result.layers).toEqual([{ name: 'conv', op: 'Conv', sparsity: 0.5, channels: null }]);
    expect(result.parameters).toEqual({ before: 2, after: 1 });
    expect(result.frozen).toEqual([]);
  });

  it('prunes the weights of functions, once for each call, under the name of the call', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .initializer('v', 'float32', [2, 2], [1, 2, 3, 4])
      .initializer('w', 'float32', [2, 2], [5, 6, 7, 8])
      .node('layer', ['x', 'v'], {}, ['h'], { name: 'first', domain: 'my.lib' })
      .node('layer', ['h', 'w'], {}, ['y'], { name: 'second', domain: 'my.lib' })
      .output('y')
      .build({
        opset: 18,
        domains: { 'my.lib': 1 },
        functions: [
          {
            name: 'layer',
            domain: 'my.lib',
            overload: '',
            inputs: ['a', 'w'],
            outputs: ['b'],
            attributeNames: [],
            attributeDefaults: [],
            nodes: [makeNode('MatMul', ['a', 'w'], ['b'], { name: 'product' })],
            opsetImports: [{ domain: '', version: 18, unknown: [] }],
            valueInfos: [],
            docString: '',
            metadata: [],
            unknown: [],
          },
        ],
      });
    await expectEqual(runner, model, (await prune(model, 0)).model);
    const { result, model: pruned } = await prune(model, 0.5, ['second']);
    expect(result.layers.map(({ name, op, sparsity }) => [name, op, sparsity])).toEqual([['first', 'layer', 0.5]]);
    expect(result.frozen).toEqual([{ name: 'second', reason: 'left out by the recipe' }]);
    expect(pruned.functions).toEqual([]);
  });

  it('writes a model of namesakes so that it loads', async () => {
    const model = graph()
      .input('x', 'float32', ['N', 2])
      .matmul({ name: 'same', inputs: 2, outputs: 2 })
      .initializer('w', 'float32', [2, 2], [1, 2, 3, 4])
      .node('MatMul', ['matmul_0', 'w'], {}, ['y'], { name: 'same' })
      .output('y')
      .build();
    const { model: pruned, result } = await prune(model, 0.5);
    expect(result.layers.map(({ name }) => name)).toEqual(['MatMul_0', 'MatMul_1']);
    expect(result.notes[0]).toContain("2 nodes share their name with others ('same')");
    await expectEqual(runner, pruned, pruned);
  });
});
