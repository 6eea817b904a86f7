import { useCallback, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import type { ErrorTable } from '../../../../main/contract/results.ts';
import { formatDb } from '../../../../main/judge/format.ts';
import { Heading } from '../../../design/Task.tsx';
import { magnitudeMap } from '../../../viz/color-maps.ts';
import { Canvas } from '../../../widgets/Canvas.tsx';
import type { CanvasFrame } from '../../../widgets/Canvas.tsx';
import { channelStrip } from '../heatmap.ts';
import classes from '../QuantizeView.module.css';

const HEIGHT = 34;

export interface ChannelStripProps {
  readonly errors: ErrorTable;
  /** The selected layer, or null. */
  readonly layer: string | null;
}

/** Accumulated SQNR of each channel of the selected layer, one stripe a channel; arrows step through them. */
export function ChannelStrip({ errors, layer }: ChannelStripProps): ReactNode {
  const strip = useMemo(() => (layer === null ? [] : channelStrip(errors, layer)), [errors, layer]);
  const [pointed, setPointed] = useState<number | null>(null);
  const width = useRef(1);
  const draw = useCallback(
    ({ context, width: w, height, colors }: CanvasFrame) => {
      strip.forEach((channel, index) => {
        const left = (index / strip.length) * w;
        context.fillStyle = magnitudeMap(channel.badness);
        context.fillRect(left, 0, Math.max(1, w / strip.length - (strip.length < w / 3 ? 1 : 0)), height);
      });
      if (pointed === null || pointed >= strip.length) return;
      context.strokeStyle = colors.text;
      context.strokeRect((pointed / strip.length) * w + 0.5, 0.5, Math.max(2, w / strip.length - 1), height - 1);
    },
    [strip, pointed],
  );
  const channel = pointed === null ? undefined : strip[pointed];
  const move = (to: number): void => setPointed(Math.min(Math.max(to, 0), strip.length - 1));
  return (
    <section className={classes['channels']} aria-label="Channels">
      <Heading>Channels{layer === null ? '' : ` of ${layer}`}</Heading>
      {strip.length === 0 ? (
        <Text className="lap-muted">
          {layer === null ? 'Pick a layer to see its channels.' : 'This layer’s output has no measured channels.'}
        </Text>
      ) : (
        <>
          <div>
            <Canvas
              label={`Accumulated SQNR of ${strip.length} channels of ${layer}`}
              role="slider"
              aria-valuemin={0}
              aria-valuemax={strip.length - 1}
              aria-valuenow={pointed ?? 0}
              aria-valuetext={channel === undefined ? 'no channel' : `channel ${pointed}: ${formatDb(channel.sqnrDb)}`}
              tabIndex={0}
              canvasHeight={HEIGHT}
              draw={draw}
              onWidth={(value) => {
                width.current = Math.max(1, value);
              }}
              onMouseMove={(event) => move(Math.floor((event.nativeEvent.offsetX / width.current) * strip.length))}
              onMouseLeave={() => setPointed(null)}
              onKeyDown={(event) => {
                if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return;
                event.preventDefault();
                move((pointed ?? -1) + (event.key === 'ArrowRight' ? 1 : -1));
              }}
            />
          </div>
          <Text className="lap-muted">
            {channel === undefined
              ? `${strip.length} channels, accumulated SQNR; worst ${formatDb(Math.min(...strip.map((c) => c.sqnrDb)))}`
              : `Channel ${pointed}: ${formatDb(channel.sqnrDb)}`}
          </Text>
        </>
      )}
    </section>
  );
}
