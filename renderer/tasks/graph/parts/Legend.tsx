import { memo } from 'react';
import type { ReactNode } from 'react';
import { Choice } from '../../../design/Choice.tsx';
import { useOverlayData } from '../../../state/overlay-data.ts';
import { useOverlay } from '../../../state/overlay.ts';
import type { OverlayData } from '../../../state/overlay.ts';
import { useAfterFrame } from '../../../state/use-after-frame.ts';
import { metricScale } from '../../../viz/color-maps.ts';
import { categoryColors, dataDomain, overlayColor } from '../model.ts';
import classes from './Legend.module.css';
import { LimitInput, limitText } from './LimitInput.tsx';

/** What the colours mean: scale, limits, source. Drawn after the graph has its colours. */
export function Legend(): ReactNode {
  const data = useAfterFrame(useOverlayData());
  return data === null ? null : <LegendOf data={data} />;
}

const LegendOf = memo(function LegendOf({ data }: { readonly data: OverlayData }): ReactNode {
  const empty = data.values.size === 0;
  return (
    <section className={classes['legend']} aria-label="Legend">
      <header className={classes['head']}>
        <strong>
          {data.predicted ? '≈ ' : ''}
          {data.title}
        </strong>
        {!empty && data.metric !== 'dtype' && <ScaleChoice />}
      </header>
      {!empty && (data.metric === 'dtype' ? <Categories data={data} /> : <Magnitude data={data} />)}
      <p className={classes['source']}>{empty ? `No values yet: ${data.source}` : data.source}</p>
    </section>
  );
});

function ScaleChoice(): ReactNode {
  const scale = useOverlay((state) => state.scale);
  return (
    <Choice
      aria-label="Colour scale"
      value={scale}
      onChange={(value) => useOverlay.getState().setScale(value)}
      data={[
        { value: 'linear', label: 'linear' },
        { value: 'log', label: 'log' },
      ]}
    />
  );
}

function Magnitude({ data }: { readonly data: OverlayData }): ReactNode {
  const kind = useOverlay((state) => state.scale);
  const chosen = useOverlay((state) => state.domain);
  const own = dataDomain(data, kind);
  const [min, max] = chosen ?? own;
  const scale = metricScale(kind, min, max);
  const stops = Array.from({ length: 17 }, (_, index) => overlayColor(data, scale, scale.valueAt(index / 16)));
  return (
    <>
      <div className={classes['bar']} style={{ background: `linear-gradient(to right, ${stops.join(', ')})` }} />
      <div className={classes['limits']}>
        <LimitInput
          label="Least value of the scale"
          unit={data.unit}
          value={min}
          onChange={(value) => setLimits(value, max)}
        />
        <span className={classes['middle']}>{limitText(scale.valueAt(0.5), data.unit)}</span>
        <LimitInput
          label="Greatest value of the scale"
          unit={data.unit}
          value={max}
          onChange={(value) => setLimits(min, value)}
        />
      </div>
      {chosen !== null && (
        <button type="button" className={classes['reset']} onClick={() => useOverlay.getState().setDomain(null)}>
          Limits from the data
        </button>
      )}
    </>
  );
}

/** Limits the wrong way round mean those of the data. */
function setLimits(min: number, max: number): void {
  useOverlay.getState().setDomain(max > min ? [min, max] : null);
}

function Categories({ data }: { readonly data: OverlayData }): ReactNode {
  return (
    <ul className={classes['categories']}>
      {[...categoryColors(data)].map(([text, color]) => (
        <li key={text}>
          <span className={classes['swatch']} style={{ background: color }} />
          {text}
        </li>
      ))}
    </ul>
  );
}
