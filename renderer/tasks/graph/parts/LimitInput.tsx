import { useState } from 'react';
import type { ReactNode } from 'react';
import { formatCompact, formatMetric } from '../../../../main/judge/format.ts';
import classes from './Legend.module.css';

interface LimitInputProps {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A value of the scale; the legend's title names the unit of counts. */
export function limitText(value: number, unit: string): string {
  return unit === 'MACs' ? formatCompact(value) : formatMetric(value, unit);
}

/** A limit of the colour scale: reads as text with its unit, edits as a plain number (per cent for shares). */
export function LimitInput({ label, unit, value, onChange }: LimitInputProps): ReactNode {
  const [text, setText] = useState<string | null>(null);
  const factor = unit === '%' ? 100 : 1;
  const commit = (): void => {
    const typed = text === null || text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(typed) && typed / factor !== value) onChange(typed / factor);
    setText(null);
  };
  return (
    <input
      className={classes['limit']}
      aria-label={`${label}${unit === '' ? '' : `, ${unit}`}`}
      value={text ?? limitText(value, unit)}
      onFocus={(event) => {
        setText(String(Number((value * factor).toPrecision(4))));
        const input = event.currentTarget;
        requestAnimationFrame(() => input.select());
      }}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        else if (event.key === 'Escape') setText(null);
      }}
    />
  );
}
