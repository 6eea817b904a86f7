import type { AttributeInput } from '../graph/attributes.ts';
import type { AxisRef, ChannelTies } from './channel-ties.ts';

/** What is left of a node's axes, as a rule's `recut` sees it; `before` tells of the node as it was. */
export interface ChannelCut {
  readonly before: ChannelTies;
  /** The elements that stay, ascending; undefined: all. */
  readonly kept: (ref: AxisRef) => Uint32Array | undefined;
}

/** How a node is written after a cut; what is not named stays. */
export interface NodeRecut {
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  /** Attributes that go. */
  readonly without?: readonly string[];
  /** int64 lists that take the place of inputs. */
  readonly settings?: Readonly<Record<number, readonly number[]>>;
  /** Stored inputs that are multiplied by a number. */
  readonly factors?: Readonly<Record<number, number>>;
  /** What output 0 is multiplied by behind the node. */
  readonly scaled?: number;
  /** Another operator of the default domain that does the same: inputs by name, or as an int64 list. */
  readonly instead?: { readonly opType: string; readonly inputs: readonly (string | readonly number[])[] };
}

/** How many of `count` elements from `start` on stay. */
export function keptWithin(kept: Uint32Array | undefined, start: number, count: number): number {
  if (kept === undefined) return count;
  let within = 0;
  for (const element of kept) if (element >= start && element < start + count) within++;
  return within;
}

/** How many elements of the axis stay. */
export function sizeAfter(cut: ChannelCut, ref: AxisRef): number {
  return cut.kept(ref)?.length ?? cut.before.size(ref) ?? 0;
}
