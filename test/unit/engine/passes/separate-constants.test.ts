import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { separateConstants } from '../../../../main/engine/passes/separate-constants.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual } from './expect-equal.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

describe('separateConstants', () => {
  it('gives each user of a vector or a filled tensor its own, and leaves matrices shared', async () => {
    const model = graph()
      .input('x', 'float32', [1, 2])
      .weights('bias', [2])
      .weights('matrix', [2, 2])
      .initializer('shape', 'int64', [2], [1n, 2n])
      .node('ConstantOfShape', ['shape'], {}, ['zeros'], { name: 'fill' })
      .node('Gemm', ['x', 'matrix', 'bias'], {}, ['a'], { name: 'first' })
      .node('Add', ['a', 'zeros'], {}, ['b'], { name: 'plus' })
      .node('Gemm', ['b', 'matrix', 'bias'], {}, ['c'], { name: 'second' })
      .node('Sub', ['c', 'zeros'], {}, ['y'], { name: 'minus' })
      .output('y')
      .build();
    const { model: separate } = separateConstants(model);
    const inputs = Object.fromEntries(separate.graph.nodes.map((node) => [node.name, node.inputs]));
    expect(inputs['first']).toEqual(['x', 'matrix', 'bias']);
    expect(inputs['second']).toEqual(['b', 'matrix', 'bias_2']);
    expect(inputs['plus']).toEqual(['a', 'zeros']);
    expect(inputs['minus']).toEqual(['c', 'zeros_2']);
    await expectEqual(runner, model, separate);
  });

  it('gives a model back in which nothing is shared', () => {
    const model = graph().input('x', 'float32', [1, 2]).gemm({ inputs: 2, outputs: 2 }).output().build();
    expect(separateConstants(model).model).toBe(model);
  });
});
