import { SegmentedControl, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Profile } from '../../../../main/contract/results.ts';
import { formatMs, formatNumber } from '../../../../main/judge/format.ts';
import { compareProfiles } from '../../../../main/judge/profile/compare.ts';
import type { ComparedTime } from '../../../../main/judge/profile/compare.ts';
import { EmptyState } from '../../../design/EmptyState.tsx';
import { useTrialProfile } from '../../../state/queries.ts';
import { useReferenceTrial, useShownTrial } from '../../../state/session.ts';
import { LayerName } from '../../../widgets/LayerName.tsx';
import { Loaded } from '../../../widgets/Loaded.tsx';
import type { GridColumn } from '../../../widgets/grid/grid-column.ts';
import { LayerGrid } from './LayerGrid.tsx';
import { RatioPlot } from './RatioPlot.tsx';
import classes from './Sweep.module.css';

const SCALE = [0.25, 4] as const;

type Side = 'a' | 'b';

const COLUMNS: readonly GridColumn<ComparedTime>[] = [
  {
    key: 'name',
    title: 'Name',
    width: 'minmax(170px, 2fr)',
    render: ({ name }) => <LayerName name={name} />,
    value: ({ name }) => name,
  },
  { key: 'op', title: 'Op', width: '100px', render: ({ op }) => op, value: ({ op }) => op },
  side('a', 'Reference'),
  bound('a', 'low'),
  bound('a', 'high'),
  side('b', 'This'),
  bound('b', 'low'),
  bound('b', 'high'),
  {
    key: 'change',
    title: 'Change',
    width: '84px',
    align: 'right',
    unit: 'ms',
    help: 'This median less the reference’s.',
    render: ({ changeMs }) => `${changeMs > 0 ? '+' : ''}${formatMs(changeMs)}`,
    value: ({ changeMs }) => Math.abs(changeMs),
  },
  {
    key: 'ratio',
    title: 'Ratio',
    width: '68px',
    align: 'right',
    render: ({ ratio }) => (ratio === null ? '' : `${formatNumber(ratio)}×`),
    value: ({ ratio }) => ratio,
  },
  {
    key: 'plot',
    title: '¼× to 4×',
    width: 'minmax(110px, 1fr)',
    help: 'The ratio between the bands of both: full where they do not touch.',
    render: (row) => <Plot row={row} />,
  },
  {
    key: 'difference',
    title: 'Told',
    width: '92px',
    help: 'Faster or slower only where the 95 % intervals of the two medians do not touch.',
    render: ({ difference }) => difference,
    value: ({ difference }) => difference,
  },
];

/** The shown profile against that of the baseline, or an imported one against the one measured here. */
export function CompareProfiles({ profile }: { readonly profile: Profile }): ReactNode {
  const trial = useShownTrial();
  const reference = useReferenceTrial();
  const other = useTrialProfile(reference?.id ?? null);
  if (profile.imported === undefined && (reference === undefined || reference.id === trial?.id)) {
    return (
      <EmptyState title="Nothing to compare with">
        Choose a trial beside the baseline in the title bar, or import a trace that was made elsewhere: layers and
        kernels of the two then stand side by side.
      </EmptyState>
    );
  }
  return (
    <Loaded query={other} loading="Fetching the reference’s profile…">
      {(measured) =>
        measured === null ? (
          <EmptyState title={`“${reference?.name ?? 'The reference'}” was not profiled yet`}>
            Show it and measure it: the two are then compared.
          </EmptyState>
        ) : (
          <Compared a={measured} b={profile} name={reference?.name ?? 'reference'} />
        )
      }
    </Loaded>
  );
}

interface ComparedProps {
  readonly a: Profile;
  readonly b: Profile;
  readonly name: string;
}

function Compared({ a, b, name }: ComparedProps): ReactNode {
  const [what, setWhat] = useState<'layers' | 'kernels'>('layers');
  const compared = useMemo(() => compareProfiles(a, b), [a, b]);
  const rows = compared[what];
  const count = (difference: ComparedTime['difference']): number =>
    rows.filter((row) => row.difference === difference).length;
  return (
    <section className={classes['section']} aria-label="Compared profiles">
      <div className={classes['head']}>
        <SegmentedControl
          aria-label="Compare"
          value={what}
          onChange={(value) => setWhat(value as 'layers' | 'kernels')}
          data={[
            { value: 'layers', label: 'Layers' },
            { value: 'kernels', label: 'Kernels' },
          ]}
        />
        <Text>
          Against “{name}”: {count('faster')} faster, {count('slower')} slower, {count('cannot tell')} cannot be told,{' '}
          {count('only in one')} in one of them only
        </Text>
      </div>
      {compared.notes.map((note) => (
        <Text key={note} c="orange">
          {note}
        </Text>
      ))}
      {rows.length === 0 ? (
        <Text className="lap-muted">
          One of the two was made by an older version, which kept no single runs. Measure it again.
        </Text>
      ) : (
        <div className={classes['table']}>
          <LayerGrid
            id={`compare.${what}`}
            title={what === 'layers' ? 'Layers of both' : 'Kernels of both'}
            noun={what}
            fileName={`compared ${what}`}
            columns={COLUMNS}
            rows={rows}
            layerOf={nameOf}
            initialSort={BY_CHANGE}
          />
        </div>
      )}
    </section>
  );
}

const nameOf = (row: ComparedTime): string => row.name;
const BY_CHANGE = { key: 'change', descending: true };

function side(key: Side, title: string): GridColumn<ComparedTime> {
  return {
    key,
    title,
    width: '84px',
    align: 'right',
    unit: 'ms',
    help: 'Median of the profiled runs that were not held up.',
    render: (row) => (row[key] === null ? '–' : formatMs(row[key].p50Ms)),
    value: (row) => row[key]?.p50Ms ?? null,
  };
}

function bound(key: Side, which: 'low' | 'high'): GridColumn<ComparedTime> {
  const of = (row: ComparedTime): number | null => row[key]?.[which === 'low' ? 'lowMs' : 'highMs'] ?? null;
  return {
    key: `${key}.${which}`,
    title: `${key === 'a' ? 'Reference' : 'This'} ${which}`,
    width: '84px',
    align: 'right',
    unit: 'ms',
    help: 'End of the 95 % interval of the median.',
    optional: true,
    render: (row) => (of(row) === null ? '' : formatMs(of(row)!)),
    value: of,
  };
}

/** From the lowest to the highest ratio that the two bands allow. */
function Plot({ row: { a, b, ratio } }: { readonly row: ComparedTime }): ReactNode {
  if (a === null || b === null || ratio === null) return null;
  const known = a.lowMs !== null && a.highMs !== null && b.lowMs !== null && b.highMs !== null && a.lowMs > 0;
  const band = known ? { low: b.lowMs! / a.highMs!, high: b.highMs! / a.lowMs! } : { low: null, high: null };
  return <RatioPlot ratio={{ value: ratio, ...band }} scale={SCALE} />;
}
