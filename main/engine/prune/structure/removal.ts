import type { Closure } from '../../channels/closure.ts';
import type { KeptChannels } from '../lineage.ts';
import type { ChannelGroup } from './groups.ts';

/** What is left of every axis when some atoms go. */
export interface Removal {
  /** Elements that stay, ascending; undefined: all. */
  readonly kept: (value: string, axis: number) => Uint32Array | undefined;
  /** Elements that go, ascending; undefined: none. */
  readonly gone: (value: string, axis: number) => Uint32Array | undefined;
  readonly isEmpty: boolean;
}

/** The atoms of each group that stay, by their place in the group; groups that are not named stay whole. */
export type KeptAtoms = ReadonlyMap<ChannelGroup, Uint32Array>;

/** Follows the atoms that go through every axis. */
export function removalOf({ axes, sets }: Closure, keptAtoms: KeptAtoms): Removal {
  const gone = new Set<number>();
  for (const [{ roots }, kept] of keptAtoms) {
    const stays = new Set(kept);
    roots.forEach((root, atom) => {
      if (!stays.has(atom)) gone.add(root);
    });
  }
  const known = new Map<number, { kept: Uint32Array; gone: Uint32Array } | undefined>();
  const split = (value: string, axis: number): { kept: Uint32Array; gone: Uint32Array } | undefined => {
    const first = axes.first(value, axis);
    if (first < 0 || gone.size === 0) return undefined;
    if (known.has(first)) return known.get(first);
    const stays: number[] = [];
    const goes: number[] = [];
    const size = axes.size(value, axis);
    for (let element = 0; element < size; element++)
      (gone.has(sets.root(first + element)) ? goes : stays).push(element);
    const parts = goes.length === 0 ? undefined : { kept: Uint32Array.from(stays), gone: Uint32Array.from(goes) };
    known.set(first, parts);
    return parts;
  };
  return {
    kept: (value, axis) => split(value, axis)?.kept,
    gone: (value, axis) => split(value, axis)?.gone,
    isEmpty: gone.size === 0,
  };
}

/** By value, which channels of it a removal leaves. */
export function keptChannels({ axes }: Closure, removal: Removal): ReadonlyMap<string, readonly KeptChannels[]> {
  const kept = new Map<string, KeptChannels[]>();
  for (const { value, axis } of axes.axes) {
    const indices = removal.kept(value, axis);
    if (indices !== undefined) kept.set(value, [...(kept.get(value) ?? []), { axis, indices }]);
  }
  return kept;
}
