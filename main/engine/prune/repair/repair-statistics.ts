import { floatAttribute } from '../../graph/attributes.ts';
import { indexGraph, type GraphIndex } from '../../graph/index-graph.ts';
import type { Node, Tensor } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { inferModel } from '../../operators/infer.ts';
import { normalizationOf } from '../../operators/ask.ts';
import type { Normalization } from '../../operators/normalization.ts';
import { affineError, momentMatch, type Affine } from './affine.ts';
import { collectMoments, outputLayout, type ComparedMoments, type ComparedValue } from './layer-sums.ts';
import { changesOf, readWeights } from '../../linear/layer-weights.ts';
import type { Repair } from './repair-weights.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import type { SolvableLayer } from '../../linear/solvable-layers.ts';
import { relativeError, type RepairedLayer, type RepairTask } from './task.ts';
import { roundedTo, writeConstants, type ConstantChange } from '../../linear/write-weights.ts';

/** A layer whose output's statistics are corrected. */
interface Correction {
  readonly node: Node;
  readonly op: string;
  readonly compared: ComparedValue;
  /** How its output changes, and the constants that make it so. */
  readonly correct: (moments: ComparedMoments) => {
    readonly affine: Affine;
    readonly changes: readonly ConstantChange[];
  };
}

/**
 * Corrects the statistics that pruning has moved, in the order of the graph: BatchNormalization learns mean and variance of
 * its own input again; LayerNormalization, and convolutions that no normalization follows, have each channel's mean and
 * deviation brought to the float model's. A model without any normalization has all of its layers corrected.
 * @throws as `collectSums`
 * @see Frantar & Alistarh 2022 (OBC), "statistics correction"; Jordan et al. 2023 (REPAIR)
 */
export async function repairStatistics(task: RepairTask, excluded: ReadonlySet<string>): Promise<Repair> {
  const { pair, context, on } = task;
  const corrections = correctionsOf(task, excluded);
  const level = levelsOf(pair.pruned.graph, new Set(corrections.map(({ node }) => node)));
  const changes: ConstantChange[] = [];
  const repaired: RepairedLayer[] = [];
  for (const round of byLevel(corrections, ({ node }) => level(node.outputs[0] ?? ''))) {
    context.progress({ stage: 'Repairing', done: repaired.length, total: corrections.length });
    const now = { ...pair, pruned: writeConstants(pair.pruned, changes) };
    const found = await collectMoments(now, round.map(({ compared }) => compared), on, context); // prettier-ignore
    for (const [at, { op, compared, correct }] of round.entries()) {
      const moments = found[at]!;
      const made = correct(moments);
      changes.push(...made.changes);
      const reference = sum(moments.target.squares);
      const error = { before: sum(moments.difference.squares), after: affineError(moments, made.affine) };
      repaired.push({ name: compared.name, op, error: relativeError(reference, error), note: null });
    }
  }
  context.progress({ stage: 'Repairing', done: repaired.length, total: repaired.length });
  return { changes, layers: repaired };
}

function correctionsOf({ pair, layers }: RepairTask, excluded: ReadonlySet<string>): readonly Correction[] {
  const index = indexGraph(pair.pruned.graph);
  const known = indexGraph(pair.float.graph);
  const { values } = inferModel(pair.pruned);
  const norms = pair.pruned.graph.nodes.flatMap((node): Correction[] => {
    const norm = normalizationOf(node);
    const output = node.outputs[0] ?? '';
    const facts = values.get(node.inputs[0] ?? '');
    if (norm === undefined || excluded.has(node.name) || known.producer(output) === undefined) return [];
    if (facts?.shape === undefined || facts.dtype === undefined) return [];
    const correction = normCorrection(index, node, norm, { rank: facts.shape.length, dtype: facts.dtype });
    return correction === undefined ? [] : [correction];
  });
  const normalized = (layer: SolvableLayer): boolean =>
    index.consumers(layer.output).some((node) => normalizationOf(node) !== undefined);
  const bare = layers.filter((layer) => norms.length === 0 || (!layer.form.channelsLast && !normalized(layer)));
  return [...norms, ...bare.map(layerCorrection)];
}

