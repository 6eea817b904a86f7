import { describe, expect, it } from 'vitest';
import { composeLineage, type KeptChannels } from '../../../../main/engine/prune/lineage.ts';
import { graph } from '../../../support/graph-builder.ts';

const model = (name: string) => graph(name).input('x', 'float32', [1, 6]).relu({ to: 'y' }).output('y').build();
const kept = (axis: number, ...indices: number[]): KeptChannels => ({ axis, indices: Uint32Array.from(indices) });

describe('composeLineage', () => {
  it('counts channels of the later pruning among those that the earlier one left', () => {
    const [first, second] = [model('first'), model('second')];
    const earlier = { before: first, kept: new Map([['a', [kept(1, 0, 2, 5)]], ['b', [kept(1, 1)]]]) }; // prettier-ignore
    const later = { before: second, kept: new Map([['a', [kept(1, 0, 2), kept(2, 3)]], ['c', [kept(1, 4)]]]) }; // prettier-ignore
    const { before, kept: composed } = composeLineage(earlier, later);
    expect(before).toBe(first);
    expect(composed).toEqual(
      new Map([
        ['a', [kept(1, 0, 5), kept(2, 3)]],
        ['b', [kept(1, 1)]],
        ['c', [kept(1, 4)]],
      ]),
    );
  });

  it('is the later one where nothing was pruned before', () => {
    const later = { before: model('first'), kept: new Map([['a', [kept(1, 3)]]]) };
    expect(composeLineage(undefined, later)).toBe(later);
  });
});
