import { describe, expect, it } from 'vitest';
import type { RecordedRun } from '../../../../main/contract/profile-parts.ts';
import { waterfallOf } from '../../../../main/judge/profile/waterfall.ts';
import { latency } from '../predict/cases.ts';

function run(
  kernels: readonly (readonly [start: number, duration: number, own?: number])[],
  rest: Partial<RecordedRun>,
): RecordedRun {
  return {
    use: 'counted',
    wallUs: 1000,
    runUs: 900,
    executeUs: 800,
    kernels: kernels.map((_, at) => at),
    startsUs: kernels.map(([start]) => start),
    durationsUs: kernels.map(([, duration]) => duration),
    ownUs: kernels.map(([, duration, own]) => own ?? duration),
    ...rest,
  };
}

const msOf = (runs: readonly RecordedRun[], p50Ms = 0.9) =>
  Object.fromEntries(
    waterfallOf({ runs: [...runs], latency: latency(p50Ms) })!.steps.map(({ part, ms }) => [part, ms]),
  );

describe('waterfallOf', () => {
  it('adds up from kernels to the undisturbed run', () => {
    const steps = msOf([
      run(
        [
          [50, 300],
          [400, 200],
        ],
        {},
      ),
    ]);
    expect(steps['kernels']).toBeCloseTo(0.5);
    expect(steps['gaps']).toBeCloseTo(0.3);
    expect(steps['session']).toBeCloseTo(0.1);
    expect(steps['call']).toBeCloseTo(0.1);
    expect(steps['profiled']).toBeCloseTo(1);
    expect(steps['recording']).toBeCloseTo(-0.1);
    expect(steps['wall']).toBe(0.9);
    expect('overlap' in steps).toBe(false);
  });

  it('takes kernels that ran side by side once', () => {
    // 0…300 and 200…500: 600 µs of kernels in 500 µs
    const steps = msOf([
      run(
        [
          [0, 300],
          [200, 300],
        ],
        {},
      ),
    ]);
    expect(steps['kernels']).toBeCloseTo(0.6);
    expect(steps['overlap']).toBeCloseTo(-0.1);
    expect(steps['gaps']).toBeCloseTo(0.3);
  });

  it('counts a loop’s body once, within the loop', () => {
    const steps = msOf([
      run(
        [
          [0, 500, 100],
          [50, 400],
        ],
        {},
      ),
    ]);
    expect(steps['kernels']).toBeCloseTo(0.5);
    expect(steps['gaps']).toBeCloseTo(0.3);
  });

  it('leaves out runs that warmed up or were held up', () => {
    const steps = msOf([run([[0, 100]], {}), run([[0, 700]], { use: 'held up' }), run([[0, 700]], { use: 'warm-up' })]);
    expect(steps['kernels']).toBeCloseTo(0.1);
  });

  it('sums to the total whatever the runs', () => {
    const runs = [
      run(
        [
          [0, 333],
          [100, 77],
          [600, 13],
        ],
        { wallUs: 1511, runUs: 1204, executeUs: null },
      ),
      run([[5, 1]], { wallUs: null }),
    ];
    const { steps, wallMs } = waterfallOf({ runs, latency: latency(2) })!;
    let sum = 0;
    for (const { ms, isTotal } of steps) {
      if (isTotal) expect(sum).toBeCloseTo(ms, 9);
      else sum += ms;
    }
    expect(sum).toBeCloseTo(wallMs, 9);
  });

  it('says whether the end agrees with the latency that is quoted', () => {
    const runs = [run([[0, 100]], {})];
    const before = { ...latency(2), p50LowMs: 1.9, p50HighMs: 2.1 };
    const check = (p50: number) =>
      waterfallOf({ runs, latency: before, recheck: { ...latency(p50), p50LowMs: p50 - 0.1, p50HighMs: p50 + 0.1 } })!
        .check!;
    expect(check(2.15)).toMatchObject({ agrees: true });
    expect(check(2.15).drift).toBeCloseTo(0.075);
    expect(check(3).agrees).toBe(false);
  });

  it('ends with the profiled run where the trace was made elsewhere', () => {
    const { steps, wallMs } = waterfallOf({
      runs: [run([[0, 100]], {})],
      latency: latency(9),
      imported: 'trace.json',
    })!;
    expect(steps.at(-1)).toMatchObject({ part: 'profiled' });
    expect(wallMs).toBeCloseTo(1);
  });

  it('has nothing to say of a profile without runs', () => {
    expect(waterfallOf({ latency: latency(1) })).toBe(null);
  });
});
