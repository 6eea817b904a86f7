/** How charts look: axes, grid, marks and tooltip of recharts, in the window's colours. */
const TEXT = { fontSize: 11, fill: 'var(--lap-muted)' } as const;

/** Props of XAxis and YAxis. */
export const AXIS = { tick: TEXT, stroke: 'var(--lap-border)', tickLine: false } as const;

/** Props of an axis that names categories. */
export const CATEGORY_AXIS = {
  type: 'category',
  interval: 0,
  tickLine: false,
  axisLine: false,
  tick: { fontSize: 11, fill: 'var(--mantine-color-text)' },
} as const;

/** Props of CartesianGrid. */
export const GRID = { stroke: 'var(--lap-border)', strokeOpacity: 0.7 } as const;

/** Props of Tooltip. */
export const TOOLTIP = {
  isAnimationActive: false,
  contentStyle: {
    background: 'var(--lap-raised)',
    border: '1px solid var(--lap-border)',
    borderRadius: 4,
    fontSize: 12,
    padding: '4px 8px',
  },
  cursor: { stroke: 'var(--lap-muted)', strokeDasharray: '2 3' },
} as const;

export const ACCENT = 'var(--mantine-primary-color-filled)';

/** What was measured: a full line or disc. */
export const MEASURED = { stroke: ACCENT, fill: ACCENT, isAnimationActive: false } as const;

/** What is only predicted: a dashed line. */
export const PREDICTED = {
  stroke: ACCENT,
  strokeDasharray: '4 3',
  strokeWidth: 1.5,
  isAnimationActive: false,
} as const;

/** The band of a prediction, or the area under a measured line. */
export const BAND = { stroke: 'none', fill: ACCENT, fillOpacity: 0.14, isAnimationActive: false } as const;

/** Props of ErrorBar: 95 % intervals. */
export const ERROR_BAR = { stroke: ACCENT, strokeWidth: 1, width: 0, isAnimationActive: false } as const;

/** The title of an axis, as its `label`. */
export function axisTitle(value: string, position: 'insideBottom' | 'insideLeft'): object {
  const turned = position === 'insideLeft' ? { angle: -90, style: { textAnchor: 'middle' } } : { offset: -2 };
  return { value, position, ...TEXT, ...turned };
}
