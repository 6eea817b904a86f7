import type { LeftOut } from '../linear/solvable-layers.ts';
import type { EqualizeStep } from '../../contract/recipe/equalize.ts';

/** Channels that were scaled between the same layers. */
export interface EqualizedGroup {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly channels: number;
  /** Widest range over the middle one, in what was evened out: weights of the layers, or the data between them. */
  readonly spread: { readonly before: number; readonly after: number };
  readonly alpha: number | null;
  /** Squared error of the outputs of `to` at 8 bits over their square; null: not looked at. */
  readonly error: { readonly before: number; readonly after: number } | null;
  readonly note: string | null;
}

export interface EqualizeOutcome {
  readonly method: EqualizeStep['method'];
  readonly groups: readonly EqualizedGroup[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Widest range over the middle one of those that are not zero; 1 where there is none. */
export function spreadOf(ranges: ArrayLike<number>): number {
  const sorted = Float64Array.from(ranges)
    .filter((range) => range > 0)
    .sort();
  return sorted.length === 0 ? 1 : sorted.at(-1)! / sorted[sorted.length >> 1]!;
}
