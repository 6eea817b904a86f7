import { useMemo, useState } from 'react';
import type { Profile } from '../../../main/contract/results.ts';
import { formatMs } from '../../../main/judge/format.ts';
import { spansOfMedian, spansOfRun } from '../../../main/judge/profile/distribution.ts';
import type { Span } from '../../../main/judge/profile/distribution.ts';

/** Which run the timeline shows. */
export interface ShownRun {
  /** The median of the counted runs, and every run. */
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: string;
  readonly spans: readonly Span[];
  readonly choose: (value: string) => void;
  /** To the next or the one before. */
  readonly step: (by: number) => void;
}

const MEDIAN = 'median';

/** The run that is looked at; another profile begins with its median again. */
export function useShownRun(profile: Profile): ShownRun {
  const [choice, setChoice] = useState<{ readonly of: Profile; readonly value: string } | null>(null);
  const choices = useMemo(() => runChoices(profile), [profile]);
  const chosen = choice?.of === profile ? choice.value : MEDIAN;
  const spans = useMemo(() => {
    const run = profile.runs?.[Number(chosen)];
    return run === undefined ? spansOfMedian(profile) : spansOfRun(run);
  }, [profile, chosen]);
  const choose = (value: string): void => setChoice({ of: profile, value });
  return {
    choices,
    chosen,
    spans,
    choose,
    step: (by) => {
      const at = choices.findIndex(({ value }) => value === chosen) + by;
      const next = choices[Math.min(Math.max(at, 0), choices.length - 1)];
      if (next !== undefined) choose(next.value);
    },
  };
}

const USES = { counted: '', 'warm-up': ', warming up', 'held up': ', held up' } as const;

function runChoices({ runs = [] }: Profile): ShownRun['choices'] {
  const counted = runs.filter(({ use }) => use === 'counted').length;
  return [
    { value: MEDIAN, label: counted > 0 ? `Median of ${counted} runs` : 'Mean of the runs' },
    ...runs.map(({ runUs, use }, place) => ({
      value: String(place),
      label: `Run ${place + 1}: ${formatMs(runUs / 1000)}${place === 0 ? ', first' : USES[use]}`,
    })),
  ];
}
