import { expect, it } from 'vitest';
import type { RecordedRun } from '../../../../main/contract/profile-parts.ts';
import { loadingSteps } from '../../../../main/judge/profile/loading.ts';

const loading = { loads: 5, totalMs: 20, parseMs: 3, initialiseMs: 15, optimiseMs: 9, prepackMs: 2 };

it('adds up to the session and to the first answer', () => {
  const first = {
    use: 'warm-up' as const,
    wallUs: null,
    runUs: 4000,
    executeUs: null,
    kernels: [],
    startsUs: [],
    durationsUs: [],
    ownUs: [],
  } satisfies RecordedRun;
  const steps = loadingSteps({ loading, runs: [first] })!;
  expect(steps.map(({ part, ms }) => [part, ms])).toEqual([
    ['parse', 3],
    ['optimise', 9],
    ['prepack', 2],
    ['rest', 4],
    ['call', 2],
    ['load', 20],
    ['first', 4],
    ['answer', 24],
  ]);
});

it('leaves open what the runtime could not be brought to tell', () => {
  const steps = loadingSteps({ loading: { ...loading, optimiseMs: null, prepackMs: null } })!;
  expect(steps.filter(({ unknown }) => unknown).map(({ part }) => part)).toEqual(['optimise', 'prepack']);
  expect(steps.find(({ part }) => part === 'rest')!.ms).toBe(15);
  expect(loadingSteps({ loading: null })).toBe(null);
});
