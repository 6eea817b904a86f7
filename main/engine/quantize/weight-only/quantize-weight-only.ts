import { StudioError } from '../../../base/errors.ts';
import type { TaskContext } from '../../../base/progress.ts';
import type { WeightOnlyStep } from '../../../contract/recipe/quantize-weight-only.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { composeSources, sourcesOf, type PassResult, type Sources } from '../../passes/pass.ts';
import { checkPass } from '../../passes/check-pass.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import { defaultOpset } from '../../passes/upgrade-opset.ts';
import { makeModelInputs } from '../../runtime/make-inputs.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import type { QuantizeOutcome } from '../outcome.ts';
import { codeByData, type DataSource } from './code-by-data.ts';
import { BITS, codeMatrix, type CodedMatrix } from './code-matrices.ts';
import { findMatrices, type FoundMatrices } from './find-matrices.ts';
import { prepareWeights } from './prepare-weights.ts';
import { scaleInputs, type InputScaling, type ScaledInputs } from './scale-inputs.ts';
import { describeWeights, weightNotes } from './weight-report.ts';
import { writeDequantized } from './write-dequantized.ts';
import { writeBlockKernels, type WrittenMatrices } from './write-matrices.ts';

export interface WeightOnlyInput extends DataSource {
  readonly step: WeightOnlyStep;
  /** Some real inputs to try a rewritten model on; undefined: there are none, and made ones do. */
  readonly sampleFeeds: () => Promise<HostTensors | undefined>;
  /** Which channels of a model may be scaled; asked for by AWQ. */
  readonly scalingOf: (model: Model) => InputScaling;
}

/**
 * Weights in 8, 4 or 2 bits with a scale for each block of an output's inputs; activations stay float. What is written is
 * what the runtime's kernels read. The source is not modified, and no two float copies of its weights are held at once.
 * @throws UNSUPPORTED where no layer has weights that can be coded; QUANTIZE_NOT_FINITE; with data DATA_INVALID, SHAPE_MISMATCH;
 *   RUNTIME_…, CANCELLED
 */
export async function quantizeWeightOnly(
  source: Model,
  { step, scalingOf, sampleFeeds, ...data }: WeightOnlyInput,
  context: TaskContext,
): Promise<QuantizeOutcome<WeightOnlyStep>> {
  const { runner } = data;
  const passes = { runners: lendRunner(runner), signal: context.signal };
  const prepared = await prepareWeights(source, step, passes);
  await checkRaised(source, prepared.model, { runner, sampleFeeds }, context);
  const { model, notes: scaled } = await scale(prepared, { step, scalingOf, data }, context);
  const found = wantedMatrices(model, prepared.sources, step);
  const { coded, notes } = await code(model, found, { step, data }, context);
  const written = write(model, coded, step);
  const outcome = { found, coded, bytes: written.bytes, sources: prepared.sources };
  const layers = describeWeights(source, outcome, step);
  return {
    model: coded.length === 0 ? source : written.model,
    sources: composeSources(prepared.sources, written.sources),
    step,
    layers,
    fusedShare: coded.length === 0 || step.format === 'qdq' ? null : 1,
    notes: [...prepared.notes, ...scaled, ...notes, ...weightNotes(source, outcome, step)],
  };
}

/** A model in another opset must compute what it did. @throws UNSUPPORTED */
async function checkRaised(
  source: Model,
  model: Model,
  { runner, sampleFeeds }: Pick<WeightOnlyInput, 'runner' | 'sampleFeeds'>,
  context: TaskContext,
): Promise<void> {
  if (defaultOpset(model) === defaultOpset(source)) return;
  const feeds = (await sampleFeeds()) ?? makeModelInputs(source, { batch: 1, dims: {} }).feeds;
  const difference = await checkPass({ before: nameNodes(source).model, after: model }, feeds, runner, context);
  if (difference === null) return;
  throw new StudioError(
    'UNSUPPORTED',
    `Rewritten in opset ${defaultOpset(model)}, the model computes something else: ${difference}`,
    { hint: 'Choose block kernels, which any opset takes; or export the model again in opset 21.' },
  );
}

/** The model with its inputs scaled, where the method does so. */
async function scale(
  { model, sources }: PassResult,
  { step, scalingOf, data }: { step: WeightOnlyStep; scalingOf: WeightOnlyInput['scalingOf']; data: DataSource },
  context: TaskContext,
): Promise<ScaledInputs> {
  const { matrices } = wantedMatrices(model, sources, step);
  if (step.method !== 'awq' || matrices.length === 0) return { model, notes: [] };
  return scaleInputs(model, matrices, { scaling: scalingOf(model), step, data }, context);
}

/** What the kernels' attribute accuracy_level says: in which type they multiply. */
const ACCURACY_LEVELS = { float32: 1, int8: 4 } as const;

function write(model: Model, coded: readonly CodedMatrix[], step: WeightOnlyStep): WrittenMatrices {
  if (step.format === 'qdq') return writeDequantized(model, coded);
  return writeBlockKernels(model, coded, ACCURACY_LEVELS['compute' in step ? step.compute : 'int8']);
}

function wantedMatrices(model: Model, sources: Sources, step: WeightOnlyStep): FoundMatrices {
  const excluded = new Set(step.exclude);
  const refuse = (node: Node): string | undefined =>
    sourcesOf(sources, node.name).some((layer) => excluded.has(layer)) ? 'left out by the recipe' : undefined;
  const block = step.block === 'row' ? 1 : step.block;
  return findMatrices(model, {
    lookups: 'embeddings' in step && step.embeddings,
    block,
    bits: BITS[step.scheme],
    refuse,
  });
}

async function code(
  model: Model,
  { matrices }: FoundMatrices,
  { step, data }: { readonly step: WeightOnlyStep; readonly data: DataSource },
  context: TaskContext,
): Promise<{ readonly coded: readonly CodedMatrix[]; readonly notes: readonly string[] }> {
  if ('samples' in step && matrices.length > 0) return codeByData(model, matrices, step, data, context);
  const coded: CodedMatrix[] = [];
  for (const matrix of matrices) {
    context.progress({ stage: 'Quantizing', done: coded.length, total: matrices.length });
    coded.push(await codeMatrix(matrix, step, undefined, context));
  }
  context.progress({ stage: 'Quantizing', done: coded.length, total: matrices.length });
  return { coded, notes: [] };
}
