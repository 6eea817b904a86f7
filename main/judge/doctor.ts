import { SEVERITIES, type Evidence, type Severity } from '../contract/doctor.ts';
import { formatBytes, formatDb, formatMs, formatNumber, formatPercent } from './format.ts';

/** A number that a finding rests on, with its unit. */
export function formatEvidence({ value, unit }: Evidence): string {
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'bytes':
      return formatBytes(value);
    case 'dB':
      return formatDb(value);
    case 'share':
      return formatPercent(value);
    case 'times':
      return `${formatNumber(value)}×`;
    case 'bits':
    case 'codes':
      return `${formatNumber(value)} ${unit}`;
    default:
      return formatNumber(value, 6);
  }
}

/** Whether a severity is at least as bad as another. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);
}

/** "2 errors, 1 warning": how many there are of each severity; "nothing found". */
export function countFindings(findings: readonly { readonly severity: Severity }[]): string {
  const counts = SEVERITIES.flatMap((severity) => {
    const { length } = findings.filter((finding) => finding.severity === severity);
    return length === 0 ? [] : [`${length} ${severity}${length === 1 ? '' : 's'}`];
  });
  return counts.length === 0 ? 'nothing found' : counts.join(', ');
}
