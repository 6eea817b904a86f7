import { describe, expect, it } from 'vitest';
import type { GraphSource, SourceNode } from '../../../../renderer/viz/graph/graph-source.ts';
import { withParts } from '../../../../renderer/viz/graph/parts.ts';
import { placeContainer } from '../../../../renderer/viz/graph/place-container.ts';
import { sceneOf } from '../../../../renderer/viz/graph/scene.ts';
import type { Scene } from '../../../../renderer/viz/graph/scene.ts';
import {
  bodiesOf,
  buildScopeTree,
  groupsAround,
  startExpanded,
  groupsIn,
} from '../../../../renderer/viz/graph/scope-tree.ts';
import { inputId, isBranchLink, outputId, visibleGraph } from '../../../../renderer/viz/graph/visible-graph.ts';

function layer(name: string, inputs: readonly string[], outputs: readonly string[]): SourceNode {
  const parts = name.split('/');
  const scope = parts.slice(0, -1).join('/');
  return {
    name,
    op: parts.at(-1) ?? '',
    category: 'layer',
    part: 'other',
    scope,
    parent: null,
    inputs,
    outputs,
    rows: [],
  };
}

/** x → stem → [block: a → b] → head → y, with a skip from stem to head. */
const SOURCE: GraphSource = {
  nodes: [
    layer('stem', ['x'], ['s']),
    layer('block/a', ['s'], ['p']),
    layer('block/b', ['p'], ['q']),
    layer('head', ['q', 's'], ['y']),
  ],
  edgeLabels: new Map(),
  inputs: ['x'],
  outputs: ['y'],
  bodies: [],
};
const measure = (): { width: number; height: number } => ({ width: 80, height: 24 });

function scene(expanded: readonly string[], direction: 'down' | 'right' = 'down'): Scene {
  const tree = buildScopeTree(SOURCE);
  const visible = visibleGraph(SOURCE, tree, { expanded: new Set(expanded), measure });
  return sceneOf(placeContainer(visible, direction));
}

describe('the scope tree', () => {
  it('leaves out groups of one layer and joins chains of groups', () => {
    const tree = buildScopeTree({
      nodes: [
        layer('m/enc/0/conv/Conv', [], ['a']),
        layer('m/enc/0/relu/Relu', ['a'], ['b']),
        layer('m/fc/Gemm', ['b'], ['c']),
      ],
    });
    expect([...groupsIn(tree).values()].map((group) => [group.id, group.title, group.layers])).toEqual([
      ['m', 'm', 3],
      ['m/enc/0', 'enc/0', 2],
    ]);
  });

  it('puts the layers of a subgraph in a group beside the layer that holds it', () => {
    const holder = layer('if', ['c'], ['r']);
    const inner = { ...layer('if/then_branch/add', [], ['t']), scope: '', parent: 'if' };
    const other = { ...layer('if/then_branch/mul', ['t'], ['u']), scope: '', parent: 'if' };
    const tree = buildScopeTree({ nodes: [holder, inner, other] });
    expect(groupsAround(tree, 'if/then_branch/add')).toEqual(['if: then_branch']);
  });

  it('links the layer that holds subgraphs to each of them, open or folded', () => {
    const within = (name: string, inputs: readonly string[], outputs: readonly string[]): SourceNode => ({
      ...layer(name, inputs, outputs),
      scope: '',
      parent: 'if',
    });
    const source: GraphSource = {
      nodes: [
        layer('if', ['c'], ['r']),
        within('if/then_branch/add', [], ['t']),
        within('if/then_branch/mul', ['t'], ['u']),
        within('if/else_branch/sub', [], ['v']),
      ],
      edgeLabels: new Map(),
      inputs: ['c'],
      outputs: ['r'],
      bodies: [],
    };
    const linksWith = (expanded: readonly string[]): readonly (readonly [string, readonly string[]])[] => {
      const visible = visibleGraph(source, buildScopeTree(source), { expanded: new Set(expanded), measure });
      const { edges } = sceneOf(placeContainer(visible, 'down'));
      return edges.filter((edge) => isBranchLink(edge.value) && edge.ends).map((edge) => [edge.source, edge.targets]);
    };
    expect(linksWith([])).toEqual([
      ['if', ['if: then_branch']],
      ['if', ['if: else_branch']],
    ]);
    expect(linksWith(['if: then_branch'])).toContainEqual(['if', ['if/then_branch/add']]);
  });

  it('keeps the values of two branches apart, draws what is captured into the frame, and what a body takes and gives', () => {
    const within = (
      name: string,
      parent: string,
      inputs: readonly string[],
      outputs: readonly string[],
    ): SourceNode => ({
      ...layer(name, inputs, outputs),
      scope: '',
      parent,
    });
    const body = (holder: string, branch: string, inputs: readonly string[], outputs: readonly string[]) => ({
      holder,
      branch,
      closed: branch === 'fn',
      inputs,
      outputs,
    });
    const source: GraphSource = {
      nodes: [
        layer('if', ['c'], ['r']),
        within('if/then_branch/add', 'if', ['x'], ['t']),
        within('if/then_branch/mul', 'if', ['t'], ['o']),
        within('if/else_branch/sub', 'if', ['x'], ['t']),
        within('if/else_branch/div', 'if', ['t'], ['o']),
        layer('call', ['r'], ['y']),
        within('call/fn/neg', 'call', ['call/a', 'x'], ['call/b']),
      ],
      edgeLabels: new Map(),
      inputs: ['c', 'x'],
      outputs: ['y'],
      bodies: [
        body('if', 'then_branch', [], ['o']),
        body('if', 'else_branch', [], ['o']),
        body('call', 'fn', ['call/a'], ['call/b']),
      ],
    };
    const tree = buildScopeTree(source);
    const visible = visibleGraph(source, tree, { expanded: new Set(groupsIn(tree).keys()), measure });
    const { boxes, edges } = sceneOf(placeContainer(visible, 'down'));
    const titles = new Map(
      boxes.map(({ box }) => [box.id, box.kind === 'layer' ? box.id : `${box.kind} ${box.title}`]),
    );
    const ends = edges
      .filter(({ value, ends: whole }) => whole && !isBranchLink(value))
      .flatMap(({ source: from, targets }) => targets.map((to) => `${titles.get(from)} > ${titles.get(to)}`));
    expect(ends.sort()).toEqual(
      [
        'input c > if',
        'input x > if/then_branch/add',
        'if/then_branch/add > if/then_branch/mul',
        'if/then_branch/mul > output o',
        'input x > if/else_branch/sub',
        'if/else_branch/sub > if/else_branch/div',
        'if/else_branch/div > output o',
        'if > call',
        'call > output y',
        // A function sees no value around it: "x" in it is another one.
        'input a > call/fn/neg',
        'call/fn/neg > output b',
      ].sort(),
    );
    expect(bodiesOf(tree, 'if')).toEqual(['if: then_branch', 'if: else_branch']);
    expect(bodiesOf(tree, 'call')).toEqual(['call: fn']);
    expect(bodiesOf(tree, 'call/fn/neg')).toEqual([]);
  });

  it('divides a long chain without scopes into some sixty parts, cut where least passes', () => {
    const chain = Array.from({ length: 2050 }, (_, index) => layer(`op_${index}`, [`v${index}`], [`v${index + 1}`]));
    const parts = withParts(buildScopeTree({ nodes: chain })).children;
    expect(parts).toHaveLength(58);
    expect(parts[0]).toMatchObject({ kind: 'group', id: 'layers 1–35', layers: 35 });
    expect(withParts(buildScopeTree({ nodes: chain.slice(0, 160) })).children).toHaveLength(160);
    // A skip from the 30th to the 40th makes the place before the 30th better.
    const skipped = chain.with(39, layer('op_39', ['v39', 'v30'], ['v40']));
    expect(withParts(buildScopeTree({ nodes: skipped })).children[0]).toMatchObject({ id: 'layers 1–30' });
  });

  it('opens everything in a small graph and stays within the budget in a large one', () => {
    const many = Array.from({ length: 400 }, (_, index) => layer(`g${Math.floor(index / 20)}/${index}`, [], []));
    const tree = buildScopeTree({ nodes: many });
    expect(startExpanded(tree).size).toBe(5);
    expect(startExpanded(tree, { allBelow: 1000 }).size).toBe(20);
  });
});

