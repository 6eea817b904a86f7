import { describe, expect, it } from 'vitest';
import { differenceFrom } from '../../../../../renderer/tasks/compare/model.ts';
import type { CompareRow } from '../../../../../renderer/tasks/compare/model.ts';
import { diffOverlays } from '../../../../../renderer/tasks/compare/diff-looks.ts';
import { partnerGroup } from '../../../../../renderer/tasks/compare/linked.ts';
import { buildScopeTree, groupsIn } from '../../../../../renderer/viz/graph/scope-tree.ts';
import type { SourceNode } from '../../../../../renderer/viz/graph/graph-source.ts';

const node = (name: string): SourceNode => ({
  name,
  op: 'Conv',
  category: 'layer',
  part: 'other',
  scope: name.split('/').slice(0, -1).join('/'),
  parent: null,
  inputs: [],
  outputs: [],
  rows: [],
});
const tree = (names: readonly string[]) => buildScopeTree({ nodes: names.map(node) });

describe('the group of the other model', () => {
  const own = tree(['stage/a', 'stage/b', 'head']);
  const group = groupsIn(own).get('stage')!;
  const to = (map: Readonly<Record<string, string>>) => (layer: string) =>
    map[layer] === undefined ? [] : [map[layer]];

  it('is the one of the same name', () => {
    expect(partnerGroup(group, tree(['stage/x', 'stage/y', 'z']), to({}))).toBe('stage');
  });

  it('or else the smallest around the partners of its layers', () => {
    const other = tree(['features/0/a', 'features/0/b', 'features/1/c', 'features/1/d']);
    expect(partnerGroup(group, other, to({ 'stage/a': 'features/0/a', 'stage/b': 'features/0/b' }))).toBe('features/0');
    expect(partnerGroup(group, other, to({ 'stage/a': 'features/0/a', 'stage/b': 'features/1/c' }))).toBe('features');
  });

  it('and none where that holds far more, or there is none', () => {
    const large = tree(Array.from({ length: 9 }, (_, at) => `all/${at}`));
    expect(partnerGroup(group, large, to({ 'stage/a': 'all/0', 'stage/b': 'all/8' }))).toBeUndefined();
    expect(partnerGroup(group, tree(['a', 'b']), to({ 'stage/a': 'a', 'stage/b': 'b' }))).toBeUndefined();
  });
});

describe('looks', () => {
  const statuses: Readonly<Record<string, CompareRow['status']>> = {
    'stage/a': 'same',
    'stage/b': 'changed',
    'gone/a': 'removed',
    'gone/b': 'removed',
  };
  const looks = diffOverlays(
    (layer) => ({
      status: statuses[layer]!,
      weights: layer === 'stage/b' ? { relative: 0.1, sqnrDb: 20, scaled: false } : null,
    }),
    tree(Object.keys(statuses)),
  );

  it('say how far weights are apart, and of groups how many layers differ', () => {
    expect(looks.get('stage/b')!.text).toBe('≠ 20 dB');
    expect(looks.get('stage')!.text).toBe('≠ 1 of 2');
    expect(looks.get('gone')).toMatchObject({ text: 'only A', cut: 'hole' });
    expect(looks.get('stage/a')).toMatchObject({ text: '=', fill: null });
  });
});

describe('the next difference', () => {
  const rows = (['same', 'changed', 'same', 'added'] as const).map((status, at) => ({ key: `${at}`, status }));
  const from = (at: number, by: 1 | -1) => differenceFrom(rows as unknown as CompareRow[], at, by)?.key;

  it('goes round at the ends, from before all or from the selected one', () => {
    expect([from(-1, 1), from(1, 1), from(3, 1)]).toEqual(['1', '3', '1']);
    expect([from(-1, -1), from(3, -1), from(1, -1)]).toEqual(['3', '1', '3']);
  });

  it('is none where all are the same', () => {
    expect(differenceFrom([rows[0]] as unknown as CompareRow[], -1, 1)).toBeNull();
  });
});
