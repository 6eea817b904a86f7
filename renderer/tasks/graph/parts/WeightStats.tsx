import { Button } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconEye } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { TensorStats } from '../../../../main/contract/results.ts';
import type { GraphNode } from '../../../../main/contract/studio.ts';
import { Facts } from '../../../design/Facts.tsx';
import { Histogram } from '../../../design/Histogram.tsx';
import { LoadingState } from '../../../design/LoadingState.tsx';
import { formatBytes, formatCount, formatNumber, formatPercent, formatShape } from '../../../../main/judge/format.ts';
import { useTensorStats } from '../../../state/queries.ts';
import { lookInto } from '../../../state/tensor-view.ts';
import classes from './LayerProperties.module.css';

interface WeightStatsProps {
  readonly trialId: string;
  readonly weight: GraphNode['weights'][number];
  readonly startOpen: boolean;
}

/** A weight: shape, and when open its statistics and histogram, read by the engine then. */
export function WeightStats({ trialId, weight, startOpen }: WeightStatsProps): ReactNode {
  const [open, setOpen] = useState(startOpen);
  return (
    <div className={classes['weight']}>
      <button type="button" className={classes['weightHead']} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <IconChevronDown size={11} /> : <IconChevronRight size={11} />}
        <b>{weight.role}</b>
        <span>
          {weight.dtype} {formatShape(weight.shape)}
        </span>
        <span className={classes['tensor']} title={weight.tensor}>
          {weight.tensor}
        </span>
      </button>
      {open && <Stats trialId={trialId} tensor={weight.tensor} bytes={weight.bytes} />}
    </div>
  );
}

function Stats({ trialId, tensor, bytes }: { trialId: string; tensor: string; bytes: number }): ReactNode {
  const stats = useTensorStats(trialId, tensor);
  if (stats.status === 'pending') return <LoadingState>Reading the weights…</LoadingState>;
  if (stats.status === 'error') return <span className="lap-muted">{stats.error.message}</span>;
  const value = stats.data;
  return (
    <>
      {value.histogram !== null && value.histogram.counts.length > 1 && value.histogram.max > value.histogram.min && (
        <Histogram histogram={value.histogram} label={`Histogram of ${tensor}`} />
      )}
      <Facts
        facts={[
          ['Size', `${formatCount(value.elements)} · ${formatBytes(bytes)}`],
          [
            'Min … max',
            value.min === null || value.max === null ? null : `${formatNumber(value.min)} … ${formatNumber(value.max)}`,
          ],
          ['Mean ± std', value.mean === null ? null : `${formatNumber(value.mean)} ± ${formatNumber(value.std ?? 0)}`],
          ['Zeros', value.elements === 0 ? null : formatPercent(value.zeros / value.elements)],
          ['Not finite', value.nan + value.infinite === 0 ? null : `${value.nan} NaN, ${value.infinite} ±Inf`],
          ['Values', previewOf(value)],
        ]}
      />
      <Button
        variant="default"
        leftSection={<IconEye size={13} />}
        onClick={() => lookInto({ trialId, source: { kind: 'weight', tensor } })}
      >
        Look inside
      </Button>
    </>
  );
}

/** Small tensors are shown whole. */
function previewOf(stats: TensorStats): ReactNode {
  if (stats.preview.length === 0 || stats.elements > 16) return null;
  const text = stats.preview.map((value) => (typeof value === 'number' ? formatNumber(value, 4) : value)).join(', ');
  return <span className="lap-mono">{text}</span>;
}
