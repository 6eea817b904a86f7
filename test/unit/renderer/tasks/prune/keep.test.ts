import { describe, expect, it } from 'vitest';
import { shareByKey } from '../../../../../renderer/tasks/prune/keep.ts';

describe('shareByKey', () => {
  it('moves by one per cent, with Shift by a tenth, and stays between 5 % and everything', () => {
    expect(shareByKey(50, 'ArrowLeft', false)).toBe(49);
    expect(shareByKey(50, 'ArrowRight', true)).toBe(50.1);
    expect(shareByKey(7, 'PageDown', false)).toBe(5);
    expect(shareByKey(50, 'End', false)).toBe(100);
    expect(shareByKey(50, 'a', false)).toBeNull();
  });
});
