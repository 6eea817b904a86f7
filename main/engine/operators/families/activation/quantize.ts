import { type ClipBounds, type ClipContext } from '../../spec.ts';

/** Limits as inputs since opset 11, as attributes before; undefined when one of them is computed. */
export function clipBounds({ attributes, number }: ClipContext): ClipBounds | undefined {
  const low = number(1);
  const high = number(2);
  if (low === undefined || high === undefined) return undefined;
  return {
    low: low ?? attributes.get('min', 'float') ?? -Infinity,
    high: high ?? attributes.get('max', 'float') ?? Infinity,
  };
}
