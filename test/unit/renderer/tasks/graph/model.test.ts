import { describe, expect, it } from 'vitest';
import type { GraphNode, GraphView } from '../../../../../main/contract/studio.ts';
import { boxOverlays, dataDomain, overlayColor, recipeMarks } from '../../../../../renderer/tasks/graph/model.ts';
import { drawnGraph, edgeWeights } from '../../../../../renderer/widgets/graph/drawn-graph.ts';
import { neighbours } from '../../../../../renderer/widgets/graph/graph-key.ts';
import type { OverlayData } from '../../../../../renderer/state/overlay.ts';
import { metricScale } from '../../../../../renderer/viz/color-maps.ts';
import { buildScopeTree } from '../../../../../renderer/viz/graph/scope-tree.ts';

function node(name: string, op: string, inputs: readonly string[], outputs: readonly string[]): GraphNode {
  const scope = name.split('/').slice(0, -1).join('/');
  return {
    name,
    op,
    domain: '',
    category: 'other',
    part: 'other',
    brings: op === 'Constant' ? 'constant' : null,
    scope,
    parent: null,
    inputs: [...inputs],
    outputs: [...outputs],
    weights: [],
    attributes: [],
  };
}

const VIEW: GraphView = {
  nodes: [
    node('shape', 'Constant', [], ['c']),
    {
      ...node('g/conv', 'Conv', ['x'], ['a']),
      weights: [{ role: 'W', tensor: 'w', dtype: 'float32', shape: [8, 3, 3, 3], bytes: 864 }],
      attributes: [
        { name: 'strides', type: 'ints', text: '[1, 1]' },
        { name: 'kernel_shape', type: 'ints', text: '[3, 3]' },
        { name: 'pads', type: 'ints', text: '[1, 1, 1, 1]' },
      ],
    },
    node('g/relu', 'Relu', ['a'], ['b']),
    node('reshape', 'Reshape', ['b', 'c'], ['y']),
  ],
  values: [{ name: 'a', dtype: 'float32', shape: ['N', 8, 30, 30] }],
  inputs: ['x'],
  outputs: ['y'],
  bodies: [],
};
const ROWS = { showNames: false, showAttributes: false, showWeights: true };

function overlay(metric: OverlayData['metric'], values: readonly (readonly [string, number | string])[]): OverlayData {
  return {
    metric,
    title: metric,
    unit: metric === 'time' ? 'ms' : '',
    source: '',
    predicted: false,
    values: new Map(values),
    lowIsBad: metric === 'error',
  };
}

describe('what is drawn of a model', () => {
  it('draws no boxes for constants, and the shape on the edge', () => {
    const { source, standIns } = drawnGraph(VIEW, ROWS);
    expect(source.nodes.map((drawn) => drawn.name)).toEqual(['g/conv', 'g/relu', 'reshape']);
    expect(source.edgeLabels.get('a')).toBe('N×8×30×30');
    expect(standIns.get('shape')).toBe('reshape');
  });

  it('shows weights and telling attributes, and all attributes when asked', () => {
    expect(drawnGraph(VIEW, ROWS).source.nodes[0]?.rows).toEqual([
      { label: 'W', text: '⟨8×3×3×3⟩' },
      { label: 'kernel_shape', text: '[3, 3]' },
    ]);
    expect(drawnGraph(VIEW, { ...ROWS, showAttributes: true }).source.nodes[0]?.rows).toHaveLength(4);
    expect(drawnGraph(VIEW, { ...ROWS, showWeights: false }).source.nodes[0]?.rows).toEqual([]);
  });

  it('draws a dequantized weight as a line of its reader, a dequantized activation as a box', () => {
    const weights = [{ role: 'x', tensor: 'wq', dtype: 'int8', shape: [8, 3], bytes: 24 }];
    const view: GraphView = {
      nodes: [
        { ...node('wdq', 'DequantizeLinear', ['wq', 's'], ['w']), weights, brings: 'weight' },
        node('xdq', 'DequantizeLinear', ['xq', 's'], ['xf']),
        node('fc', 'MatMul', ['xf', 'w'], ['y']),
      ],
      values: [],
      inputs: ['xq'],
      outputs: ['y'],
      bodies: [],
    };
    const { source, standIns } = drawnGraph(view, ROWS);
    expect(source.nodes.map((drawn) => drawn.name)).toEqual(['xdq', 'fc']);
    expect(source.nodes[1]?.rows).toEqual([{ label: 'int8', text: '⟨8×3⟩' }]);
    expect(standIns.get('wdq')).toBe('fc');
  });

  it('knows the neighbours of a layer, constants left out', () => {
    expect(neighbours(VIEW, 'g/relu')).toEqual({ before: ['g/conv'], after: ['reshape'] });
    expect(neighbours(VIEW, 'reshape').before).toEqual(['g/relu']);
  });
});

