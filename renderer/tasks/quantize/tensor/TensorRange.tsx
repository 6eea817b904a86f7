import { Button, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { TensorValues } from '../../../../main/contract/layer-values.ts';
import { formatCount, formatDb, formatNumber, formatPercent } from '../../../../main/judge/format.ts';
import { ChannelRanges } from './ChannelRanges.tsx';
import { codesFor, rangeEffect, rangeOfCodes, type Codes, type ValueRange } from './range-model.ts';
import { GivenRange } from './GivenRange.tsx';
import { RangePlot } from './RangePlot.tsx';
import classes from './tensor.module.css';

interface TensorRangeProps {
  readonly tensor: TensorValues;
  readonly samples: number;
}

/** One tensor: its values and their codes, what the range clips and wastes, and what another range would do. */
export function TensorRange({ tensor, samples }: TensorRangeProps): ReactNode {
  const { codes, range, histogram, channels, role, name } = tensor;
  const limits = codes ?? { lowest: 0, highest: 255 };
  const byChannel = (codes?.scales.length ?? 0) > 1;
  const own = useMemo(() => ownRange(tensor), [tensor]);
  const [dragged, setDragged] = useState<ValueRange | null>(null);
  const shown = dragged ?? own;
  const current: Codes = dragged === null && codes !== null && !byChannel ? single(codes) : codesFor(shown, limits);
  const effect = rangeEffect(histogram, current);
  const before = rangeEffect(histogram, codes !== null && !byChannel ? single(codes) : codesFor(own, limits));
  const change = effect.sqnrDb - before.sqnrDb;
  return (
    <div className={classes['tensor']}>
      <Text className="lap-muted" title={name}>
        {role === 'weights' ? 'All weights' : `${formatCount(samples)} samples`}, {formatNumber(range.min)} …{' '}
        {formatNumber(range.max)}
        {byChannel && '; each channel has its own scale. Below: one scale for all'}
      </Text>
      <RangePlot
        histogram={histogram}
        range={range}
        own={own}
        shown={shown}
        codes={current}
        counts={effect.counts}
        onDrag={setDragged}
      />
      <dl className={classes['facts']}>
        <dt>Error of rounding</dt>
        <dd>
          {formatDb(effect.sqnrDb)}
          {dragged !== null && (
            <span className={classes[change < 0 ? 'worse' : 'better']}>
              {' '}
              {change < 0 ? '−' : '+'}
              {Math.abs(change).toFixed(1)} dB
            </span>
          )}
        </dd>
        <dt>Codes span</dt>
        <dd>{rangeWords(rangeOfCodes(current))}</dd>
        <dt>Values clipped</dt>
        <dd>{formatPercent(effect.clipped)}</dd>
        <dt title="Codes that none of these values takes">Codes never used</dt>
        <dd>
          {formatPercent(effect.unused)} of {formatCount(effect.levels)}
        </dd>
      </dl>
      {dragged !== null && (
        <Button variant="default" onClick={() => setDragged(null)}>
          Back to the trial’s range
        </Button>
      )}
      {role !== 'weights' && !byChannel && <GivenRange tensor={name} shown={dragged} />}
      {channels.length > 1 && <ChannelRanges channels={channels} range={range} />}
    </div>
  );
}

/** The range that the codes of the trial span; of weights with a scale for each channel that of all. */
function ownRange({ codes, range }: TensorValues): ValueRange {
  if (codes === null) return range;
  if (codes.scales.length > 1) {
    const most = Math.max(Math.abs(range.min), Math.abs(range.max));
    return { min: -most, max: most };
  }
  return rangeOfCodes(single(codes));
}

function single({ scales, zeroPoint, lowest, highest }: NonNullable<TensorValues['codes']>): Codes {
  return { scale: scales[0] ?? 1, zeroPoint, lowest, highest };
}

function rangeWords({ min, max }: ValueRange): string {
  return `${formatNumber(min)} … ${formatNumber(max)}`;
}
