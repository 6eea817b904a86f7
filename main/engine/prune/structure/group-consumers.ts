import type { TaskContext } from '../../../base/progress.ts';
import type { Model } from '../../graph/ir.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { collectGrams, type CalibrationRunner } from '../repair/layer-sums.ts';
import { centredSums, type GroupSums } from '../../sums/group-sums.ts';
import { MOST_COLUMNS, solvableLayers, type SolvableLayer } from '../../linear/solvable-layers.ts';
import { thinningOf } from '../../sums/thinning.ts';
import type { Closure } from '../../channels/closure.ts';
import type { Consumer } from './eliminate-atoms.ts';
import type { ChannelGroup } from './groups.ts';

/** A layer that takes the channels of a group, as least-squares problems. */
export interface ConsumingLayer {
  readonly layer: SolvableLayer;
  /** Of each group of the layer's own (grouped convolutions). */
  readonly sums: readonly GroupSums[];
  readonly problems: readonly Consumer[];
  /** What its errors count: one over the variance of what it should give. */
  readonly weight: number;
}

/**
 * λ as a multiple of the mean of the Gram matrix's diagonal.
 * @see Meng et al. 2024 (OSSCAR)
 */
const RIDGE = 0.01;
/** Positions for each column on which channels are compared: fewer than weights are solved on. */
const ROWS_PER_COLUMN = 60;

/** Memory that the squares of all layers' columns may take together. */
const MOST_BYTES = 4 * 2 ** 30;

/**
 * Layers that take channels of each group, as far as they are linear in constant weights of their own, not too wide, and their
 * sums fit into memory: the first ones of the model do.
 */
export function consumersOf(
  { model }: Closure,
  groups: readonly ChannelGroup[],
): ReadonlyMap<ChannelGroup, readonly SolvableLayer[]> {
  const index = indexGraph(model.graph);
  const known = (value: string): boolean => index.producer(value) !== undefined;
  const { layers: solvable } = solvableLayers(model, { excluded: new Set(), known, mostColumns: MOST_COLUMNS });
  const layers = withinMemory(solvable);
  const byWeight = new Map(layers.map((layer) => [layer.weight.name, layer]));
  return new Map(
    groups.map((group) => {
      const consuming = group.members.filter(({ role }) => role === 'consumes');
      const found = new Set(consuming.flatMap(({ tensor }) => byWeight.get(tensor) ?? []));
      return [group, [...found]];
    }),
  );
}

/** @param most bytes: 16 for the square of each layer's columns */
export function withinMemory<Layer extends Pick<SolvableLayer, 'form'>>(
  layers: readonly Layer[],
  most = MOST_BYTES,
): readonly Layer[] {
  let bytes = 0;
  return layers.filter(({ form: { groups, columns } }) => {
    const own = 16 * groups * columns ** 2;
    if (bytes + own > most) return false;
    bytes += own;
    return true;
  });
}

/**
 * Runs the model on the calibration samples and makes the problems of all layers: what each computes from its columns.
 * Memory: 16 bytes for the square of each layer's columns.
 * @throws as `collectSums`
 */
export async function consumingSums(
  model: Model,
  layers: readonly SolvableLayer[],
  on: CalibrationRunner & { readonly samples: number },
  context: TaskContext,
): Promise<ReadonlyMap<SolvableLayer, readonly GroupSums[]>> {
  const stepsOf = thinningOf(model, { samples: on.samples, rowsPerColumn: ROWS_PER_COLUMN });
  const pair = { float: model, pruned: model, kept: new Map() };
  const sums = new Map<SolvableLayer, readonly GroupSums[]>();
  for (const part of partsOf(layers)) {
    context.progress({ stage: 'Reading layers', done: sums.size, total: layers.length });
    const wanted = part.map((layer) => ({
      layer,
      target: { value: layer.output, less: undefined },
      steps: stepsOf(layer),
    }));
    const found = await collectGrams(pair, wanted, on, context);
    part.forEach((layer, at) => sums.set(layer, found[at]!));
  }
  context.progress({ stage: 'Reading layers', done: layers.length, total: layers.length });
  return sums;
}

/** Elements that one run may give at once: more is read in several passes. */
const SUMS_AT_ONCE = 32 * 2 ** 20;

function partsOf(layers: readonly SolvableLayer[]): readonly (readonly SolvableLayer[])[] {
  const parts: SolvableLayer[][] = [];
  let elements = Infinity;
  for (const layer of layers) {
    const { groups, columns, outputs } = layer.form;
    const own = groups * columns * (columns + outputs);
    if (elements + own > SUMS_AT_ONCE) {
      parts.push([]);
      elements = 0;
    }
    parts.at(-1)!.push(layer);
    elements += own;
  }
  return parts;
}

/** Sums that the runtime made in float32 say nothing of a variation below this share of the squares. */
const FLOAT32_NOISE = 1e-6;

/**
 * The problems of one group: which columns of each layer belong to which of its atoms.
 * @returns undefined where columns hardly vary: nothing can be learnt from them
 */
export function problemsOf(
  { axes, sets }: Closure,
  { roots, members }: ChannelGroup,
  { layer, sums }: { readonly layer: SolvableLayer; readonly sums: readonly GroupSums[] },
): ConsumingLayer | undefined {
  const atomOf = new Map(Array.from(roots, (root, atom) => [root, atom]));
  const { form, weight } = layer;
  const member = members.find(({ role, tensor }) => role === 'consumes' && tensor === weight.name)!;
  const first = axes.first(weight.name, member.axis);
  const inner = weight.dims.slice(member.axis + 1).reduce((product, dim) => product * dim, 1);
  const size = weight.dims[member.axis]!;
  let variance = 0;
  let varies = true;
  const problems = sums.map((group, at): Consumer => {
    const atoms: number[][] = Array.from(roots, () => []);
    for (let column = 0; column < form.columns; column++) {
      const element = Math.floor(form.at(at, 0, column) / inner) % size;
      const atom = first < 0 ? undefined : atomOf.get(sets.root(first + element));
      if (atom !== undefined) atoms[atom]!.push(column);
    }
    const { gram, cross } = layer.bias === undefined ? group : centredSums(group);
    const own = Float64Array.from(gram);
    const diagonal = meanDiagonal(own, form.columns);
    if (!(diagonal > FLOAT32_NOISE * meanDiagonal(group.gram, form.columns))) varies = false;
    for (let k = 0; k < form.columns; k++) own[k * form.columns + k]! += RIDGE * diagonal;
    group.targetSquares.forEach((square, m) => {
      const mean = layer.bias === undefined ? 0 : group.targetTotals[m]! / group.count;
      variance += square - mean * group.targetTotals[m]!;
    });
    return { columns: form.columns, outputs: form.outputs, gram: own, cross, atoms };
  });
  return varies ? { layer, sums, problems, weight: variance > 0 ? 1 / variance : 0 } : undefined;
}

function meanDiagonal(gram: Float64Array, columns: number): number {
  let sum = 0;
  for (let k = 0; k < columns; k++) sum += gram[k * columns + k]!;
  return sum / columns;
}
