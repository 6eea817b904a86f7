/**
 * Latency at other widths, predicted from a few cuts of the same model that were timed on this machine. Pure.
 */
import type { Machine } from '../../contract/machine.ts';
import type { WidthTimes } from '../../contract/width-times.ts';
import type { Range } from './range.ts';
import { axisSizes, type WidthLayer, type WidthModel } from './widths.ts';

/** A cut that was timed. */
export interface TimedWidths {
  /** Atoms that each group kept. */
  readonly kept: ArrayLike<number>;
  /** Time of the cut model over that of the whole one, both timed in turns. */
  readonly ratio: number;
  /** Of each layer of the width model, by its place; 0 where it was fused into another. */
  readonly layerMs: ArrayLike<number>;
}

/** What was learnt of a model's times. */
export interface LatencyModel {
  readonly widths: WidthModel;
  /** Of the whole model, measured. */
  readonly fullMs: number;
  /** Widths are computed in blocks of as many channels. */
  readonly block: number;
  /** By layer, four numbers each: ms of the constant part, and at full width of work, output and input. */
  readonly coefficients: ArrayLike<number> & Iterable<number>;
  /** Milliseconds of the model for one of its layers'. */
  readonly slope: number;
  /** Standard deviation of the ratios that were measured around those predicted. */
  readonly spread: number;
  /** Cuts that were timed. */
  readonly cuts: number;
}

/** What was kept, for the widths that it was learnt of. */
export function latencyOf(times: WidthTimes, widths: WidthModel): LatencyModel {
  const { fullMs, block, coefficients, slope, spread, cuts } = times;
  return { widths, fullMs, block, coefficients: Float64Array.from(coefficients), slope, spread, cuts };
}

/** Whether what was learnt is of these shapes and widths, on this machine. */
export function holdsHere(
  { shapes, align, threads, target }: WidthTimes,
  wanted: { readonly shapes: string; readonly align: number },
  { threads: ours, cpu, cores, os, onnxruntime }: Machine,
): boolean {
  const here = [wanted.shapes, wanted.align, ours, cpu, cores, os, onnxruntime];
  return [shapes, align, threads, target.cpu, target.cores, target.os, target.onnxruntime].every((one, at) => one === here[at]); // prettier-ignore
}

const FEATURES = 4;
/** What kernels are known to work in: any width, AVX2's 8 and AVX-512's 16 floats. */
const BLOCKS = [1, 8, 16] as const;

/**
 * Learns each layer's time as a + b·work + c·output + d·input, all ≥ 0, of widths rounded up to blocks (the block that fits
 * best), and how their sum makes the model's time. At full width the prediction is the measured time.
 * @param timed at least one cut; more than a dozen tell the parts of a layer's time apart
 * @see Shen et al. 2022, HALP, for time as a function of widths; least squares with b ≥ 0 by coordinate descent
 */
export function fitLatency(widths: WidthModel, fullMs: number, timed: readonly TimedWidths[]): LatencyModel {
  const fits = BLOCKS.map((block) => fitLayers(widths, timed, block));
  const best = fits.reduce((a, b) => (b.error < a.error * 0.99 ? b : a));
  const bare: LatencyModel = {
    widths,
    fullMs,
    block: best.block,
    coefficients: best.coefficients,
    slope: 0,
    spread: 0,
    cuts: timed.length,
  };
  const full = layerSum(bare, fullWidths(widths));
  let [products, squares] = [0, 0];
  for (const { kept, ratio } of timed) {
    const saved = full - layerSum(bare, kept);
    products += saved * (1 - ratio) * fullMs;
    squares += saved * saved;
  }
  const model = { ...bare, slope: squares === 0 ? 0 : Math.max(0, products / squares) };
  const errors = timed.map(({ kept, ratio }) => predictWidths(model, kept).value / fullMs - ratio);
  const variance = errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length - 1);
  return { ...model, spread: Math.sqrt(variance) };
}

