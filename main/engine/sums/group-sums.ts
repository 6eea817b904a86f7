/** What least squares needs to know of a layer: sums over all positions of all samples. */
import type { GroupWeights } from '../linear/layer-weights.ts';
import type { LinearForm } from '../operators/linear-form.ts';
import type { Rows, SumsGraph } from './sums-graph.ts';

/** Sums over all positions of one group of a layer: columns x [K] that its weights meet, and targets t [M] that it should give. */
export interface GroupSums {
  readonly columns: number;
  readonly outputs: number;
  /** Positions of all samples. */
  readonly count: number;
  /** Σ x·xᵀ [K, K], row-major. */
  readonly gram: Float64Array;
  /** Σ t·xᵀ [M, K], row-major. */
  readonly cross: Float64Array;
  /** Σ x [K]. */
  readonly columnTotals: Float64Array;
  /** Σ t [M] and Σ t² [M]. */
  readonly targetTotals: Float64Array;
  readonly targetSquares: Float64Array;
}

/** Outputs of a graph of sums. */
type SumNames = Readonly<Record<'gram' | 'cross' | 'columnTotals' | 'targetTotals' | 'targetSquares' | 'size', string>>;

/** Adds the sums of a layer to a graph. @param x columns of each group @param t targets of each group */
export function addGroupSums(graph: SumsGraph, x: Rows, t: Rows): SumNames {
  return {
    gram: graph.products(x, x),
    cross: graph.products(t, x),
    columnTotals: graph.totals(x),
    targetTotals: graph.totals(t),
    targetSquares: graph.squares(t),
    size: graph.size(t),
  };
}

/** The sums of each group of a layer. @param totals by output of the graph */
export function groupSums(
  { groups, outputs, columns }: Pick<LinearForm, 'groups' | 'outputs' | 'columns'>,
  names: SumNames,
  totals: ReadonlyMap<string, Float64Array>,
): readonly GroupSums[] {
  const all = (name: string): Float64Array => totals.get(name) ?? new Float64Array();
  const count = (all(names.size)[0] ?? 0) / (groups * outputs);
  return Array.from({ length: groups }, (_, group) => {
    const part = (name: string, size: number): Float64Array => all(name).subarray(group * size, (group + 1) * size);
    return {
      columns,
      outputs,
      count,
      gram: part(names.gram, columns * columns),
      cross: part(names.cross, outputs * columns),
      columnTotals: part(names.columnTotals, columns),
      targetTotals: part(names.targetTotals, outputs),
      targetSquares: part(names.targetSquares, outputs),
    };
  });
}

/** What two such sums over different samples make together. */
export function addSums(a: GroupSums, b: GroupSums): GroupSums {
  const sum = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, at) => value + (y[at] ?? 0));
  return {
    columns: a.columns,
    outputs: a.outputs,
    count: a.count + b.count,
    gram: sum(a.gram, b.gram),
    cross: sum(a.cross, b.cross),
    columnTotals: sum(a.columnTotals, b.columnTotals),
    targetTotals: sum(a.targetTotals, b.targetTotals),
    targetSquares: sum(a.targetSquares, b.targetSquares),
  };
}

/** The sums for some of the outputs alone. */
export function sumsOf(sums: GroupSums, outputs: readonly number[]): GroupSums {
  const { columns } = sums;
  const cross = new Float64Array(outputs.length * columns);
  for (const [at, m] of outputs.entries()) cross.set(sums.cross.subarray(m * columns, (m + 1) * columns), at * columns);
  const pick = (all: Float64Array): Float64Array => Float64Array.from(outputs, (m) => all[m]!);
  return {
    ...sums,
    outputs: outputs.length,
    cross,
    targetTotals: pick(sums.targetTotals),
    targetSquares: pick(sums.targetSquares),
  };
}

/** Σ|W·x + b − t|² of these weights, over all outputs of the group. */
export function squaredError(sums: GroupSums, { weights, bias }: GroupWeights): number {
  const { columns, outputs, count, gram, cross, columnTotals, targetTotals, targetSquares } = sums;
  let error = 0;
  for (let m = 0; m < outputs; m++) {
    const row = m * columns;
    const b = bias[m]!;
    let quadratic = 0;
    let mixed = 0;
    let mean = 0;
    for (let i = 0; i < columns; i++) {
      const weight = weights[row + i]!;
      if (weight === 0) continue;
      let product = 0;
      for (let j = 0; j < columns; j++) product += gram[i * columns + j]! * weights[row + j]!;
      quadratic += weight * product;
      mixed += weight * cross[row + i]!;
      mean += weight * columnTotals[i]!;
    }
    error += quadratic - 2 * mixed + targetSquares[m]! + b * (2 * mean - 2 * targetTotals[m]! + count * b);
  }
  // Sums of float32 products leave rounding where nothing else is left.
  return Math.max(0, error);
}

/** Σ (x − x̄)(x − x̄)ᵀ and Σ (t − t̄)(x − x̄)ᵀ. */
export function centredSums(sums: GroupSums): Pick<GroupSums, 'gram' | 'cross'> {
  const { columns, outputs, count, columnTotals, targetTotals } = sums;
  const gram = Float64Array.from(sums.gram);
  const cross = Float64Array.from(sums.cross);
  for (let i = 0; i < columns; i++) {
    const mean = columnTotals[i]! / count;
    for (let j = 0; j < columns; j++) gram[i * columns + j]! -= mean * columnTotals[j]!;
  }
  for (let m = 0; m < outputs; m++) {
    const mean = targetTotals[m]! / count;
    for (let j = 0; j < columns; j++) cross[m * columns + j]! -= mean * columnTotals[j]!;
  }
  return { gram, cross };
}

/** What takes up the means for these weights; zero where there is no place for it. */
export function biasFor(sums: GroupSums, weights: Float64Array, isCentred: boolean): Float64Array {
  const bias = new Float64Array(sums.outputs);
  if (!isCentred) return bias;
  for (let m = 0; m < sums.outputs; m++) {
    let explained = 0;
    for (let k = 0; k < sums.columns; k++) explained += weights[m * sums.columns + k]! * sums.columnTotals[k]!;
    bias[m] = (sums.targetTotals[m]! - explained) / sums.count;
  }
  return bias;
}
