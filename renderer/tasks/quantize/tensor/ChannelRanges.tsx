import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatNumber } from '../../../../main/judge/format.ts';
import { outlierChannels, type ValueRange } from './range-model.ts';
import classes from './tensor.module.css';

interface ChannelRangesProps {
  readonly channels: readonly ValueRange[];
  /** Of all of them. */
  readonly range: ValueRange;
}

/** Outliers that are named before "and so on". */
const NAMED = 6;

/** The range of each channel as a bar; one that is much wider than the others takes their codes away. */
export function ChannelRanges({ channels, range }: ChannelRangesProps): ReactNode {
  const outliers = outlierChannels(channels);
  const [low, high] = [Math.min(range.min, 0), Math.max(range.max, 0)];
  const span = high - low || 1;
  const width = 100 / channels.length;
  const named = outliers.slice(0, NAMED).join(', ');
  return (
    <figure className={classes['channels']}>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Ranges of ${channels.length} channels`}
        className={classes['ranges']}
      >
        {channels.map(({ min, max }, channel) => (
          // Channels have no other identity than their place.
          // oxlint-disable-next-line react/no-array-index-key
          <rect
            key={channel}
            x={channel * width}
            y={((high - max) / span) * 40}
            width={width * 0.86}
            height={Math.max(0.4, ((max - min) / span) * 40)}
            className={classes[outliers.includes(channel) ? 'outlier' : 'channel']}
          >
            <title>{`Channel ${channel}: ${formatNumber(min)} … ${formatNumber(max)}`}</title>
          </rect>
        ))}
      </svg>
      <Text className="lap-muted" component="figcaption">
        {channels.length} channels;{' '}
        {outliers.length === 0
          ? 'none much wider than the others'
          : `${outliers.length} over three times as wide as the middle one: ${named}${outliers.length > NAMED ? ' …' : ''}`}
      </Text>
    </figure>
  );
}