/** Milliseconds at these widths, with two standard deviations of what was measured around such predictions. */
export function predictWidths(model: LatencyModel, kept: ArrayLike<number>): Range {
  const { fullMs, slope, spread } = model;
  const saved = wholeSum(model) - layerSum(model, kept);
  const value = Math.max(0, fullMs - slope * saved);
  const band = 2 * spread * fullMs;
  return { value, low: Math.max(0, value - band), high: value + band };
}

const wholes = new WeakMap<LatencyModel, number>();

/** The same of the whole model; remembered. */
function wholeSum(model: LatencyModel): number {
  const known = wholes.get(model) ?? layerSum(model, fullWidths(model.widths));
  wholes.set(model, known);
  return known;
}

/** Milliseconds that the layers take together, by the fit. */
function layerSum(model: LatencyModel, kept: ArrayLike<number>): number {
  const rows = featureRows(model.widths, kept, model.block);
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += rows[i]! * model.coefficients[i]!;
  return sum;
}

function fullWidths({ groups }: WidthModel): readonly number[] {
  return groups.map(({ atoms }) => atoms);
}

function fitLayers(
  widths: WidthModel,
  timed: readonly TimedWidths[],
  block: number,
): { readonly block: number; readonly coefficients: Float64Array; readonly error: number } {
  const rows = timed.map(({ kept }) => featureRows(widths, kept, block));
  const coefficients = new Float64Array(widths.layers.length * FEATURES);
  let error = 0;
  for (let layer = 0; layer < widths.layers.length; layer++) {
    const at = layer * FEATURES;
    const own = rows.map((row) => row.subarray(at, at + FEATURES));
    const times = timed.map(({ layerMs }) => layerMs[layer]!);
    const fit = leastSquaresAboveZero(own, times);
    coefficients.set(fit.solution, at);
    error += fit.error;
  }
  return { block, coefficients, error };
}

/** For each layer 1, and its work, output and input as shares of those at full width, at widths rounded up to blocks. */
function featureRows(widths: WidthModel, kept: ArrayLike<number>, block: number): Float64Array {
  const sizes = roundedUp(axisSizes(widths, kept), block);
  const full = roundedUp(axisSizes(widths, fullWidths(widths)), block);
  const rows = new Float64Array(widths.layers.length * FEATURES);
  widths.layers.forEach((layer, at) => rows.set(featuresOf(widths, layer, { sizes, full }), at * FEATURES));
  return rows;
}

function roundedUp(sizes: Float64Array, block: number): Float64Array {
  return sizes.map((size) => Math.ceil(size / block) * block);
}

/** Sizes of axes, rounded up to blocks. */
interface BlockSizes {
  readonly sizes: Float64Array;
  readonly full: Float64Array;
}

function featuresOf(widths: WidthModel, layer: WidthLayer, { sizes, full }: BlockSizes): readonly number[] {
  const share = (axes: readonly number[]): number =>
    axes.reduce((product, axis) => (product * sizes[axis]!) / full[axis]!, 1);
  const work = (): number => {
    if (layer.tensors.length === 0) return share(layer.axes);
    let [left, all] = [0, 0];
    for (const place of layer.tensors) {
      const { axes, elements } = widths.tensors[place]!;
      left += axes.reduce((product, axis) => product * sizes[axis]!, elements);
      all += axes.reduce((product, axis) => product * full[axis]!, elements);
    }
    return all === 0 ? 1 : left / all;
  };
  return [1, layer.macs > 0 ? work() : 0, share(layer.axes), share(layer.inputAxes)];
}

/** For each group its axes with the elements of an atom, and the layers whose time depends on it; made once for each model. */
interface Reach {
  readonly axes: readonly { readonly axis: number; readonly each: number }[];
  readonly layers: readonly number[];
}

const reaches = new WeakMap<WidthModel, readonly Reach[]>();

