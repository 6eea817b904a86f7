import { readWeights } from '../linear/layer-weights.ts';
import type { SolvableLayer } from '../linear/solvable-layers.ts';
import { unchanged } from '../passes/pass.ts';
import { runChecked } from '../passes/run-checked.ts';
import { channelExtremes, type Extremes } from './channel-extremes.ts';
import { WIDEST, type Factors } from './cross-layer.ts';
import { spreadOf, type EqualizedGroup } from './outcome.ts';
import { expectedError, type SmoothedData } from './rounding-noise.ts';
import { closeScales, type ScaleClosure } from './scale-closure.ts';
import { scaledLayers, scaleGroups, type ScaledLayer, type ScaleGroup } from './scale-groups.ts';
import type { Equalized, EqualizeTask } from './task.ts';
import { writeFactors } from './write-factors.ts';

/** Shares of the spread that are tried where none is asked for. */
const SHARES = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7];

/** A group with what its data are, and the factor of each channel. */
interface Smoothed {
  readonly group: ScaleGroup;
  readonly data: SmoothedData;
  readonly factors: Float64Array;
  readonly alpha: number | null;
  readonly error: { readonly before: number; readonly after: number };
}

/**
 * Moves what sticks out of the data of matrix products into their weights: channel j is divided by s_j = max|X_j|^α ÷ max|W_j|^(1−α),
 * which what lies before takes up (γ and β of a normalization, a stored factor, the layer before), and row j of the weights is
 * multiplied by it. α is what loses least by the noise that rounding to 8 bits makes, for each group of layers on the same data.
 * @see Xiao et al. 2023 (SmoothQuant, arXiv 2211.10438), eq. 4
 */
export async function smoothData(task: EqualizeTask, alpha: number | 'auto'): Promise<Equalized> {
  const { runner, context, feeds, model } = task;
  const found = task.layersOf(model);
  const closure = closeScales(model, found.layers);
  const layers = scaledLayers(closure, found.layers);
  const groups = scaleGroups(closure, layers).filter(isSmoothable);
  const values = [...new Set(groups.flatMap(({ to }) => to.map(({ layer }) => layer.data)))];
  const extremes = await channelExtremes(
    model,
    values.map((value) => {
      const rank = closure.axes.shape(value)?.length ?? 0;
      return { value, axis: rank - 1, rank };
    }),
    { runner, batches: task.samples.all(), samples: task.limit },
    context,
  );
  const smoothed = groups.map((group) => smooth(group, extremes, alpha));
  const factors = factorsOf(smoothed);
  const written = await runChecked(
    model,
    [{ title: 'Moving the spread of data into weights', run: () => unchanged(writeFactors(closure, layers, factors)) }],
    feeds,
    { runner, context },
  );
  const leftOut = [...found.leftOut, ...unsmoothed(closure, layers, groups)];
  if (written.model === model) return { model, groups: [], leftOut, notes: written.notes };
  return { model: written.model, groups: smoothed.map(reportOf), leftOut, notes: written.notes };
}

/** Matrix products on data with channels last, all of them of one group's channels and no others. */
function isSmoothable({ roots, to, limits }: ScaleGroup): boolean {
  const whole = new Set(roots);
  return (
    limits.length === 0 &&
    roots.length > 1 &&
    to.every(({ layer, inputs }) => isProduct(layer) && inputs.every((root) => whole.has(root)))
  );
}

function isProduct({ form }: SolvableLayer): boolean {
  return form.channelsLast && form.groups === 1 && form.taps === 1;
}

function smooth(group: ScaleGroup, extremes: ReadonlyMap<string, Extremes>, alpha: number | 'auto'): Smoothed {
  const data = dataOf(group, extremes);
  const none = new Float64Array(data.largest.length).fill(1);
  const before = expectedError(data, none);
  const tried = (alpha === 'auto' ? SHARES : [alpha]).map((share) => {
    const factors = factorsFor(data, share);
    return { factors, alpha: share, error: { before, after: expectedError(data, factors) } };
  });
  const best = tried.reduce((least, each) => (each.error.after < least.error.after ? each : least));
  if (alpha === 'auto' && !(best.error.after < before)) {
    return { group, data, factors: none, alpha: null, error: { before, after: before } };
  }
  return { group, data, ...best };
}

