/**
 * Numbers as people read them, the same in window, terminal and report: three significant digits, a unit, ≈ where
 * predicted. Decimal prefixes for counts, powers of 1024 for bytes.
 */

const formats = new Map<number, Intl.NumberFormat>();

/** Making a format takes a hundred times as long as using it; a graph shows 50,000 numbers. */
function significant(digits: number): Intl.NumberFormat {
  const known = formats.get(digits) ?? new Intl.NumberFormat('en', { maximumSignificantDigits: digits });
  formats.set(digits, known);
  return known;
}

/** Three significant digits without exponent: 12345 → "12,300", 0.01234 → "0.0123", 0 → "0". */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : 'NaN';
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  const text =
    magnitude < 1e-4 || magnitude >= 1e15 ? value.toExponential(digits - 1) : significant(digits).format(value);
  return text.replaceAll('-', '−');
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with thousands separators, exact. */
export function formatCount(value: number): string {
  return whole.format(value).replace('-', '−');
}

/** 1,234,567 → "1.23 M"; for parameters and MACs. */
export function formatCompact(value: number, digits = 3): string {
  return scaled(value, 1000, ['', 'K', 'M', 'G', 'T', 'P'], digits);
}

/** Bytes in powers of 1024: 1536 → "1.5 KiB". */
export function formatBytes(bytes: number, digits = 3): string {
  return scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], digits);
}

/** Milliseconds in the unit that fits: 0.0123 → "12.3 µs", 4.56 → "4.56 ms", 2345 → "2.35 s". */
export function formatMs(milliseconds: number, digits = 3): string {
  const magnitude = Math.abs(milliseconds);
  if (milliseconds === 0) return '0 ms';
  if (magnitude < 0.001) return `${formatNumber(milliseconds * 1e6, digits)} ns`;
  if (magnitude < 0.1) return `${formatNumber(milliseconds * 1e3, digits)} µs`;
  if (magnitude < 1000) return `${formatNumber(milliseconds, digits)} ms`;
  if (magnitude < 60_000) return `${formatNumber(milliseconds / 1000, digits)} s`;
  return formatDuration(milliseconds);
}

/** Time left or passed, rough: "45 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment, to the minute: "2026-01-31 12:00 UTC". @param at Unix milliseconds */
export function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A share 0…1 as per cent: 0.1234 → "12.3 %". */
export function formatPercent(share: number, digits = 3): string {
  return `${formatNumber(share * 100, digits)} %`;
}

/** A difference of shares in percentage points, with its sign: −0.0032 → "−0.32 points". */
export function formatPoints(difference: number): string {
  return `${difference > 0 ? '+' : ''}${formatNumber(difference * 100)} points`;
}

/** From this signal over noise on, in dB, nothing is told apart: what was not touched at all has hundreds, and would flatten all colours. */
export const CLEAN_DB = 60;

/** Decibels: 41.234 → "41.2 dB". */
export function formatDb(decibels: number): string {
  return `${formatNumber(decibels)} dB`;
}

/** A cosine: what matters is how far it is from 1, so six decimals: 0.99987 → "0.999870". */
export function formatCosine(cosine: number): string {
  return cosine.toFixed(6).replace('-', '−');
}

/** A shape: [1, "N", null] → "1×N×?"; [] → "scalar"; null → "?". */
export function formatShape(shape: readonly (number | string | null)[] | null): string {
  if (shape === null) return '?';
  return shape.length === 0 ? 'scalar' : shape.map((dim) => dim ?? '?').join('×');
}

/** A predicted value: "≈ 4.5 ms". */
export function formatPredicted(text: string): string {
  return `≈ ${text}`;
}

/** A value with its unit as the overlays and tables write it: ms, bytes, MACs, % (of a share), dB. */
export function formatMetric(value: number, unit: string, digits = 3): string {
  switch (unit) {
    case 'ms':
      return formatMs(value, digits);
    case 'bytes':
      return formatBytes(value, digits);
    case '%':
      return formatPercent(value, digits);
    case 'dB':
      return formatDb(value);
    case '':
      return formatNumber(value, digits);
    default:
      return `${formatCompact(value, digits)} ${unit}`;
  }
}

function scaled(value: number, base: number, units: readonly string[], digits: number): string {
  let rest = value;
  let step = 0;
  // 999.6 reads as "1,000" in three digits: go on to the next unit from where rounding would get there.
  while (Math.abs(rest) >= base * 0.9995 && step < units.length - 1) {
    rest /= base;
    step++;
  }
  const unit = units[step] ?? '';
  const text = step === 0 && Number.isInteger(rest) ? formatCount(rest) : formatNumber(rest, digits);
  return unit === '' ? text : `${text} ${unit}`;
}
