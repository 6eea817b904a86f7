import { describe, expect, it } from 'vitest';
import type { BlockPart } from '../../../../main/contract/layer-words.ts';
import { blockName, nameBlocks } from '../../../../renderer/viz/graph/block-names.ts';
import type { SourceNode } from '../../../../renderer/viz/graph/graph-source.ts';
import { buildScopeTree, groupsIn } from '../../../../renderer/viz/graph/scope-tree.ts';

const nodes = (scope: string, parts: readonly BlockPart[]): SourceNode[] =>
  parts.map((part, index) => ({
    name: `${scope}/${index}`,
    op: part,
    category: 'other',
    part,
    scope,
    parent: null,
    inputs: [],
    outputs: [],
    rows: [],
  }));

const nameOf = (parts: readonly BlockPart[]): string | null =>
  blockName(buildScopeTree({ nodes: nodes('', parts) }).children);

describe('a block', () => {
  it.each([
    ['residual', ['convolution', 'activation', 'convolution', 'sum', 'activation']],
    ['bottleneck residual', ['pointwise', 'activation', 'convolution', 'activation', 'pointwise', 'sum']],
    ['inverted residual', ['pointwise', 'activation', 'depthwise', 'activation', 'pointwise', 'sum']],
    ['inverted bottleneck', ['pointwise', 'activation', 'depthwise', 'activation', 'pointwise']],
    ['separable convolution', ['depthwise', 'activation', 'pointwise', 'activation']],
    ['squeeze-and-excitation', ['globalPool', 'pointwise', 'activation', 'pointwise', 'sigmoid', 'gate']],
    ['attention', ['product', 'product', 'product', 'product', 'softmax', 'product', 'product']],
    ['MLP', ['product', 'sum', 'activation', 'product', 'sum']],
    ['gated MLP', ['product', 'product', 'sigmoid', 'gate', 'gate', 'product']],
    ['LSTM cell', ['product', 'sum', 'sigmoid', 'sigmoid', 'sigmoid', 'tanh', 'gate', 'gate', 'sum', 'tanh', 'gate']],
  ] as const)('is named %s by its parts', (name, parts) => {
    expect(nameOf(parts)).toBe(name);
  });

  it('of two layers side by side has no name', () => {
    expect(nameOf(['convolution', 'activation'])).toBe(null);
  });
});

describe('a stage', () => {
  it('is named by the blocks that it holds', () => {
    const residual = ['convolution', 'activation', 'convolution', 'sum', 'activation'] as const;
    const source = [0, 1, 2].flatMap((index) => nodes(`layer1/${index}`, residual));
    const tree = nameBlocks(buildScopeTree({ nodes: [...source, ...nodes('head', ['product', 'other'])] }));
    expect([...groupsIn(tree).values()].map(({ id, what }) => [id, what])).toEqual([
      ['layer1', '3 × residual'],
      ['layer1/0', 'residual'],
      ['layer1/1', 'residual'],
      ['layer1/2', 'residual'],
      ['head', null],
    ]);
  });
});
