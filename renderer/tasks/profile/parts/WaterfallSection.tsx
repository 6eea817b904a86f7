import { useMemo } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatCount } from '../../../../main/judge/format.ts';
import { waterfallOf, waterfallWords } from '../../../../main/judge/profile/waterfall.ts';
import { barRows } from '../bar-rows.ts';
import { BarTable } from './BarTable.tsx';

/** From the kernels' times to that of an undisturbed run, step by step. */
export function WaterfallSection({ profile }: { readonly profile: Profile }): ReactNode {
  const waterfall = useMemo(() => waterfallOf(profile), [profile]);
  if (waterfall === null) return null;
  return (
    <BarTable
      title="Where a run’s time goes"
      rows={barRows(waterfall.steps)}
      wholeMs={waterfall.wallMs}
      wholeName="the undisturbed run"
      fileName="waterfall"
      note={`means of ${formatCount(waterfall.runs)} profiled runs. ${waterfallWords(waterfall)}`}
    />
  );
}
