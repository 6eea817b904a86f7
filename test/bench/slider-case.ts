/**
 * A model of some 25 million weights as the Prune task knows it, with trials measured along the slider: what the slider's
 * prediction is made from.
 */
import type { Measurement } from '../../main/contract/measurement.ts';
import { someCircumstances, someData, someMeasurement } from '../support/measured.ts';
import { writeFileSync } from 'node:fs';
import { EMPTY_RECIPE } from '../../main/contract/recipe/recipe.ts';
import type { EvaluationSummary } from '../../main/contract/results.ts';
import type { Trial } from '../../main/contract/studio.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { makeRawTensor } from '../../main/engine/graph/make.ts';
import type { Model } from '../../main/engine/graph/ir.ts';
import { quietContext } from '../../main/base/progress.ts';
import { prunePlan } from '../../main/engine/prune/elements/prune-plan.ts';
import { RunnerPool } from '../../main/engine/runtime/runner-pool.ts';
import { quantizePlan } from '../../main/engine/quantize/quantize-plan.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { runOperation } from '../../main/services/operations/operations.ts';
import type { PredictionInputs } from '../../main/judge/predict/trial.ts';
import { graph } from '../support/graph-builder.ts';
import { pruneRecipe } from '../support/recipes.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A chain of matrices. */
export interface SliderSize {
  readonly layers: number;
  readonly width: number;
}
/** Of `WEIGHTS` = 96 × 512 × 512 = 25,165,824 weights. */
export const FEW_LARGE: SliderSize = { layers: 96, width: 512 };
export const WEIGHTS = FEW_LARGE.layers * FEW_LARGE.width ** 2;
/** 1000 × 160 × 160 = 25,600,000 weights. */
export const MANY_SMALL: SliderSize = { layers: 1000, width: 160 };
/** 500 × 224 × 224 = 25,088,000 weights in 1,000 nodes. */
export const THOUSAND_NODES: SliderSize = { layers: 500, width: 224 };
/** Measured trials: a long session with the slider. */
const TRIALS = 30;

/** A chain of MatMuls, each with weights of its own; nearly normal, each layer on a scale of its own. */
export function model25M({ layers, width }: SliderSize = FEW_LARGE): Model {
  const random = seededRandom(7);
  const normal = Float32Array.from({ length: width * width }, () => random() + random() + random() - 1.5);
  const chain = graph('slider').input('x', 'float32', ['N', width]);
  for (let layer = 0; layer < layers; layer++) {
    const weights = normal.map((value) => (value * (1 + (layer % 7))) / 50);
    chain
      .tensor(makeRawTensor(`w${layer}`, 'float32', [width, width], new Uint8Array(weights.buffer)))
      .unary('MatMul', { name: `/block${layer}/MatMul` }, [`w${layer}`])
      .relu({ name: `/block${layer}/Relu` });
  }
  return chain.output().build();
}

/** What the window holds of the model while its slider is moved. */
export async function predictionInputs(model: Model): Promise<PredictionInputs> {
  using folder = tempFolder();
  const path = folder.file('model.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const inspect = await runOperation('summary', { path, dims: {} }, quietContext());
  const table = await runOperation('layers', { path, source: null, sources: null }, quietContext());
  const context = { runners: new RunnerPool(), signal: quietContext().signal };
  const { edges, layers, frozen } = await prunePlan(model, context);
  return {
    inspect,
    layers: table,
    modelBytes: inspect.model.bytes,
    trials: Array.from({ length: TRIALS }, (_, index) => trial(index / TRIALS)),
    prunePlan: { edges, layers: [...layers], frozen: [...frozen] },
    channelPlan: null,
    quantizePlan: { ...(await quantizePlan(model, context)), vnni: false },
    baselineProfile: null,
    unlabelled: false,
  };
}

/** A measured trial at this sparsity; the baseline at 0. */
function trial(sparsity: number): Trial {
  return {
    id: `trial-${sparsity}`,
    modelId: 'model',
    name: 'Trial',
    recipe: sparsity === 0 ? EMPTY_RECIPE : pruneRecipe(sparsity),
    baseline: sparsity === 0,
    createdAt: 0,
    status: 'done',
    error: null,
    bytes: null,
    parameters: null,
    sparsity,
    macs: null,
    latency: null,
    evaluation: evaluation(0.95 - 0.9 * sparsity ** 4),
    measurements: [measuredTop1(`trial-${sparsity}`, 0.95 - 0.9 * sparsity ** 4)],
    pairs: [],
    calibration: null,
    prune: null,
    quantize: null,
    hasProfile: false,
    hasErrors: false,
  };
}

/** The same accuracy as a measurement, all under the same circumstances. */
function measuredTop1(trialId: string, value: number): Measurement {
  const range = { value, low: value - 0.02, high: value + 0.02 };
  return someMeasurement({ trialId, metric: 'top1', ...range, ...someCircumstances({ data: someData() }) });
}

function evaluation(top1: number): EvaluationSummary {
  return {
    samples: 500,
    metrics: { top1: { value: top1, low: top1 - 0.02, high: top1 + 0.02 } },
    samplesPerSecond: 1000,
    batch: 32,
    classCount: 36,
    agreement: null,
    sqnrDb: null,
    cosine: null,
    preprocessing: '',
    notes: [],
  };
}
