import { describe, expect, it } from 'vitest';
import { placeLabels } from '../../../../../renderer/tasks/tradeoff/labels.ts';

const AREA = { left: 0, right: 400, top: 0, bottom: 300 };

describe('placeLabels', () => {
  it('stands right above a lonely mark', () => {
    expect(placeLabels([{ id: 'a', x: 100, y: 100, text: 'abc' }], AREA).get('a')).toEqual({
      x: 109,
      y: 92,
      anchor: 'start',
    });
  });

  it('turns to the left at the right edge', () => {
    expect(placeLabels([{ id: 'a', x: 390, y: 100, text: 'abc' }], AREA).get('a')?.anchor).toBe('end');
  });

  it('lets two close marks not cover each other’s names', () => {
    const places = placeLabels(
      [
        { id: 'a', x: 100, y: 100, text: 'Baseline' },
        { id: 'b', x: 130, y: 101, text: 'Prune 50 %' },
      ],
      AREA,
    );
    expect(places.get('a')).toMatchObject({ x: 109, y: 92, anchor: 'start' });
    expect(places.get('b')).toMatchObject({ x: 139, y: 117, anchor: 'start' });
  });

  it('leaves a name out where there is no room', () => {
    const crowd = Array.from({ length: 8 }, (_, i) => ({ id: String(i), x: 100, y: 100, text: 'a long name' }));
    const places = [...placeLabels(crowd, AREA).values()];
    expect(places.filter((place) => place !== null)).toHaveLength(4);
  });
});
