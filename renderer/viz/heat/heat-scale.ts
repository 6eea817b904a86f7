/** Which number of a heat map stands where on its colour scale. */
import { metricScale, type MetricScale } from '../color-maps.ts';
import type { HeatScale, HeatTable } from './heat-table.ts';

/** What a person set of a scale; null: as the numbers give it. */
export interface ScaleChoice {
  readonly min: number | null;
  readonly max: number | null;
  readonly kind: 'linear' | 'log' | null;
}

/** Choices by the key of a scale: its id, or the column's key where each column has its own. */
export type ScaleChoices = Readonly<Record<string, ScaleChoice>>;

/** A scale over its numbers: 0 best … 1 worst. */
export interface PlacedScale {
  /** What its choice is kept under. */
  readonly key: string;
  readonly scale: HeatScale;
  readonly title: string;
  readonly min: number;
  readonly max: number;
  readonly kind: 'linear' | 'log';
  /** 0 (best) … 1 (worst). */
  place(value: number): number;
  /** The number at a place. */
  valueAt(place: number): number;
}

/**
 * The scale of each column of a table. Columns of the same kind of number share one, unless each is to have its own.
 * @returns one for each column; columns that share one have the same object
 */
export function placeScales(
  table: HeatTable,
  choices: ScaleChoices,
  options: { readonly perColumn: boolean },
): readonly PlacedScale[] {
  const made = new Map<string, PlacedScale>();
  return table.columns.map(({ key: column, title, scale }) => {
    const key = options.perColumn ? column : scale.id;
    const known = made.get(key);
    if (known !== undefined) return known;
    const members = table.columns.flatMap((other, at) =>
      other.plain === undefined && (options.perColumn ? other.key : other.scale.id) === key ? [at] : [],
    );
    const placed = placeScale(
      { key, scale, title: options.perColumn ? title : scale.title },
      domainOf(table, members),
      choices[key],
    );
    made.set(key, placed);
    return placed;
  });
}

interface Named {
  readonly key: string;
  readonly scale: HeatScale;
  readonly title: string;
}

function placeScale(named: Named, found: Domain, choice: ScaleChoice | undefined): PlacedScale {
  const { scale } = named;
  const kind = scale.mayBeLog ? (choice?.kind ?? scale.kind) : 'linear';
  const least = kind === 'log' ? found.leastPositive : found.min;
  const best = scale.bestAt ?? (scale.worst === 'low' ? Infinity : -Infinity);
  const from = scale.worst === 'low' ? least : Math.max(least, best);
  const to = scale.worst === 'low' ? Math.min(found.max, best) : found.max;
  const inner: MetricScale = metricScale(kind, choice?.min ?? from, Math.max(choice?.max ?? to, choice?.min ?? from));
  const flip = scale.worst === 'low';
  return {
    ...named,
    kind,
    min: inner.min,
    max: inner.max,
    place: (value) => {
      if (!Number.isFinite(value)) return value > 0 === flip ? 0 : 1;
      // All alike: nothing is worst.
      if (inner.max <= inner.min) return 0;
      return flip ? 1 - inner.position(value) : inner.position(value);
    },
    valueAt: (place) => inner.valueAt(flip ? 1 - place : place),
  };
}

interface Domain {
  readonly min: number;
  readonly leastPositive: number;
  readonly max: number;
}

function domainOf({ values, columns, rows }: HeatTable, members: readonly number[]): Domain {
  let [min, max, leastPositive] = [Infinity, -Infinity, Infinity];
  for (let row = 0; row < rows.length; row++) {
    for (const column of members) {
      const value = values[row * columns.length + column]!;
      if (!Number.isFinite(value)) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
      if (value > 0) leastPositive = Math.min(leastPositive, value);
    }
  }
  if (min > max) return { min: 0, leastPositive: 0, max: 0 };
  return { min, max, leastPositive: Math.max(Number.isFinite(leastPositive) ? leastPositive : 0, max * 1e-6) };
}