/** Ranges of the data of a group, in the order of the first layer's channels, and the rows of all weights that meet them. */
function dataOf({ to }: ScaleGroup, extremes: ReadonlyMap<string, Extremes>): SmoothedData {
  const [first] = to as [ScaledLayer];
  const place = new Map([...first.inputs].map((root, at) => [root, at]));
  const size = first.inputs.length;
  const least = new Float64Array(size);
  const largest = new Float64Array(size);
  const squares = new Float64Array(size);
  const weights = to.map(({ layer, inputs }) => {
    const { columns, outputs } = layer.form;
    const rows = new Float64Array(size * outputs);
    const [group] = readWeights(layer);
    for (let k = 0; k < columns; k++) {
      const row = place.get(inputs[k]!)!;
      for (let m = 0; m < outputs; m++) rows[row * outputs + m] = group!.weights[m * columns + k]!;
    }
    const seen = extremes.get(layer.data);
    inputs.forEach((root, k) => {
      const row = place.get(root)!;
      least[row] = Math.min(least[row]!, seen?.least[k] ?? 0);
      largest[row] = Math.max(largest[row]!, seen?.largest[k] ?? 0);
      squares[row] = Math.max(squares[row]!, seen?.meanSquares[k] ?? 0);
    });
    return { outputs, rows };
  });
  return { least, largest, squares, weights };
}

/** The factors of α, their geometric mean one. */
function factorsFor({ least, largest, weights }: SmoothedData, alpha: number): Float64Array {
  const factors = largest.map((most, j) => {
    const data = Math.max(most, -least[j]!);
    let weight = 0;
    for (const { outputs, rows } of weights) {
      for (let m = 0; m < outputs; m++) weight = Math.max(weight, Math.abs(rows[j * outputs + m]!));
    }
    return data > 0 && weight > 0 ? data ** alpha / weight ** (1 - alpha) : 1;
  });
  const mean = Math.exp(factors.reduce((sum, factor) => sum + Math.log(factor), 0) / factors.length);
  return factors.map((factor) => Math.min(WIDEST.most, Math.max(WIDEST.least, factor / mean)));
}

function factorsOf(smoothed: readonly Smoothed[]): Factors {
  return new Map(
    smoothed.flatMap(({ group, factors }) =>
      [...group.to[0]!.inputs].map((root, at) => [root, factors[at]!] as const).filter(([, factor]) => factor !== 1),
    ),
  );
}

function reportOf({ group, data, factors, alpha, error }: Smoothed): EqualizedGroup {
  const ranges = data.largest.map((most, j) => Math.max(most, -data.least[j]!));
  return {
    from: [...group.from.map(({ layer }) => layer.name), ...new Set(group.gains.map(({ node }) => node.name))],
    to: group.to.map(({ layer }) => layer.name),
    channels: group.roots.length,
    spread: { before: spreadOf(ranges), after: spreadOf(ranges.map((range, j) => range / factors[j]!)) },
    alpha,
    error,
    note: alpha === null ? 'no share of the spread would make the error smaller' : null,
  };
}

/** Layers whose data stay as they are, and what holds them. */
function unsmoothed(
  { axes, sets }: ScaleClosure,
  layers: readonly ScaledLayer[],
  groups: readonly ScaleGroup[],
): Equalized['leftOut'] {
  const taken = new Set(groups.flatMap(({ to }) => to));
  return layers.flatMap((each) => {
    if (taken.has(each)) return [];
    const { layer } = each;
    const rank = axes.shape(layer.data)?.length ?? 0;
    const first = axes.first(layer.data, layer.form.channelsLast ? rank - 1 : 1);
    const held = first < 0 ? 'the number of its channels is not known' : sets.reason(first);
    const reason = isProduct(layer)
      ? `could not be folded into what lies before: ${held ?? 'only some of its channels may change'}`
      : 'no matrix product: even out between layers instead';
    return [{ name: layer.name, op: layer.op, reason }];
  });
}
