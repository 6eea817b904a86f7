import { describe, expect, it } from 'vitest';
import { quietContext } from '../../../../../main/base/progress.ts';
import { bestAllocation, fitWeights } from '../../../../../main/engine/prune/structure/finalists.ts';
import type { WidthOption } from '../../../../../main/judge/predict/allocate-losses.ts';

/** Two groups of two atoms, the second of which several layers take: cut to one, each loses 1. */
const OPTIONS = [0, 1].map(() => [
  { width: 1, loss: 1 },
  { width: 2, loss: 0 },
]);

interface Said {
  readonly lossOf: (counts: readonly number[]) => number;
  readonly losses?: readonly (readonly WidthOption[])[];
  readonly quick?: boolean;
}

/** One atom has to go, from where it costs least; of equal losses from the second group. */
async function cheapest(options: readonly (readonly WidthOption[])[]) {
  const [first, second] = options.map((own) => own.find(({ width }) => width === 1)?.loss ?? Infinity);
  const counts = first! < second! ? [1, 2] : [2, 1];
  return { counts: Int32Array.from(counts), meets: Math.min(first!, second!) < Infinity };
}

function best({ lossOf, losses = OPTIONS, quick = true }: Said) {
  const asked: string[] = [];
  const of = (counts: ArrayLike<number>): Promise<number> => {
    asked.push(Array.from(counts).join(' '));
    return Promise.resolve(lossOf(Array.from(counts)));
  };
  const whole = { of, measure: 'divergence', fitted: 8, compared: 4, quick } as const;
  const measured = { options: losses, shared: [false, true], whole };
  return bestAllocation(measured, cheapest, quietContext()).then(({ place, notes }) => ({ place, notes, asked }));
}

describe('bestAllocation', () => {
  it('takes the allocation that loses least as a whole, not by the sum', async () => {
    const { place, notes, asked } = await best({ lossOf: ([first]) => (first === 1 ? 0.5 : 0.75) });
    // By the sum it is the second group's; leaving groups of several layers whole gives the other.
    expect(asked.slice(0, 2)).toEqual(['2 1', '1 2']);
    expect([...place.counts]).toEqual([1, 2]);
    expect(notes).toEqual([
      '2 allocations were cut, each repaired on 8 samples and compared on 4 others: 0.750, 0.500 nats from the whole model; 0.500 was taken; its groups alone add up to 1.00.',
    ]);
  });

  it('stays with the sum where that is right, and measures nothing twice', async () => {
    const { place, asked } = await best({ lossOf: ([first]) => (first === 1 ? 0.75 : 0.5) });
    expect([...place.counts]).toEqual([2, 1]);
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('stays with the sum where others are better by no more than chance', async () => {
    const { place } = await best({ lossOf: ([first]) => (first === 1 ? 0.72 : 0.75) });
    expect([...place.counts]).toEqual([2, 1]);
  });

  it('measures nothing where the target is not met, and says so', async () => {
    const only = OPTIONS.map((own) => own.slice(-1));
    const { place, notes, asked } = await best({ lossOf: () => 0, losses: only });
    expect([place.meets, notes, asked]).toEqual([false, [], []]);
  });

  it('measures two at once, and only after the first ones are placed', async () => {
    let [atWork, most] = [0, 0];
    let placed = 0;
    const of = async (): Promise<number> => {
      expect(placed).toBeGreaterThanOrEqual(3);
      most = Math.max(most, ++atWork);
      await new Promise((resolve) => setImmediate(resolve));
      atWork--;
      return 1;
    };
    const whole = { of, measure: 'divergence', fitted: 8, compared: 4, quick: true } as const;
    const place = (options: readonly (readonly WidthOption[])[]) => (placed++, cheapest(options));
    await bestAllocation({ options: OPTIONS, shared: [false, true], whole }, place, quietContext());
    expect([most, atWork]).toEqual([2, 0]);
  });

  it('ends with the error of one once the other is no longer at work', async () => {
    let done = false;
    const of = async (counts: ArrayLike<number>): Promise<number> => {
      if (counts[0] === 2) throw new Error('the first fails');
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
      return 1;
    };
    const whole = { of, measure: 'divergence', fitted: 8, compared: 4, quick: true } as const;
    const found = bestAllocation({ options: OPTIONS, shared: [false, true], whole }, cheapest, quietContext());
    await expect(found).rejects.toThrow('the first fails');
    expect(done).toBe(true);
  });

  it('passes over outputs that are no numbers', async () => {
    const { place, notes } = await best({ lossOf: ([first]) => (first === 1 ? 0.5 : Infinity), quick: false });
    expect([...place.counts]).toEqual([1, 2]);
    expect(notes[0]).toContain('no number, 0.500 nats');
  });
});

describe('fitWeights', () => {
  it('tells how much both kinds of groups count, by least squares', () => {
    // 1·own + 3·shared throughout.
    const sums = [
      { own: 1, shared: 0 },
      { own: 0, shared: 1 },
      { own: 2, shared: 1 },
    ];
    const measured = sums.map((one) => ({ sums: one, loss: one.own + 3 * one.shared }));
    expect(fitWeights(measured)).toEqual({ own: 0.5, shared: 1.5 });
  });

  it('says the same of both where they cannot be told apart', () => {
    expect(fitWeights([{ sums: { own: 1, shared: 1 }, loss: 5 }])).toEqual({ own: 1, shared: 1 });
    expect(fitWeights([])).toEqual({ own: 1, shared: 1 });
  });

  it('lets neither count more than sixteen times the other', () => {
    const { own, shared } = fitWeights([
      { sums: { own: 1, shared: 0 }, loss: 0 },
      { sums: { own: 0, shared: 1 }, loss: 1 },
    ]);
    expect(shared / own).toBeCloseTo(16, 9);
  });
});
