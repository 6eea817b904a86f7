import { percentByKey } from './percent-by-key.ts';

/** The least share that a slider of what stays asks for. */
export const MIN_KEEP = 0.05;

/** Where a key moves the target, per cent of what is kept; null for other keys. */
export function shareByKey(percent: number, key: string, fine: boolean): number | null {
  return percentByKey(percent, { key, fine }, { least: MIN_KEEP * 100, most: 100 });
}