function layerCorrection(layer: SolvableLayer): Correction {
  const { node, op, name, output } = layer;
  return {
    node,
    op,
    compared: { name, value: output, target: { value: output, less: undefined }, layout: outputLayout(layer, 1) },
    correct: (moments) => {
      // Without a place for a bias the mean cannot move: only the deviation is matched.
      const match = momentMatch(moments);
      const affine = layer.bias === undefined ? { ...match, shift: new Float64Array(match.shift.length) } : match;
      const scaled = readWeights(layer).map(({ weights, bias }, group) => {
        const first = group * bias.length;
        const columns = weights.length / bias.length;
        return {
          weights: weights.map((weight, at) => weight * affine.scale[first + Math.floor(at / columns)]!),
          bias: bias.map((value, m) => value * affine.scale[first + m]! + affine.shift[first + m]!),
        };
      });
      return { affine, changes: changesOf(layer, scaled) };
    },
  };
}

interface ValueType {
  readonly rank: number;
  readonly dtype: Tensor['dtype'];
}

/** @returns undefined where its parameters are no constants of one number for each channel */
function normCorrection(
  index: GraphIndex,
  node: Node,
  norm: Normalization,
  { rank, dtype }: ValueType,
): Correction | undefined {
  const parameter = (input: number | undefined): Tensor | undefined =>
    input === undefined ? undefined : constantOf(index, node.inputs[input] ?? '');
  const [scale, bias] = [parameter(norm.scale), parameter(norm.bias)];
  const channels = scale?.dims.length === 1 ? scale.dims[0]! : 0;
  if (scale === undefined || bias === undefined || channels === 0 || bias.dims[0] !== channels) return undefined;
  const output = node.outputs[0] ?? '';
  const compared: ComparedValue = {
    name: node.name,
    value: output,
    target: { value: output, less: undefined },
    layout: { groups: 1, channels, channelsLast: norm.channelsLast, rank, dtype },
    ...(norm.statistics === undefined ? {} : { input: node.inputs[0] ?? '' }),
  };
  const [gamma, beta] = [numbers(scale), numbers(bias)];
  if (norm.statistics === undefined) {
    const correct: Correction['correct'] = (moments) => {
      const affine = momentMatch(moments);
      return {
        affine,
        changes: [
          changed(node, norm.scale, scale, gamma.map((value, c) => value * affine.scale[c]!)),
          changed(node, norm.bias!, bias, beta.map((value, c) => value * affine.scale[c]! + affine.shift[c]!)),
        ],
      }; // prettier-ignore
    };
    return { node, op: node.opType, compared, correct };
  }
  const [mean, variance] = [parameter(norm.statistics.mean), parameter(norm.statistics.variance)];
  if (mean === undefined || variance === undefined) return undefined;
  const places = norm.statistics;
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const old = { mean: numbers(mean), variance: numbers(variance) };
  const correct: Correction['correct'] = ({ input }) => {
    const { count, totals, squares } = input!;
    const found = {
      mean: totals.map((total) => total / count),
      variance: squares.map((square, c) => Math.max(0, square / count - (totals[c]! / count) ** 2)),
    };
    const [was, is] = [affineOf(gamma, beta, old, epsilon), affineOf(gamma, beta, found, epsilon)];
    const factor = is.scale.map((value, c) => (was.scale[c] === 0 ? 1 : value / was.scale[c]!));
    return {
      affine: { scale: factor, shift: is.shift.map((value, c) => value - factor[c]! * was.shift[c]!) },
      changes: [changed(node, places.mean, mean, found.mean), changed(node, places.variance, variance, found.variance)],
    };
  };
  return { node, op: node.opType, compared, correct };
}

/** γ·(x − μ)/√(σ² + ε) + β as scale·x + shift. */
function affineOf(
  gamma: Float64Array,
  beta: Float64Array,
  { mean, variance }: { readonly mean: Float64Array; readonly variance: Float64Array },
  epsilon: number,
): Affine {
  const scale = gamma.map((value, c) => value / Math.sqrt(variance[c]! + epsilon));
  return { scale, shift: beta.map((value, c) => value - mean[c]! * scale[c]!) };
}

function changed(node: Node, input: number, tensor: Tensor, values: Float64Array): ConstantChange {
  const { dtype, dims } = tensor;
  return { node, input, tensor, dtype, dims, values: roundedTo(dtype, values) };
}

function numbers(tensor: Tensor): Float64Array {
  return Float64Array.from(tensorValues(tensor), Number);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
