import { describe, expect, it } from 'vitest';
import {
  findAttribute,
  floatAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  stringsAttribute,
} from '../../../../main/engine/graph/attributes.ts';
import { GraphEditor } from '../../../../main/engine/graph/edit.ts';
import { feedInputs, freeValues, indexGraph } from '../../../../main/engine/graph/index-graph.ts';
import { layerNames, scopeOf } from '../../../../main/engine/graph/layers.ts';
import { makeNode, makeTensor } from '../../../../main/engine/graph/make.ts';
import { mapTensors, walkTensors } from '../../../../main/engine/graph/tensors.ts';
import { validateModel } from '../../../../main/engine/graph/validate.ts';
import { walkNodes } from '../../../../main/engine/graph/walk.ts';
import { graph } from '../../../support/graph-builder.ts';
import { smallCnn, withBranches, withEverything } from '../../../support/sample-graphs.ts';

describe('layerNames', () => {
  it('are the nodes’ own names where these are unique, else operator and place', () => {
    const { graph: made } = graph()
      .input('x')
      .relu({ name: 'a' })
      .relu({ name: 'twice' })
      .node('Sigmoid', ['x'], {}, ['s'], { name: 'twice' })
      .node('Relu', ['s'])
      .build();
    expect(layerNames(made)).toEqual(['a', 'Relu_1', 'Sigmoid_2', 'Relu_3']);
  });

  it('give way to a node that is really called so', () => {
    const { graph: made } = graph().input('x').node('Relu', ['x']).relu({ name: 'Relu_0' }).build();
    expect(layerNames(made)).toEqual(['Relu_0_2', 'Relu_0']);
  });
});

describe('scopeOf', () => {
  it.each([
    ['/layer1/0/conv1/Conv', 'layer1/0/conv1'],
    ['layer1.0.conv1', 'layer1/0'],
    ['block/conv/Conv2D:0', 'block/conv'],
    ['/Flatten', ''],
    ['Conv_12', ''],
    ['', ''],
    ['a//b', 'a'],
    ['/model/layers.0/attn/MatMul', 'model/layers.0/attn'],
  ])('of %j is %j', (name, scope) => {
    expect(scopeOf(name)).toBe(scope);
  });
});

describe('walkNodes', () => {
  it('visits subgraphs right after the layer that holds them, with unique names', () => {
    const visited = [...walkNodes(withBranches())].map(({ layer, parent, depth }) => [layer, parent, depth]);
    expect(visited).toEqual([
      ['choose', null, 0],
      ['choose/then_branch/Mul_0', 'choose', 1],
      ['choose/else_branch/Add_0', 'choose', 1],
    ]);
  });
});

describe('indexGraph', () => {
  const { graph: made } = smallCnn();
  const index = indexGraph(made);

  it('finds producers, consumers, weights and places', () => {
    expect(index.producer('skip')?.name).toBe('/layer1/0/conv1/Conv');
    expect(index.consumers('skip').map((node) => node.opType)).toEqual(['Relu', 'Add']);
    expect(index.initializer('/layer1/0/conv1/Conv.weight')?.dims).toEqual([4, 3, 3, 3]);
    expect(index.position(made.nodes[2]!)).toBe(2);
    expect([index.isOutput('y'), index.isOutput('skip')]).toEqual([true, false]);
  });

  it('counts what a subgraph captures as used by its node', () => {
    const { graph: main } = withBranches();
    expect(
      indexGraph(main)
        .consumers('two')
        .map((node) => node.name),
    ).toEqual(['choose']);
    expect([...freeValues(graphAttribute(main.nodes[0]!, 'then_branch')!)]).toEqual(['x', 'two']);
  });

  it('feeds only inputs without a default', () => {
    const { graph: old } = graph()
      .input('x')
      .input('w')
      .initializer('w', 'float32', [], [1])
      .addTo('w')
      .output()
      .build();
    expect(feedInputs(old).map((info) => info.name)).toEqual(['x']);
  });
});

