import { describe, expect, it } from 'vitest';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { withoutDeadNodes } from '../../../../main/engine/passes/dead-code.ts';
import { nameNodes } from '../../../../main/engine/passes/name-nodes.ts';
import { composeSources, runPasses, type Pass, type PassContext } from '../../../../main/engine/passes/pass.ts';
import { layerNames } from '../../../../main/engine/graph/layers.ts';
import { walkNodes } from '../../../../main/engine/graph/walk.ts';
import { graph } from '../../../support/graph-builder.ts';

const noRuntime: PassContext = {
  runners: { use: () => Promise.reject(new Error('no runner was expected')) },
  signal: new AbortController().signal,
};

describe('passes', () => {
  it('compose their sources: what a later pass says is looked up in what the earlier ones said', () => {
    const first = new Map([
      ['conv', ['conv', 'bn']],
      ['f/a', ['f']],
      ['f/b', ['f']],
    ]);
    const second = new Map([
      ['conv', ['conv', 'relu']],
      ['new', ['f/a', 'f/b']],
    ]);
    expect(composeSources(first, second)).toEqual(
      new Map([
        ['conv', ['conv', 'bn', 'relu']],
        ['f/a', ['f']],
        ['f/b', ['f']],
        ['new', ['f']],
      ]),
    );
  });

  it('run one after the other, each on the model of the one before', async () => {
    const rename =
      (to: string): Pass =>
      (model) => ({ model: { ...model, docString: `${model.docString}${to}` }, sources: new Map(), notes: [to] });
    const result = await runPasses(graph().input('x').relu().output().build(), [rename('a'), rename('b')], noRuntime);
    expect([result.model.docString, result.notes]).toEqual(['ab', ['a', 'b']]);
  });
});

describe('nameNodes', () => {
  const twins = (): Model =>
    graph()
      .input('x')
      .relu({ name: 'same' })
      .relu({ name: 'same' })
      .relu({ name: 'own' })
      .relu({ name: '' })
      .output()
      .build();

  it('gives namesakes and the nameless the name of their layer, and tells of the namesakes', () => {
    const { model, notes } = nameNodes(twins());
    expect(model.graph.nodes.map(({ name }) => name)).toEqual(['Relu_0', 'Relu_1', 'own', 'Relu_3']);
    expect(layerNames(model.graph)).toEqual(layerNames(twins().graph));
    expect(notes).toEqual([`2 nodes share their name with others ('same'); each has one of its own now.`]);
  });

  it('keeps the layers of branches what they were called', () => {
    const branch = (name: string) =>
      graph(name)
        .relu({ from: 'x', to: `${name}_y`, name: 'same' })
        .output(`${name}_y`)
        .buildGraph();
    const model = graph()
      .input('x')
      .input('flag', 'bool', [])
      .node('If', ['flag'], { then_branch: branch('then'), else_branch: branch('else') }, ['y'], { name: 'if' })
      .output('y')
      .build();
    const layers = (of: Model): readonly string[] => [...walkNodes(of)].map(({ layer }) => layer);
    expect(layers(model)).toEqual(['if', 'if/then_branch/same', 'if/else_branch/same']);
    expect(layers(nameNodes(model).model)).toEqual(layers(model));
  });
});

describe('withoutDeadNodes', () => {
  it('keeps what an output depends on, also through a branch, and nothing else', () => {
    const branch = (name: string, value: string) =>
      graph(name)
        .node('Neg', [value], {}, [`${name}_y`])
        .output(`${name}_y`)
        .buildGraph();
    const { graph: before } = graph()
      .input('x', 'float32', [2])
      .input('flag', 'bool', [])
      .weights('used', [2])
      .weights('unused', [2])
      .node('Add', ['x', 'used'], {}, ['captured'], { name: 'kept' })
      .node('Add', ['x', 'unused'], {}, ['nowhere'], { name: 'dead' })
      .node('Relu', ['nowhere'], {}, ['neither'], { name: 'dead too' })
      .node('If', ['flag'], { then_branch: branch('then', 'captured'), else_branch: branch('else', 'x') }, ['y'], {
        name: 'if',
      })
      .output('y')
      .build();
    const after = withoutDeadNodes(before);
    expect(after.nodes.map(({ name }) => name)).toEqual(['kept', 'if']);
    expect(after.initializers.map(({ name }) => name)).toEqual(['used']);
    expect(withoutDeadNodes(after)).toBe(after);
  });
});
