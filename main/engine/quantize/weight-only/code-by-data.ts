import type { TaskContext } from '../../../base/progress.ts';
import type { CalibratedWeightStep } from '../../../contract/recipe/quantize-weight-only.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { CalibrationSamples } from '../../dataset/finite-samples.ts';
import type { Model, Tensor } from '../../graph/ir.ts';
import { makeTensor } from '../../graph/make.ts';
import { mapTensors } from '../../graph/tensors.ts';
import { inferModel } from '../../operators/infer.ts';
import type { Runner } from '../../runtime/runner.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { collectSums } from '../../sums/collect-sums.ts';
import { Frontier } from '../../sums/frontier.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import { SumsGraph } from '../../sums/sums-graph.ts';
import { decodeBlocks } from './block-codes.ts';
import { codeMatrix, type CodedMatrix } from './code-matrices.ts';
import type { ProductUse, StoredMatrix } from './find-matrices.ts';
import { transposed } from './matrix-values.ts';

/** What codes from data are found with. */
export interface DataSource {
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
}

/**
 * Codes from data, layer after layer in the order of the graph: each is coded for the inputs that the coded layers before it
 * give on the calibration samples. Sums over the samples are taken in the runtime, so that memory does not grow with them,
 * and values that are final stay there between rounds. Inputs that several layers share are summed up once.
 * @throws DATA_INVALID without usable samples and where activations are NaN; SHAPE_MISMATCH, QUANTIZE_NOT_FINITE, RUNTIME_…,
 *   CANCELLED
 */
export async function codeByData(
  model: Model,
  matrices: readonly StoredMatrix[],
  step: CalibratedWeightStep,
  { calibration, runner }: DataSource,
  context: TaskContext,
): Promise<{ readonly coded: readonly CodedMatrix[]; readonly notes: readonly string[] }> {
  const samples = new CalibrationSamples(calibration, step.samples);
  await samples.first();
  const batches = new CalibrationBatches(() => samples.all());
  const levelOf = levelsOf(model.graph, new Set(matrices.flatMap(({ uses }) => uses.map(({ node }) => node))));
  const levelOfMatrix = ({ uses }: StoredMatrix): number =>
    Math.max(...uses.map(({ node }) => levelOf(node.outputs[0] ?? '')));
  const decoded = new Map<Tensor, Tensor>();
  const coded = new Map<StoredMatrix, CodedMatrix>();
  const frontier = new Frontier(runner);
  try {
    for (const round of byLevel(matrices, levelOfMatrix)) {
      context.progress({ stage: 'Quantizing', done: coded.size, total: matrices.length });
      const current = mapTensors(model, (tensor) => decoded.get(tensor) ?? tensor);
      const between = frontier.between(current, levelOf, levelOfMatrix(round[0]!));
      const run = { batches: batches.all(), runner, between, from: frontier.values };
      const grams = await collectGrams(current, round, run, context);
      for (const matrix of round) {
        const made = await codeMatrix(matrix, step, grams.get(matrix), context);
        coded.set(matrix, made);
        for (const [tensor, weights] of decodedTensors(made)) decoded.set(tensor, weights);
        context.progress({ stage: 'Quantizing', done: coded.size, total: matrices.length });
      }
    }
  } finally {
    if (runner.alive) await frontier.release();
  }
  return { coded: matrices.map((matrix) => coded.get(matrix)!), notes: samples.notes() };
}

interface GramRun {
  readonly batches: FeedBatches;
  readonly runner: Runner;
  readonly between: ReturnType<Frontier['between']> | undefined;
  readonly from: readonly string[];
}

/** Σx·xᵀ of the inputs of each matrix; of one that several layers use, over all of them. None for tables alone. */
export async function collectGrams(
  model: Model,
  matrices: readonly StoredMatrix[],
  { batches, runner, between, from }: GramRun,
  context: TaskContext,
): Promise<ReadonlyMap<StoredMatrix, Float64Array>> {
  const { values } = inferModel(model);
  const graph = new SumsGraph(model);
  const outputs = new Map<string, string>();
  const layerOf = new Map<string, string>();
  const outputOf = ({ node, form }: ProductUse, { dtype }: StoredMatrix): string => {
    const data = node.inputs[0] ?? '';
    const known = outputs.get(data);
    if (known !== undefined) return known;
    const columns = graph.columns(node, data, form, {
      rank: 2,
      dtype: values.get(data)?.dtype ?? dtype,
      steps: [],
    });
    const output = graph.products(columns, columns);
    outputs.set(data, output);
    layerOf.set(output, node.name);
    return output;
  };
  const wanted = matrices.flatMap((matrix) => {
    const products = matrix.uses.filter((use) => use.kind === 'product');
    return products.length === 0 ? [] : [{ matrix, sums: products.map((use) => outputOf(use, matrix)) }];
  });
  if (wanted.length === 0) return new Map();
  const totals = await collectSums(
    graph.build({ from, keep: between?.keep ?? [] }),
    { batches, runner, layerOf: (output) => layerOf.get(output) ?? output, sums: graph.sums, between },
    context,
  );
  return new Map(wanted.map(({ matrix, sums }) => [matrix, added(sums.map((output) => totals.get(output)!))]));
}

function added([first, ...others]: readonly Float64Array[]): Float64Array {
  const sum = first!.slice();
  for (const other of others) for (let at = 0; at < sum.length; at++) sum[at]! += other[at]!;
  return sum;
}

/** Coded matrices as the float tensors that the model stores. */
function decodedTensors({ matrix, codes }: CodedMatrix): readonly (readonly [Tensor, Tensor])[] {
  const weights = decodeBlocks(codes);
  return [matrix, ...matrix.copies].map(({ tensor, rowsFirst }) => {
    const ordered = rowsFirst ? weights : transposed(weights, codes);
    const values = matrix.factor === 1 ? ordered : ordered.map((value) => value / matrix.factor);
    return [tensor, makeTensor(tensor.name, tensor.dtype, tensor.dims, values)] as const;
  });
}
