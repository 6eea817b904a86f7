import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FunctionDef, Model, Node } from '../../../main/engine/graph/ir.ts';
import { makeNode } from '../../../main/engine/graph/make.ts';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { graph as graphOf } from '../../../main/services/operations/graph-view.ts';
import { layers } from '../../../main/services/operations/layers.ts';
import { picture } from '../../../main/services/operations/picture.ts';
import { layerGraph, pictureGraph } from '../../../renderer/state/graph-of-layers.ts';
import { buildScopeTree, groupsIn } from '../../../renderer/viz/graph/scope-tree.ts';
import { visibleGraph } from '../../../renderer/viz/graph/visible-graph.ts';
import type { VisibleContainer, VisiblePiece } from '../../../renderer/viz/graph/visible-graph.ts';
import { graph } from '../../support/graph-builder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const DOMAIN = 'my.lib';

const define = (
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly Node[],
): FunctionDef => ({
  name,
  domain: DOMAIN,
  overload: '',
  inputs,
  outputs,
  attributeNames: [],
  attributeDefaults: [],
  nodes,
  opsetImports: [
    { domain: '', version: 18, unknown: [] },
    { domain: DOMAIN, version: 1, unknown: [] },
  ],
  valueInfos: [],
  docString: '',
  metadata: [],
  unknown: [],
});

/** y = outer(outer(x)); outer is the relu of inner, inner a product with w. */
function nested(): Model {
  const inner = define('inner', ['a', 'm'], ['p'], [makeNode('MatMul', ['a', 'm'], ['p'], { name: 'product' })]);
  const outer = define(
    'outer',
    ['x', 'm'],
    ['out'],
    [{ ...makeNode('inner', ['x', 'm'], ['h'], { name: 'call' }), domain: DOMAIN }, makeNode('Relu', ['h'], ['out'])],
  );
  return graph()
    .input('x', 'float32', ['N', 3])
    .weights('w', [3, 3])
    .node('outer', ['x', 'w'], {}, ['v'], { name: 'first', domain: DOMAIN })
    .node('outer', ['v', 'w'], {}, ['y'], { name: 'second', domain: DOMAIN })
    .output('y')
    .build({ opset: 18, functions: [outer, inner], domains: { [DOMAIN]: 1 } });
}

test('a function is told at each of its calls, those within it too, with the types and shapes of that call', async () => {
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  writeFileSync(path, encodeModelBytes(nested()));
  const view = await graphOf({ path });
  expect(view.bodies).toEqual(
    ['first', 'second'].flatMap((call) => [
      { holder: call, branch: 'outer', closed: true, inputs: [`${call}/x`, `${call}/m`], outputs: [`${call}/out`] },
      {
        holder: `${call}/outer/call`,
        branch: 'inner',
        closed: true,
        inputs: [`${call}/outer/call/a`, `${call}/outer/call/m`],
        outputs: [`${call}/outer/call/p`],
      },
    ]),
  );
  expect(
    view.nodes.filter(({ name }) => name.startsWith('first')).map(({ name, op, parent }) => [name, op, parent]),
  ).toEqual([
    ['first', 'outer', null],
    ['first/outer/call', 'inner', 'first'],
    ['first/outer/call/inner/product', 'MatMul', 'first/outer/call'],
    ['first/outer/Relu_1', 'Relu', 'first'],
  ]);
  const shapes = new Map(view.values.map(({ name, dtype, shape }) => [name, `${dtype}[${shape?.join()}]`]));
  expect(shapes.get('first/h')).toBe('float32[N,3]');
  expect(shapes.get('second/outer/call/a')).toBe('float32[N,3]');
  // In the graph of layers they are drawn too, where the call is the layer.
  const table = await layers({ path, source: null, sources: null });
  expect(table.names).toEqual(['first', 'second']);
  expect(layerGraph(table, view).nodes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['first', 'second/outer/call/inner/product']),
  );
  expect(pictureGraph(await picture({ path }))).toEqual({ ...layerGraph(table, view), values: [] });
});

test('subgraphs of the nodes of a function are told with it, and see its values', async () => {
  // y = choose(x): x where its sum is above 0, else its negation.
  const branch = (op: string, name: string) => ({
    ...graph().node(op, ['x'], {}, ['r'], { name }).output('r').build().graph,
    inputs: [],
  });
  const choose = define(
    'choose',
    ['x'],
    ['out'],
    [
      makeNode('ReduceSum', ['x'], ['sum'], { name: 'sum', attributes: { keepdims: 0n } }),
      makeNode('Cast', ['sum'], ['above'], { name: 'above', attributes: { to: 9n } }),
      makeNode('If', ['above'], ['out'], {
        name: 'if',
        attributes: { then_branch: branch('Identity', 'same'), else_branch: branch('Neg', 'less') },
      }),
    ],
  );
  const model = graph()
    .input('x', 'float32', [4])
    .node('choose', ['x'], {}, ['y'], { name: 'call', domain: DOMAIN })
    .output('y')
    .build({ opset: 18, functions: [choose], domains: { [DOMAIN]: 1 } });
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const view = await graphOf({ path });
  expect(view.bodies.map(({ holder, branch: part, closed }) => [holder, part, closed])).toEqual([
    ['call', 'choose', true],
    ['call/choose/if', 'then_branch', false],
    ['call/choose/if', 'else_branch', false],
  ]);
  const less = view.nodes.find(({ name }) => name === 'call/choose/if/else_branch/less')!;
  expect([less.op, less.parent, less.inputs, less.outputs]).toEqual(['Neg', 'call/choose/if', ['call/x'], ['call/r']]);
  // They are drawn where the call is the only layer: the branches open in the function, and take its value.
  const drawn = layerGraph(await layers({ path, source: null, sources: null }), view);
  expect(drawn.nodes.map(({ name }) => name)).toContain('call/choose/if/else_branch/less');
  const source = { ...drawn, nodes: drawn.nodes.map((node) => ({ ...node, rows: [] })), edgeLabels: new Map() };
  const tree = buildScopeTree(source);
  const open = new Set(groupsIn(tree).keys());
  const boxes: string[] = [];
  const visible = visibleGraph(source, tree, {
    expanded: open,
    measure: ({ id }) => {
      boxes.push(id);
      return { width: 80, height: 24 };
    },
  });
  expect(boxes).toEqual(expect.arrayContaining(['call/choose/if', 'call/choose/if/else_branch/less']));
  const pieces = (container: VisibleContainer): readonly VisiblePiece[] => [
    ...container.pieces,
    ...container.items.flatMap((item) => (item.kind === 'container' ? pieces(item) : [])),
  ];
  expect(pieces(visible)).toContainEqual(expect.objectContaining({ value: 'call/x', to: less.name }));
});
