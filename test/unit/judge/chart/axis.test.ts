import { describe, expect, it } from 'vitest';
import { axisDomain, niceTicks, tickTexts } from '../../../../main/judge/chart/axis.ts';
import { formatMs, formatPercent } from '../../../../main/judge/format.ts';

describe('axisDomain', () => {
  it('leaves room around the values and does not let one error bar rule', () => {
    const [low, high] = axisDomain([
      { value: 1, low: 1, high: 100 },
      { value: 2, low: 2, high: 2 },
    ]);
    expect(low).toBeLessThan(1);
    expect(high).toBeLessThan(3);
  });

  it('copes with one value and with none', () => {
    const [low, high] = axisDomain([{ value: 5, low: 5, high: 5 }]);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
    expect(axisDomain([])).toEqual([0, 1]);
  });
});

describe('ticks', () => {
  it('stand at round steps', () => {
    expect(niceTicks([0.3, 4.2], 5)).toEqual([1, 2, 3, 4]);
    expect(niceTicks([5, 5], 5)).toEqual([5]);
  });

  it('have texts that tell them apart', () => {
    const ticks = niceTicks([0.9538, 0.9552], 4);
    expect([...tickTexts(ticks, formatPercent).values()]).toEqual(['95.4 %', '95.45 %', '95.5 %']);
    expect([...tickTexts([0.5, 1], formatMs).values()]).toEqual(['0.5 ms', '1 ms']);
  });
});
