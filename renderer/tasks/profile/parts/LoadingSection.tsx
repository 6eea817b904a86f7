import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatMs } from '../../../../main/judge/format.ts';
import { loadingSteps } from '../../../../main/judge/profile/loading.ts';
import { barRows } from '../bar-rows.ts';
import { BarTable } from './BarTable.tsx';

/** From the file to the first answer: parsing, the parts of initialising, the first run. */
export function LoadingSection({ profile }: { readonly profile: Profile }): ReactNode {
  const steps = useMemo(() => loadingSteps(profile), [profile]);
  if (steps === null) return null;
  const whole = steps.at(-1)!.ms;
  return (
    <BarTable
      title="Loading and first run"
      rows={barRows(steps)}
      wholeMs={whole}
      wholeName="the time to the first answer"
      fileName="loading"
      note={`the fastest of ${profile.loading!.loads} loads; a later run takes ${formatMs(profile.latency.p50Ms)}`}
    />
  );
}
