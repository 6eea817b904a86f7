/** Numbers as people read them: three significant digits and a unit. */

/** Three significant digits, without an exponent where a person can do without: 0.00123, 12.0, 1230. */
export function digits3(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(3));
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return decimals > 8 ? value.toExponential(2) : rounded.toFixed(decimals);
}

const scaled = (value: number, units: readonly string[]): string => {
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit + 1 < units.length) {
    rest /= 1000;
    unit++;
  }
  // Whole numbers below a thousand are exact.
  return `${unit === 0 ? rest : digits3(rest)} ${units[unit]!}`.trim();
};

/** 14_000_000 → "14.0 MB" (decimal, as disks count). */
export const formatBytes = (bytes: number): string => scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);

/** 3_490_000 → "3.49 M". */
export const formatCount = (count: number): string => scaled(count, ['', 'k', 'M', 'G', 'T']);

/** 0.0123 ms → "12.3 µs". */
export function formatMs(ms: number): string {
  if (ms > 0 && ms < 0.1) return `${digits3(ms * 1000)} µs`;
  return ms >= 10_000 ? `${digits3(ms / 1000)} s` : `${digits3(ms)} ms`;
}

/** 0.8042 → "80.42 %": two decimals, for 1,000 samples tell apart tenths. */
export const formatShare = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** Minutes are enough: "2026-01-31 12:00 UTC". */
export const formatTime = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
