import { describe, expect, it } from 'vitest';
import type { SourceNode } from '../../../../renderer/viz/graph/graph-source.ts';
import { foldRepeats } from '../../../../renderer/viz/graph/repeats.ts';
import { buildScopeTree, startExpanded, type ScopeItem } from '../../../../renderer/viz/graph/scope-tree.ts';

const node = (name: string, op: string, category: SourceNode['category'] = 'layer'): SourceNode => ({
  name,
  op,
  category,
  part: 'other',
  scope: name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '',
  parent: null,
  inputs: [],
  outputs: [],
  rows: [],
});

const titles = (items: readonly ScopeItem[]): string[] =>
  items.map((item) => (item.kind === 'leaf' ? item.node.op : item.title));

/** A transformer's layers as an exporter writes them. */
const scoped = (layers: number): SourceNode[] =>
  Array.from({ length: layers }, (_, at) => [
    node(`model/layers.${at}/norm`, 'N', 'normalization'),
    node(`model/layers.${at}/attention/q`, 'M'),
    node(`model/layers.${at}/attention/softmax`, 'S', 'activation'),
    node(`model/layers.${at}/mlp`, 'M'),
  ]).flat();

describe('what repeats', () => {
  it('is drawn once, and the others folded behind it', () => {
    const nodes = [node('model/embed', 'G'), ...scoped(400), node('model/head', 'M')];
    const [model] = foldRepeats(buildScopeTree({ nodes })).children;
    expect(model?.kind === 'group' && titles(model.children)).toEqual([
      'G',
      'layers.0',
      'layers.1 … layers.399 (399 alike)',
      'M',
    ]);
    expect(model?.kind === 'group' && model.layers).toBe(1602);
  });

  it('leaves a handful of equal groups beside each other', () => {
    const [model] = foldRepeats(buildScopeTree({ nodes: [...scoped(5), node('model/x', 'X')] })).children;
    expect(model?.kind === 'group' && model.children).toHaveLength(6);
  });

  it('is found without scopes, as the shortest sequence, around what does not repeat', () => {
    const block = ['Conv', 'B', 'Relu', 'Add'];
    const flat = [
      node('stem', 'Stem'),
      ...Array.from({ length: 7 }, (_, at) => block.map((op, k) => node(`n${at}_${k}`, op))).flat(),
      node('head', 'Head'),
    ];
    const items = foldRepeats(buildScopeTree({ nodes: flat })).children;
    expect(titles(items)).toEqual([
      'Stem',
      ...Array.from({ length: 7 }, (_, at) => `${at + 1} of 7: Conv, B, Relu`),
      'Head',
    ]);
    expect(items[1]).toMatchObject({ kind: 'group', layers: 4 });
  });

  it('keeps every layer once, in order, with groups of unique ids', () => {
    const flat = Array.from({ length: 300 }, (_, at) => node(`n${at}`, ['A', 'B', 'C', 'D', 'E'][at % 5]!));
    const tree = foldRepeats(buildScopeTree({ nodes: flat }));
    const ids: string[] = [];
    const names: string[] = [];
    const visit = (item: ScopeItem): void => {
      if (item.kind === 'leaf') names.push(item.id);
      else {
        ids.push(item.id);
        item.children.forEach(visit);
      }
    };
    tree.children.forEach(visit);
    expect(names).toEqual(flat.map(({ name }) => name));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('leaves short lists, and single operators in a row, as they are', () => {
    const row = Array.from({ length: 40 }, (_, at) => node(`r${at}`, 'R'));
    expect(foldRepeats(buildScopeTree({ nodes: row })).children).toHaveLength(40);
    const short = row.slice(0, 20);
    expect(foldRepeats(buildScopeTree({ nodes: short })).children).toHaveLength(20);
  });

  it('gives a large model a first picture of many boxes', () => {
    const tree = foldRepeats(
      buildScopeTree({ nodes: [node('model/embed', 'G'), ...scoped(400), node('model/head', 'M')] }),
    );
    const open = startExpanded(tree);
    expect(open.has('model')).toBe(true);
    expect(open.has('model/layers.0')).toBe(true);
    expect([...open].some((id) => id.includes('…'))).toBe(false);
  });
});