describe('the visible graph', () => {
  it('draws a folded group as one box, its inner edges left out', () => {
    const visible = visibleGraph(SOURCE, buildScopeTree(SOURCE), { expanded: new Set(), measure });
    expect(visible.items.map((item) => item.id)).toEqual([inputId('x'), 'stem', 'block', 'head', outputId('y')]);
    expect(visible.pieces.map(({ from, to }) => [from, to])).toEqual([
      [inputId('x'), 'stem'],
      ['stem', 'block'],
      ['block', 'head'],
      ['stem', 'head'],
      ['head', outputId('y')],
    ]);
  });

  it('cuts an edge that crosses an open frame into a piece outside and a piece inside', () => {
    const visible = visibleGraph(SOURCE, buildScopeTree(SOURCE), { expanded: new Set(['block']), measure });
    const block = visible.items.find((item) => item.kind === 'container');
    expect(block).toMatchObject({ id: 'block', entering: ['s'], leaving: ['q'] });
    expect(block?.kind === 'container' && block.pieces.map(({ from, to }) => [from, to])).toEqual([
      [null, 'block/a'],
      ['block/a', 'block/b'],
      ['block/b', null],
    ]);
    const outside = visible.pieces.find((piece) => piece.value === 's' && piece.to === 'block');
    expect(outside).toMatchObject({ source: 'stem', targets: ['block/a'] });
  });
});

describe('the layout', () => {
  it('puts every layer below those that it reads from, without overlaps', () => {
    const { boxes, frames } = scene(['block']);
    const box = (id: string): { x: number; y: number; width: number; height: number } =>
      boxes.find((candidate) => candidate.box.id === id)!;
    const chain = [inputId('x'), 'stem', 'block/a', 'block/b', 'head', outputId('y')].map((id) => box(id));
    for (const [index, at] of chain.slice(1).entries()) {
      expect(at.y).toBeGreaterThanOrEqual(chain[index]!.y + chain[index]!.height);
    }
    const frame = frames[0]!;
    for (const id of ['block/a', 'block/b']) {
      expect(box(id).x).toBeGreaterThanOrEqual(frame.x);
      expect(box(id).y + box(id).height).toBeLessThanOrEqual(frame.y + frame.height);
    }
  });

  it('joins the pieces of an edge at the frame', () => {
    const { edges, frames } = scene(['block']);
    const frame = frames[0]!;
    const outside = edges.find((edge) => edge.value === 's' && edge.begins && !edge.ends)!;
    const inside = edges.find((edge) => edge.value === 's' && !edge.begins)!;
    expect(outside.points.at(-1)).toBeCloseTo(frame.y, 3);
    expect(outside.points.at(-2)).toBeCloseTo(inside.points[0]!, 3);
    expect(inside.points[1]).toBeCloseTo(frame.y, 3);
  });

  it('runs from left to right when told to', () => {
    const { boxes } = scene([], 'right');
    const x = (id: string): number => boxes.find((candidate) => candidate.box.id === id)!.x;
    expect(x('stem')).toBeLessThan(x('block'));
    expect(x('block')).toBeLessThan(x('head'));
  });
});