describe('attribute accessors', () => {
  const node = makeNode('Op', [], [], { attributes: { i: 3n, f: 0.1, s: 'text', list: [1n, 2n], texts: ['a', 'b'] } });

  it('read values, or the fallback', () => {
    expect(intAttribute(node, 'i')).toBe(3);
    expect(intAttribute(node, 'none', 7)).toBe(7);
    expect(floatAttribute(node, 'f')).toBe(Math.fround(0.1));
    expect(stringAttribute(node, 's', 'x')).toBe('text');
    expect(intsAttribute(node, 'list')).toEqual([1, 2]);
    expect(intsAttribute(node, 'none')).toBeUndefined();
    expect(stringsAttribute(node, 'texts')).toEqual(['a', 'b']);
    expect(findAttribute(node, 'i')).toMatchObject({ type: 'int', value: 3n });
  });

  it('refuse another type', () => {
    expect(() => intAttribute(node, 'f')).toThrow(/attribute 'f' is of type float, expected int/);
  });
});

describe('GraphEditor', () => {
  it('inserts, rewires and keeps the graph valid and the original untouched', () => {
    const model = smallCnn();
    const before = structuredClone(model.graph.nodes.map((node) => node.inputs));
    const editor = new GraphEditor(model.graph);
    const [conv, , second] = model.graph.nodes;
    const scale = editor.freshValue('scale');
    const scaled = editor.freshValue('skip');
    editor.setInitializer(makeTensor(scale, 'float32', [], Float32Array.of(2)));
    editor.insertAfter(
      conv!,
      makeNode('Mul', ['skip', scale], [scaled], { name: editor.freshNode('/layer1/0/conv1/Conv') }),
    );
    editor.replaceUses('skip', scaled);
    editor.replaceNode(second!, { ...second!, opType: 'ConvChanged' });
    const changed = editor.build();
    expect(scaled).toBe('skip_2');
    expect(changed.nodes.map((node) => node.opType)).toEqual([
      'Conv',
      'Mul',
      'Relu',
      'ConvChanged',
      'Add',
      'GlobalAveragePool',
      'Flatten',
    ]);
    expect(changed.nodes[1]!.inputs[0]).toBe('skip');
    expect(changed.nodes[4]!.inputs).toContain('skip_2');
    expect(validateModel({ ...model, graph: changed })).toEqual([]);
    expect(model.graph.nodes.map((node) => node.inputs)).toEqual(before);
  });

  it('renames uses inside subgraphs, except where the name means something else there', () => {
    const model = withBranches();
    const editor = new GraphEditor(model.graph);
    editor.replaceUses('two', 'x');
    const [node] = editor.build().nodes;
    expect(graphAttribute(node!, 'then_branch')!.nodes[0]!.inputs).toEqual(['x', 'x']);
    const shadowing = graph('body')
      .initializer('two', 'float32', [], [3])
      .node('Relu', ['two'], {}, ['r'])
      .output('r')
      .buildGraph();
    const outer = graph()
      .input('c', 'bool', [])
      .node('If', ['c'], { then_branch: shadowing, else_branch: shadowing })
      .output()
      .build();
    const second = new GraphEditor(outer.graph);
    second.replaceUses('two', 'other');
    expect(graphAttribute(second.build().nodes[0]!, 'then_branch')!.nodes[0]!.inputs).toEqual(['two']);
  });

  it('drops initializers that lost their last use, and no others', () => {
    const model = graph()
      .input('x')
      .initializer('unused', 'float32', [], [1])
      .initializer('w', 'float32', [], [1])
      .relu({ to: 'r' })
      .addTo('w')
      .output()
      .build();
    const editor = new GraphEditor(model.graph);
    editor.removeNode(model.graph.nodes[1]!);
    expect(editor.build({ dropUnused: true }).initializers.map((tensor) => tensor.name)).toEqual(['unused']);
  });

  it('refuses nodes of another graph', () => {
    expect(() => new GraphEditor(smallCnn().graph).removeNode(makeNode('Relu', [], []))).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });
});

describe('mapTensors', () => {
  it('reaches every tensor, and shares what did not change', () => {
    const model = withEverything();
    expect(mapTensors(model, (tensor) => tensor)).toBe(model);
    const marked = mapTensors(model, (tensor) => ({ ...tensor, docString: 'seen' }));
    const tensors = [...walkTensors(marked)];
    expect(tensors).toHaveLength([...walkTensors(model)].length);
    expect(tensors.every((tensor) => tensor.docString === 'seen')).toBe(true);
  });
});
