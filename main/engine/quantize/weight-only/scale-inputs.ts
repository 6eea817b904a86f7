import type { TaskContext } from '../../../base/progress.ts';
import type { CalibratedWeightStep } from '../../../contract/recipe/quantize-weight-only.ts';
import { CalibrationSamples, firstSamples } from '../../dataset/finite-samples.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { checkPass } from '../../passes/check-pass.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import { runInterruptibly } from '../../tensor/linear/interruptible.ts';
import { collectGrams, type DataSource } from './code-by-data.ts';
import { formatOf } from './code-matrices.ts';
import type { StoredMatrix } from './find-matrices.ts';
import { findFactors, type ScaledMatrix } from './input-factors.ts';
import { matrixValues } from './matrix-values.ts';

/** Channels that may be divided by factors in the layers before, while the weights that take them are multiplied. */
export interface ChannelGroup {
  /** Sets of channels; each has one factor. */
  readonly roots: readonly number[];
  /** Nodes that take them, with the set of each of their columns; −1: none. */
  readonly takers: readonly { readonly node: Node; readonly inputs: Int32Array }[];
}

/** Which channels of a model may be scaled, and how that is written. */
export interface InputScaling {
  readonly groups: readonly ChannelGroup[];
  /** The model with every channel divided by the factor of its set, and what takes it multiplied: it computes the same. */
  readonly write: (factors: ReadonlyMap<number, number>) => Model;
}

/** Samples on which a scaled model is compared with the one before. */
const CHECKED_SAMPLES = 4;

export interface ScaledInputs {
  readonly model: Model;
  readonly notes: readonly string[];
}

/**
 * AWQ's scaling: channels that are large on the calibration data are divided in the layers before, so that weights that take
 * them are larger, and coded more exactly for it. What is written is checked to compute the same.
 * @throws as `codeByData`
 */
export async function scaleInputs(
  model: Model,
  matrices: readonly StoredMatrix[],
  { scaling, step, data }: { scaling: InputScaling; step: CalibratedWeightStep; data: DataSource },
  context: TaskContext,
): Promise<ScaledInputs> {
  const { runner } = data;
  const samples = new CalibrationSamples(data.calibration, step.samples);
  const feeds = await samples.first();
  const batches = new CalibrationBatches(() => samples.all());
  const matrixOf = new Map(matrices.flatMap((matrix) => matrix.uses.map(({ node }) => [node, matrix] as const)));
  const groups = scaling.groups.filter((group) => isWhole(group, matrixOf));
  const levelOf = levelsOf(model.graph, new Set(matrixOf.keys()));
  const factors = new Map<number, number>();
  const exponents: number[] = [];
  let done = 0;
  for (const round of byLevel(groups, ({ takers }) => levelOf(takers[0]!.node.outputs[0] ?? ''))) {
    const wanted = [...new Set(round.flatMap(({ takers }) => takers.map(({ node }) => matrixOf.get(node)!)))];
    const run = { batches: batches.all(), runner, between: undefined, from: [] };
    const grams = await collectGrams(model, wanted, run, context);
    for (const { roots, takers } of round) {
      context.progress({ stage: 'Scaling inputs', done: done++, total: groups.length });
      const places = new Map(roots.map((root, at) => [root, at]));
      const scaled = takers.map(({ node, inputs }): ScaledMatrix => {
        const matrix = matrixOf.get(node)!;
        const channels = inputs.map((root) => places.get(root) ?? -1);
        const { rows, columns } = matrix;
        const weights = matrixValues(matrix);
        return { rows, columns, weights, format: formatOf(step, matrix), gram: grams.get(matrix)!, channels };
      });
      const found = await runInterruptibly(findFactors(scaled, roots.length), context.signal);
      if (found.exponent === 0) continue;
      exponents.push(found.exponent);
      for (const [at, root] of roots.entries()) factors.set(root, found.factors[at]!);
    }
  }
  const layers = matrices.filter(({ uses }) => uses.some(({ kind }) => kind === 'product')).length;
  const scaledLayers = new Set(groups.flatMap(({ takers }) => takers.map(({ node }) => matrixOf.get(node)))).size;
  const unscaled =
    layers === scaledLayers
      ? []
      : [
          `The inputs of ${layers - scaledLayers} of ${layers} matrices are not scaled: no layer before them can take up the factors.`,
        ];
  if (exponents.length === 0) return { model, notes: [...unscaled, 'Scaling inputs makes no codes more exact here.'] };
  const after = scaling.write(factors);
  const difference = await checkPass({ before: model, after }, firstSamples(feeds, CHECKED_SAMPLES), runner, context);
  if (difference !== null) {
    return { model, notes: [`Inputs are not scaled: the model would compute something else, ${difference}.`] };
  }
  const mean = exponents.reduce((sum, each) => sum + each, 0) / exponents.length;
  const note = `Inputs of ${exponents.length} ${exponents.length === 1 ? 'group' : 'groups'} of layers are scaled by their size to the power of ${mean.toFixed(2)} in the mean.`;
  return { model: after, notes: [note, ...unscaled] };
}

/** Whether all that take the channels are matrices of their own, of which nothing else is read. */
function isWhole({ takers }: ChannelGroup, matrixOf: ReadonlyMap<Node, StoredMatrix>): boolean {
  const nodes = new Set(takers.map(({ node }) => node));
  return takers.every(({ node }) => {
    const matrix = matrixOf.get(node);
    return matrix !== undefined && matrix.uses.every((use) => use.kind === 'product' && nodes.has(use.node));
  });
}