function reachOf(widths: WidthModel): readonly Reach[] {
  const known = reaches.get(widths);
  if (known !== undefined) return known;
  const layersOf = widths.axes.map((): Set<number> => new Set());
  widths.layers.forEach(({ axes, inputAxes, tensors }, layer) => {
    const weights = tensors.flatMap((place) => widths.tensors[place]!.axes);
    for (const axis of [...axes, ...inputAxes, ...weights]) layersOf[axis]!.add(layer);
  });
  const found = widths.groups.map((_, group) => {
    const axes = widths.axes.flatMap(({ parts }, axis) =>
      parts.filter((part) => part.group === group).map(({ each }) => ({ axis, each })),
    );
    return { axes, layers: [...new Set(axes.flatMap(({ axis }) => [...layersOf[axis]!]))] };
  });
  reaches.set(widths, found);
  return found;
}

/** The latency of a model while single groups change: a change costs what the group touches. Equal to `predictWidths`. */
export class RunningLatency {
  readonly #model: LatencyModel;
  readonly #kept: Int32Array;
  readonly #exact: Float64Array;
  readonly #sizes: Float64Array;
  readonly #full: Float64Array;
  readonly #layers: Float64Array;
  #sum: number;

  /** @param kept atoms of each group at first; not modified */
  constructor(model: LatencyModel, kept: ArrayLike<number>) {
    const { widths, block } = model;
    this.#model = model;
    this.#kept = Int32Array.from(kept);
    this.#exact = axisSizes(widths, kept);
    this.#sizes = roundedUp(this.#exact, block);
    this.#full = roundedUp(axisSizes(widths, fullWidths(widths)), block);
    this.#layers = Float64Array.from(widths.layers, (_, at) => this.#timeOf(at));
    this.#sum = this.#layers.reduce((sum, time) => sum + time, 0);
  }

  /** Of the whole model's. */
  get share(): number {
    const { fullMs, slope } = this.#model;
    return Math.max(0, fullMs - slope * (wholeSum(this.#model) - this.#sum)) / fullMs;
  }

  /** Gives a group another width. */
  set(group: number, width: number): void {
    const { block, widths } = this.#model;
    const { axes, layers } = reachOf(widths)[group]!;
    const more = width - this.#kept[group]!;
    if (more === 0) return;
    this.#kept[group] = width;
    for (const { axis, each } of axes) {
      this.#exact[axis]! += each * more;
      this.#sizes[axis] = Math.ceil(this.#exact[axis]! / block) * block;
    }
    for (const at of layers) {
      const time = this.#timeOf(at);
      this.#sum += time - this.#layers[at]!;
      this.#layers[at] = time;
    }
  }

  #timeOf(at: number): number {
    const { widths, coefficients } = this.#model;
    const features = featuresOf(widths, widths.layers[at]!, { sizes: this.#sizes, full: this.#full });
    return features.reduce((sum, feature, part) => sum + feature * coefficients[at * FEATURES + part]!, 0);
  }
}

/** The parts of a time resemble each other, so that the descent is slow: some thousand sweeps of 64 products each. */
const SWEEPS = 5000;

/** min Σ(rowᵢ·x − yᵢ)² with x ≥ 0, by coordinate descent. */
function leastSquaresAboveZero(
  rows: readonly Float64Array[],
  targets: readonly number[],
): { readonly solution: Float64Array; readonly error: number } {
  const solution = new Float64Array(FEATURES);
  const residual = Float64Array.from(targets);
  const squares = Array.from({ length: FEATURES }, (_, f) => rows.reduce((sum, row) => sum + row[f]! ** 2, 0));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0;
    for (let f = FEATURES - 1; f >= 0; f--) {
      if (squares[f] === 0) continue;
      const slope = rows.reduce((sum, row, i) => sum + row[f]! * residual[i]!, 0) / squares[f]!;
      const next = Math.max(0, solution[f]! + slope);
      const change = next - solution[f]!;
      solution[f] = next;
      if (change !== 0) rows.forEach((row, i) => (residual[i] = residual[i]! - change * row[f]!));
      moved = Math.max(moved, Math.abs(change));
    }
    if (moved < 1e-8) break;
  }
  return { solution, error: residual.reduce((sum, value) => sum + value * value, 0) };
}