describe('the overlay', () => {
  const tree = buildScopeTree(drawnGraph(VIEW, ROWS).source);

  it('adds the times of a group up', () => {
    const boxes = boxOverlays(
      overlay('time', [
        ['g/conv', 1.5],
        ['g/relu', 0.5],
      ]),
      tree,
      { kind: 'linear', domain: null },
    );
    expect(boxes.get('g')?.text.replace(' ', ' ')).toBe('2 ms');
    expect(boxes.get('reshape')).toBe(undefined);
  });

  it('gives a group the worst error of its layers', () => {
    const boxes = boxOverlays(
      overlay('error', [
        ['g/conv', 40],
        ['g/relu', 12],
      ]),
      tree,
      { kind: 'linear', domain: null },
    );
    expect(boxes.get('g')?.text).toBe('12');
  });

  it('starts amounts at zero, errors at the worst, logarithmic scales at the least above zero', () => {
    const time = overlay('time', [
      ['a', 0],
      ['b', 2],
      ['c', 8],
    ]);
    expect(dataDomain(time, 'linear')).toEqual([0, 8]);
    expect(dataDomain(time, 'log')).toEqual([2, 8]);
    const error = {
      ...overlay('error', [
        ['touched', 28],
        ['not', 369],
      ]),
      bestAt: 60,
    };
    expect(dataDomain(error, 'linear')).toEqual([28, 60]);
    expect(dataDomain({ ...error, values: new Map([['not', 369]]) }, 'linear')).toEqual([369, 369]);
    expect(
      dataDomain(
        overlay('error', [
          ['a', 12],
          ['b', 40],
        ]),
        'linear',
      ),
    ).toEqual([12, 40]);
  });

  it('paints the worst in the bright end, whichever end that is', () => {
    const scale = metricScale('linear', 0, 10);
    const bright = overlayColor(overlay('time', []), scale, 10);
    expect(overlayColor(overlay('error', []), scale, 0)).toBe(bright);
  });

  it('marks what the recipe leaves alone', () => {
    const marks = recipeMarks({ prune: ['fc'], quantize: ['fc', 'conv1'] });
    expect(marks.get('fc')?.map((mark) => mark.text)).toEqual(['float', 'frozen']);
    expect(marks.get('conv1')).toHaveLength(1);
  });
});

describe('edges', () => {
  const value = (name: string, dtype: string | null, shape: (number | string | null)[] | null) => ({
    name,
    dtype,
    shape,
  });
  const view: GraphView = {
    nodes: [],
    values: [
      value('a', 'float32', [1, 1]),
      value('b', 'float32', ['N', 64]),
      value('c', 'int8', [32, 32]),
      value('d', 'string', [3]),
      value('e', null, null),
    ],
    inputs: [],
    outputs: [],
    bodies: [],
  };

  it('are as wide as the logarithm of their bytes', () => {
    // 4, 256 and 1,024 bytes: 2^2, 2^8 and 2^10.
    expect([...edgeWeights(view)].map(([name, weight]) => [name, Math.round(weight * 100) / 100])).toEqual([
      ['a', 0],
      ['b', 0.75],
      ['c', 1],
    ]);
  });

  it('tell their type where it is not that of most', () => {
    expect([...drawnGraph(view, ROWS).source.edgeLabels]).toEqual([
      ['a', '1×1'],
      ['b', 'N×64'],
      ['c', '32×32 int8'],
      ['d', '3 string'],
    ]);
  });
});
