import type { CalibratedElementStep } from '../../../contract/recipe/prune-elements.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { CalibrationSamples } from '../../dataset/finite-samples.ts';
import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { makeTensor } from '../../graph/make.ts';
import { mapTensors } from '../../graph/tensors.ts';
import type { LinearForm } from '../../operators/linear-form.ts';
import { inferModel } from '../../operators/infer.ts';
import type { Runner } from '../../runtime/runner.ts';
import { runInterruptibly } from '../../tensor/linear/interruptible.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { collectSums } from '../../sums/collect-sums.ts';
import { byLevel, levelsOf } from '../../sums/levels.ts';
import { SumsGraph } from '../../sums/sums-graph.ts';
import { thinningOf } from '../../sums/thinning.ts';
import { blockOf } from './blocks.ts';
import type { ElementLayer, ElementWeight } from './element-weights.ts';
import { patternOf } from './pattern.ts';
import { blocksOf, sparseGpt, type Wanted } from './sparse-gpt.ts';
import { wandaMask, type WantedShare } from './wanda.ts';
import { formColumn, type WeightMatrix } from './weight-matrix.ts';
import { withZeros, type ZeroedTensor } from './write-zeros.ts';

/** What scores from data are taken with. */
export interface DataSource {
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  readonly context: TaskContext;
}

/** Positions for each weight of an output on which its layer is judged. */
const ROWS_PER_COLUMN = 200;

/**
 * Prunes by scores from data, layer after layer in the order of the graph: each is judged by what the pruned layers before it
 * give on the calibration samples. Sums over the samples are taken in the runtime, so that memory does not grow with them.
 * @returns what stands in the place of each stored tensor; and what a user should know of the samples
 * @throws DATA_INVALID without usable samples and where activations are NaN; SHAPE_MISMATCH for data that do not fit;
 *   RUNTIME_…, CANCELLED
 */
export async function pruneByData(
  model: Model,
  layers: readonly ElementLayer[],
  step: CalibratedElementStep,
  { calibration, runner, context }: DataSource,
): Promise<{ readonly changed: ReadonlyMap<Tensor, ZeroedTensor>; readonly notes: readonly string[] }> {
  const samples = new CalibrationSamples(calibration, step.samples);
  await samples.first();
  const batches = new CalibrationBatches(() => samples.all());
  const stepsOf = thinningOf(model, { samples: await batches.count(), rowsPerColumn: ROWS_PER_COLUMN });
  const dtypeOf = dataTypes(model);
  const weights = layers.flatMap(({ layer, weights: own }) => own.map((weight) => ({ ...weight, layer: layer.name })));
  const levelOf = levelsOf(model.graph, new Set<Node>(weights.map(({ taken }) => taken.node)));
  const changed = new Map<Tensor, ZeroedTensor>();
  let done = 0;
  for (const round of byLevel(weights, ({ taken }) => levelOf(taken.node.outputs[0] ?? ''))) {
    context.progress({ stage: 'Pruning', done, total: weights.length });
    const current = mapTensors(model, (tensor) => changed.get(tensor)?.tensor ?? tensor);
    const graph = new SumsGraph(current);
    const layerOf = new Map<string, string>();
    const sums = round.map(({ taken: { node, axes }, tensor, matrix, layer }) => {
      const { form } = matrix!;
      const data = node.inputs[0] ?? '';
      const layout = { rank: axes!.length, dtype: dtypeOf(data) ?? tensor.dtype, steps: stepsOf({ node, form }) };
      const columns = graph.columns(node, data, form, layout);
      const output = step.score === 'wanda' ? graph.squares(columns) : graph.products(columns, columns);
      layerOf.set(output, layer);
      return output;
    });
    const layerNamed = (output: string): string => layerOf.get(output) ?? output;
    const run = { batches: batches.all(), runner, layerOf: layerNamed, sums: graph.sums };
    const totals = await collectSums(graph.build(), run, context);
    for (const [at, weight] of round.entries()) {
      changed.set(weight.tensor, await prunedTensor(weight, totals.get(sums[at]!)!, step, context.signal));
      done++;
    }
  }
  context.progress({ stage: 'Pruning', done, total: weights.length });
  return { changed, notes: samples.notes() };
}

function dataTypes(model: Model): (value: string) => Tensor['dtype'] | undefined {
  const { values } = inferModel(model);
  return (value) => values.get(value)?.dtype;
}

/** @param sums of squares of the inputs [groups, columns], or of their products [groups, columns, columns], as the form counts */
async function prunedTensor(
  { tensor, values, matrix }: ElementWeight,
  sums: Float64Array,
  step: CalibratedElementStep,
  signal: AbortSignal,
): Promise<ZeroedTensor> {
  const wanted: WantedShare =
    step.structure === 'element' ? { sparsity: step.sparsity, block: blockOf(step.block) } : patternOf(step.structure);
  if (step.score === 'wanda') return withZeros(tensor, wandaMask(values, sums, matrix!, wanted));
  const { mask, solved } = await solve(values, sums, { matrix: matrix!, wanted, signal });
  const { dtype, dims, name, docString, metadata, unknown } = tensor;
  const written = withZeros({ ...makeTensor(name, dtype, dims, solved), docString, metadata, unknown }, mask);
  // What was zero before is told by the weights before.
  return { ...written, nonZero: { ...written.nonZero, before: withZeros(tensor, mask).nonZero.before } };
}

interface Solving {
  readonly matrix: WeightMatrix;
  readonly wanted: WantedShare;
  readonly signal: AbortSignal;
}

/** Weights and mask by SparseGPT, in the order in which weights are stored. */
async function solve(
  values: Float32Array | Float64Array,
  grams: Float64Array,
  { matrix: { rowAt, columnAt, form }, wanted, signal }: Solving,
): Promise<{ readonly mask: Uint8Array; readonly solved: Float64Array }> {
  const { groups, outputs, columns } = form;
  const solved = Float64Array.from(values);
  const whole = new Uint8Array(values.length);
  const order = Array.from({ length: columns }, (_, column) => formColumn(form, column));
  let cut = 0;
  for (let group = 0; group < groups; group++) {
    const own = wantedOf(wanted, { form, group, cut });
    if ('count' in own) cut += own.count;
    const gram = new Float64Array(columns * columns);
    for (let i = 0; i < columns; i++) {
      const row = (group * columns + order[i]!) * columns;
      for (let j = 0; j < columns; j++) gram[i * columns + j] = grams[row + order[j]!]!;
    }
    const placeOf = (at: number): number =>
      rowAt[group * outputs + Math.floor(at / columns)]! + columnAt[at % columns]!;
    const weights = Float64Array.from({ length: outputs * columns }, (_, at) => values[placeOf(at)]!);
    const mask = await runInterruptibly(sparseGpt(weights, gram, own), signal);
    for (let at = 0; at < mask.length; at++) {
      const place = placeOf(at);
      whole[place] = mask[at]!;
      solved[place] = weights[at]!;
    }
  }
  return { mask: whole, solved };
}

/** What of a group is to go when `cut` blocks of those before it have: rounding is carried on, so that the whole is exact. */
function wantedOf(
  wanted: WantedShare,
  { form, group, cut }: { readonly form: LinearForm; readonly group: number; readonly cut: number },
): Wanted {
  if ('kept' in wanted) return wanted;
  const { sparsity, block } = wanted;
  const blocks = blocksOf({ rows: form.outputs, width: form.columns }, block);
  return { count: Math.round(sparsity * blocks * (group + 1)) - cut, block };
}
