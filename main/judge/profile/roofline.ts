import type { MachinePeaks } from '../../contract/machine-peaks.ts';
import type { Kernel, Profile } from '../../contract/results.ts';

/** What keeps a layer from being faster, were its kernels perfect. */
export type Bound = 'compute' | 'memory' | 'overhead';

/** A layer under the roof. */
export interface RooflinePoint {
  /** The layer that the kernels' time is counted for, or the kernel of the runtime's own. */
  readonly name: string;
  readonly isLayer: boolean;
  readonly op: string;
  readonly precision: 'float32' | 'int8';
  /** Two for each multiply–accumulate; without any, one for each element written. */
  readonly operations: number;
  /** Activations read and written, and weights, once. */
  readonly bytes: number;
  /** Operations a byte. */
  readonly intensity: number;
  /** Operations a second in 10⁹. */
  readonly gigaOps: number;
  readonly timeMs: number;
  /** What it would take at the roof. */
  readonly roofMs: number;
  readonly bound: Bound;
  /** roofMs over timeMs: 1 is at the roof. */
  readonly reached: number;
}

/** A profile under the roofs of its machine. */
export interface Roofline {
  /** Costliest first. */
  readonly points: readonly RooflinePoint[];
  readonly kernelsMs: number;
  /** All kernels at their roofs. */
  readonly roofMs: number;
  /** Time of the layers by what bounds them. */
  readonly boundMs: Readonly<Record<Bound, number>>;
}

/**
 * Where each layer stands below what the machine can do: its kernels take at least its operations at the peak of their
 * precision, its bytes at the bandwidth of arrays of that size, and what each kernel costs. The largest of the three is
 * its roof and names what bounds it.
 * @see Williams, Waterman, Patterson 2009: Roofline
 */
export function rooflineOf(profile: Pick<Profile, 'kernels' | 'layers'>, peaks: MachinePeaks): Roofline {
  const macs = new Map(profile.layers.map((layer) => [layer.name, layer.macs ?? 0]));
  const groups = new Map<string, Kernel[]>();
  for (const kernel of profile.kernels) {
    if (kernel.timeMs === 0) continue;
    const name = kernel.layer ?? kernel.sources[0] ?? kernel.name;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [kernel]);
    else group.push(kernel);
  }
  const points = [...groups].map(([name, kernels]) => pointOf({ name, kernels, macs }, peaks));
  points.sort((a, b) => b.timeMs - a.timeMs);
  const boundMs = { compute: 0, memory: 0, overhead: 0 };
  for (const { bound, timeMs } of points) boundMs[bound] += timeMs;
  const sum = (of: (point: RooflinePoint) => number): number => points.reduce((total, point) => total + of(point), 0);
  return { points, kernelsMs: sum(({ timeMs }) => timeMs), roofMs: sum(({ roofMs }) => roofMs), boundMs };
}

function pointOf(
  {
    name,
    kernels,
    macs,
  }: { readonly name: string; readonly kernels: readonly Kernel[]; readonly macs: ReadonlyMap<string, number> },
  peaks: MachinePeaks,
): RooflinePoint {
  const sources = new Set(kernels.flatMap((kernel) => kernel.sources));
  const work = 2 * [...sources].reduce((sum, source) => sum + (macs.get(source) ?? 0), 0);
  const written = kernels.reduce((sum, kernel) => sum + elementsOf(kernel.outputShapes), 0);
  const operations = work > 0 ? work : written;
  const bytes = kernels.reduce((sum, kernel) => sum + kernel.activationBytes + kernel.parameterBytes, 0);
  const timeMs = kernels.reduce((sum, kernel) => sum + kernel.timeMs, 0);
  const precision = kernels.some(isInteger) ? 'int8' : 'float32';
  const peak = precision === 'int8' ? (peaks.int8 ?? peaks.float32) : peaks.float32;
  const limits: Readonly<Record<Bound, number>> = {
    compute: work / peak / 1e6,
    memory: bytes / bandwidthAt(peaks, bytes) / 1e6,
    overhead: (kernels.length * peaks.kernelUs) / 1000,
  };
  const bound = (['compute', 'memory', 'overhead'] as const).reduce((most, each) =>
    limits[each] > limits[most] ? each : most,
  );
  const costliest = kernels.reduce((most, kernel) => (kernel.timeMs > most.timeMs ? kernel : most));
  return {
    name,
    isLayer: sources.has(name),
    op: costliest.op,
    precision,
    operations,
    bytes,
    intensity: bytes > 0 ? operations / bytes : 0,
    gigaOps: operations / timeMs / 1e6,
    timeMs,
    roofMs: limits[bound],
    bound,
    reached: limits[bound] / timeMs,
  };
}

/**
 * Gigabytes a second for what touches that many bytes: between two measured sizes on the straight line over the logarithm
 * of the size; at the ends the nearest.
 */
export function bandwidthAt({ bandwidth }: Pick<MachinePeaks, 'bandwidth'>, bytes: number): number {
  const first = bandwidth[0]!;
  if (bytes <= first.setBytes) return first.gbPerSecond;
  for (const [at, upper] of bandwidth.entries()) {
    const lower = bandwidth[at - 1];
    if (lower === undefined || bytes > upper.setBytes) continue;
    const share = Math.log(bytes / lower.setBytes) / Math.log(upper.setBytes / lower.setBytes);
    return lower.gbPerSecond + share * (upper.gbPerSecond - lower.gbPerSecond);
  }
  return bandwidth.at(-1)!.gbPerSecond;
}

/** The roofs of a chart: the highest bandwidth (from a cache) and that of the largest arrays (from memory). */
export function roofsOf({ bandwidth }: Pick<MachinePeaks, 'bandwidth'>): {
  readonly cache: number;
  readonly memory: number;
} {
  return {
    cache: Math.max(...bandwidth.map(({ gbPerSecond }) => gbPerSecond)),
    memory: bandwidth.at(-1)!.gbPerSecond,
  };
}

/** The first input decides: weights may be codes while the arithmetic is in float. */
function isInteger({ inputShapes, outputShapes }: Kernel): boolean {
  return /^u?int8 /.test(inputShapes[0] ?? '') && /^(?:u?int8|int32) /.test(outputShapes[0] ?? '');
}

/** "float [1,3,32,32]": 3,072. */
function elementsOf(shapes: readonly string[]): number {
  return shapes.reduce((sum, text) => {
    const dims = /\[([\d,]*)\]$/.exec(text)?.[1];
    if (dims === undefined) return sum;
    return sum + (dims === '' ? 1 : dims.split(',').reduce((product, dim) => product * Number(dim), 1));
  }, 0);
}

/** Layers beyond their roof tell that the roof is too low; null: none is. */
export function tooLow({ points }: Roofline): string | null {
  const beyond = points.filter(({ reached }) => reached > 1.1);
  if (beyond.length === 0) return null;
  return `${beyond.length} of ${points.length} layers are faster than their roof (${beyond[0]!.name}): the machine was busy when its peaks were measured. Measure it again when it is quiet; the higher figures are kept.`;
}

/** What would make a layer faster, by what bounds it. */
export const BOUND_WORDS: Readonly<Record<Bound, string>> = {
  compute: 'Arithmetic takes longest even at the peak: fewer or cheaper operations (pruning, int8) make it faster.',
  memory:
    'Moving its bytes takes longest even at full bandwidth: fewer bytes (fusion, smaller types, batch for weights) make it faster.',
  overhead:
    'It is so small that starting a kernel takes longest: fewer kernels (fusion, larger batches) make it faster.',
};
