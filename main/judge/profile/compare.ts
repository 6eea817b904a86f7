import type { Profile } from '../../contract/results.ts';
import { kernelDistributions, layerDistributions, type Distribution } from './distribution.ts';

/** What can be told of a difference: the noise bands are the 95 % intervals of the two medians. */
export type Difference = 'faster' | 'slower' | 'cannot tell' | 'only in one';

/** A layer or kernel in two profiles. */
export interface ComparedTime {
  readonly name: string;
  readonly op: string;
  /** null: it took no time of its own there. */
  readonly a: Distribution | null;
  readonly b: Distribution | null;
  /** b's median less a's, in ms; what is missing counts as 0. */
  readonly changeMs: number;
  /** b's median over a's; null: one is missing. */
  readonly ratio: number | null;
  readonly difference: Difference;
}

/** Two profiles layer by layer and kernel by kernel, the largest change first. */
export interface ComparedProfiles {
  readonly layers: readonly ComparedTime[];
  readonly kernels: readonly ComparedTime[];
  /** Why times of the two say less than they seem to; empty: the same machine, provider, threads and batch. */
  readonly notes: readonly string[];
}

/**
 * Compares two profiles by the names of layers and kernels. One is faster only where the intervals of the medians do not
 * touch: two series at different moments cannot tell more.
 */
export function compareProfiles(a: Profile, b: Profile): ComparedProfiles {
  const kernelsOf = (profile: Profile): readonly Named[] =>
    kernelDistributions(profile).map((times, place) => ({ ...times, ...pick(profile.kernels[place]!) }));
  return {
    layers: join(layerDistributions(a), layerDistributions(b)),
    kernels: join(kernelsOf(a), kernelsOf(b)),
    notes: circumstances(a, b),
  };
}

interface Named extends Distribution {
  readonly name: string;
  readonly op: string;
}

const pick = ({ name, op }: { readonly name: string; readonly op: string }) => ({ name, op });

function join(a: readonly Named[], b: readonly Named[]): readonly ComparedTime[] {
  const others = new Map(b.map((row) => [row.name, row]));
  const own = new Set(a.map(({ name }) => name));
  const rows = [
    ...a.map((row) => compared(row, others.get(row.name) ?? null)),
    ...b.filter(({ name }) => !own.has(name)).map((row) => compared(null, row)),
  ];
  return rows.sort((x, y) => Math.abs(y.changeMs) - Math.abs(x.changeMs));
}

function compared(a: Named | null, b: Named | null): ComparedTime {
  const { name, op } = (a ?? b)!;
  return {
    name,
    op,
    a,
    b,
    changeMs: (b?.p50Ms ?? 0) - (a?.p50Ms ?? 0),
    ratio: a === null || b === null || a.p50Ms === 0 ? null : b.p50Ms / a.p50Ms,
    difference: differenceOf(a, b),
  };
}

function differenceOf(a: Distribution | null, b: Distribution | null): Difference {
  if (a === null || b === null) return 'only in one';
  if (a.lowMs === null || a.highMs === null || b.lowMs === null || b.highMs === null) return 'cannot tell';
  if (b.highMs < a.lowMs) return 'faster';
  return b.lowMs > a.highMs ? 'slower' : 'cannot tell';
}

function circumstances(a: Profile, b: Profile): readonly string[] {
  const pairs: readonly (readonly [string, string | number, string | number])[] = [
    ['machine', a.machine.cpu, b.machine.cpu],
    ['provider', a.machine.provider, b.machine.provider],
    ['threads', a.machine.threads, b.machine.threads],
    ['batch', a.batch, b.batch],
    ['version of ONNX Runtime', a.machine.onnxruntime, b.machine.onnxruntime],
  ];
  return pairs
    .filter(([, own, other]) => own !== other)
    .map(([what, own, other]) => `Not the same ${what}: ${own} and ${other}.`);
}
