import { SegmentedControl } from '@mantine/core';
import { useCallback, useState } from 'react';
import type { ReactNode } from 'react';
import { formatCount, formatNumber } from '../../../main/judge/format.ts';
import { Canvas, type CanvasFrame } from '../Canvas.tsx';

interface TensorHistogramProps {
  readonly histogram: { readonly min: number; readonly max: number; readonly counts: readonly number[] };
  readonly name: string;
}

const HEIGHT = 320;

/** How often each value occurs; counts linear, or logarithmic so that thin tails are seen. */
export function TensorHistogram({ histogram, name }: TensorHistogramProps): ReactNode {
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const { min, max, counts } = histogram;
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const draw = useCallback(
    ({ context, width, height, colors }: CanvasFrame) => {
      const place = (count: number): number =>
        scale === 'linear' ? count / most : Math.log1p(count) / Math.log1p(most);
      const step = width / counts.length;
      context.fillStyle = colors.primary;
      for (const [index, count] of counts.entries()) {
        const size = count === 0 ? 0 : Math.max(1, place(count) * (height - 18));
        context.fillRect(index * step, height - 16 - size, Math.max(1, step - 1), size);
      }
      context.fillStyle = colors.muted;
      context.font = '11px "Inter Variable", sans-serif';
      context.fillText(formatNumber(min), 0, height - 3);
      context.textAlign = 'right';
      context.fillText(formatNumber(max), width, height - 3);
      if (min < 0 && max > 0) {
        const zero = (-min / (max - min)) * width;
        context.fillRect(zero, 0, 1, height - 16);
        context.textAlign = 'center';
        context.fillText('0', zero, height - 3);
      }
    },
    [counts, min, max, most, scale],
  );
  return (
    <>
      <SegmentedControl
        aria-label="Counts"
        value={scale}
        onChange={(value) => setScale(value as typeof scale)}
        data={[
          { value: 'linear', label: 'Linear counts' },
          { value: 'log', label: 'Logarithmic' },
        ]}
        mb="sm"
      />
      <Canvas
        label={`Histogram of ${name}: ${counts.length} bins from ${formatNumber(min)} to ${formatNumber(max)}, at most ${formatCount(most)} in one`}
        canvasHeight={HEIGHT}
        draw={draw}
      />
    </>
  );
}
