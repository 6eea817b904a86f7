import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../../main/engine/graph/make.ts';
import type { Pass } from '../../../../main/engine/passes/pass.ts';
import { removeDeadCode } from '../../../../main/engine/passes/dead-code.ts';
import { runChecked } from '../../../../main/engine/passes/run-checked.ts';
import { defaultOpset } from '../../../../main/engine/passes/upgrade-opset.ts';
import { prepareModel } from '../../../../main/engine/quantize/prepare.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import { graph } from '../../../support/graph-builder.ts';
import { expectEqual, passContext } from '../passes/expect-equal.ts';
import { randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const DIMS = [2, 3, 8, 8];

/** Something for each pass: namesakes, a function, weights that are computed, an old opset, BatchNormalization, dead code. */
function everything(): Model {
  const four = (value: number): Float32Array => new Float32Array(4).fill(value);
  return graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .weights('v', [4, 3, 3, 3])
    .initializer('two', 'float32', [], [2])
    .node('Mul', ['v', 'two'], {}, ['w'], { name: 'double' })
    .node('Conv', ['x', 'w'], {}, ['c'], { name: 'conv' })
    .initializer('gamma', 'float32', [4], four(1.5))
    .initializer('beta', 'float32', [4], four(0.25))
    .initializer('variance', 'float32', [4], four(0.5))
    .node('BatchNormalization', ['c', 'gamma', 'beta', 'beta', 'variance'], {}, ['n'], { name: 'bn' })
    .node('limited', ['n'], {}, ['l'], { name: 'limit', domain: 'my.lib' })
    .relu({ name: 'same', from: 'l', to: 'r' })
    .relu({ name: 'same', from: 'n', to: 'dead' })
    .node('Slice', ['r'], { axes: [2n], starts: [1n], ends: [2n ** 63n - 1n] }, ['y'], { name: 'slice' })
    .output('y')
    .build({
      opset: 9,
      irVersion: 8,
      domains: { 'my.lib': 1 },
      functions: [
        {
          name: 'limited',
          domain: 'my.lib',
          overload: '',
          inputs: ['a'],
          outputs: ['b'],
          attributeNames: [],
          attributeDefaults: [],
          nodes: [makeNode('Clip', ['a'], ['b'], { name: 'clip', attributes: { min: -1, max: 1 } })],
          opsetImports: [{ domain: '', version: 9, unknown: [] }],
          valueInfos: [],
          docString: '',
          metadata: [],
          unknown: [],
        },
      ],
    });
}

describe('prepareModel', () => {
  it('computes what the source computes, and knows what every node stands for', async () => {
    const { model, sources, notes } = await prepareModel(everything(), passContext(runner), quietContext());
    expect(defaultOpset(model)).toBe(13);
    expect(model.graph.nodes.map(({ name, opType }) => [name, opType, sources.get(name) ?? [name]])).toEqual([
      ['conv', 'Conv', ['conv', 'double', 'bn']],
      ['limit/clip', 'Clip', ['limit']],
      ['Relu_4', 'Relu', ['Relu_4']],
      ['slice', 'Slice', ['slice']],
    ]);
    expect(notes).toEqual([
      "2 nodes share their name with others ('same'); each has one of its own now.",
      '1 function call replaced by the nodes of the function.',
      '1 operator on constants computed beforehand.',
      'Rewritten from opset 9 to 13, which quantization needs.',
      '1 BatchNormalization folded into the layer before.',
    ]);
    // The source itself does not load: two nodes of one name.
    const named = {
      ...everything(),
      graph: {
        ...everything().graph,
        nodes: everything().graph.nodes.map((node, at) => ({ ...node, name: `n${at}` })),
      },
    };
    await expectEqual(runner, named, model, randomFeed(DIMS));
  });
});

describe('runChecked', () => {
  const model = (): Model =>
    graph()
      .input('x', 'float32', ['N', 3])
      .relu({ name: 'r', to: 'y' })
      .relu({ name: 'dead', from: 'x' })
      .output('y')
      .build();
  const replace =
    (opType: string): Pass =>
    (before) => ({
      model: {
        ...before,
        graph: { ...before.graph, nodes: before.graph.nodes.map((node) => ({ ...node, opType })) },
      },
      sources: new Map([['r', ['wrong']]]),
      notes: ['done'],
    });

  it.each([
    [
      'changes the results',
      'Abs',
      /^Bad was left out: the model computes something else then; output 'y' differs: .* dB/,
    ],
    ['makes a model that does not load', 'NoSuchThing', /^Bad was left out: .*it does not run/],
  ])('leaves out a pass that %s, and goes on', async (_, opType, note) => {
    const passes = [
      { title: 'Bad', run: replace(opType) },
      { title: 'Good', run: removeDeadCode },
    ];
    const by = { runner, context: quietContext() };
    const result = await runChecked(model(), passes, randomFeed([4, 3]), by);
    expect(result.model.graph.nodes.map(({ name, opType: op }) => [name, op])).toEqual([['r', 'Relu']]);
    expect(result.sources.size).toBe(0);
    expect(result.notes).toEqual([expect.stringMatching(note)]);
  });
});
