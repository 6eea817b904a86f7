import { StudioError } from '../../base/errors.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { walkNodes } from '../graph/walk.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { QuantizePlan } from '../../contract/studio.ts';
import { isDepthwise, type Unit } from './unit.ts';
import { hasTrait, roleOf } from '../operators/ask.ts';
import type { Runner } from '../runtime/runner.ts';
import { calibrateMinMax, type FeedBatches } from './calibrate.ts';
import { checkFusion } from './check-fusion.ts';
import { insertQdq } from './insert-qdq.ts';
import { describeLayers, type QuantizedLayer } from './layer-report.ts';
import { planQuantization, type QuantizationPlan } from './plan-quantization.ts';
import { prepareModel, type PreparedModel } from './prepare.ts';
import { quantizationNotes } from './quantization-notes.ts';
import type { Range } from './quantize-activations.ts';
import type { QuantizeStep } from './quantize-step.ts';
import { refusedByRange } from './refuse-ranges.ts';
import { requireFiniteWeights } from './require-finite.ts';
import { calibratedTensors, quantizedTensors, tensorSchemes } from './tensor-schemes.ts';

export interface QuantizeInput {
  readonly step: QuantizeStep;
  /** Feeds from the start of the calibration data; asked for once, or twice where the plan changes. */
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  /** Whether this CPU has VNNI; null where that cannot be told. Decides `reduceRange: 'auto'`. */
  readonly vnni: boolean | null;
}

export interface QuantizeOutcome {
  readonly model: Model;
  /** The step with `reduceRange` resolved. */
  readonly step: QuantizeStep & { readonly reduceRange: boolean };
  readonly layers: readonly QuantizedLayer[];
  /** Share of the quantized layers that run as integer kernels; null when none is quantized. */
  readonly fusedShare: number | null;
  readonly notes: readonly string[];
}

/**
 * Static int8 quantization: weights int8 symmetric, activations uint8 asymmetric with ranges from the calibration data,
 * QuantizeLinear–DequantizeLinear placed so that the CPU provider fuses every quantized layer. The source is not modified.
 * The same model, step and data give the same bytes on the same machine.
 * @throws QUANTIZE_NOT_FINITE, UNSUPPORTED (opset below 7), DATA_INVALID (no calibration data), RUNTIME_…, CANCELLED
 */
export async function quantizeStatic(
  source: Model,
  input: QuantizeInput,
  context: TaskContext,
): Promise<QuantizeOutcome> {
  const step = { ...input.step, reduceRange: resolveReduceRange(input.step.reduceRange, input.vnni) };
  const prepared = prepareModel(source);
  const excluded = new Map(step.exclude.map((layer) => [layer, 'left out by the recipe']));
  const first = planFor(prepared, excluded);
  if (first.units.length === 0) {
    const layers = describeLayers(source, { plan: first, folds: [], fused: new Map() });
    return {
      model: source,
      step,
      layers,
      fusedShare: null,
      notes: ['No layer of this model can run in int8; it stays as it was.'],
    };
  }
  requireFiniteWeights(prepared.model.graph, first);
  const { plan, ranges, samples } = await calibratePlan(prepared, first, { ...input, step, excluded }, context);
  const tensors = quantizedTensors(prepared.model.graph, plan);
  const graph = insertQdq(prepared.model.graph, plan, {
    schemes: tensorSchemes(tensors, ranges),
    perChannel: step.perChannel && prepared.perTensorReason === null,
    axisAllowed: prepared.perTensorReason === null,
    reduceRange: step.reduceRange,
  });
  const model: Model = { ...prepared.model, graph };
  const fused = await checkFusion(model, input.runner, context);
  const layers = describeLayers(source, { plan, folds: prepared.folds, fused });
  const notes = quantizationNotes({ prepared, plan, layers, step, samples, vnni: input.vnni });
  return { model, step, layers, fusedShare: fusedShareOf(layers), notes };
}

/** 'auto': 7-bit weights unless the CPU is known to add int8 products without saturating. */
export function resolveReduceRange(choice: boolean | 'auto', vnni: boolean | null): boolean {
  return choice === 'auto' ? vnni !== true : choice;
}

function planFor({ model, knowledge }: PreparedModel, refused: ReadonlyMap<string, string>): QuantizationPlan {
  return planQuantization(model.graph, { knowledge, refused });
}

interface CalibratedPlan {
  readonly plan: QuantizationPlan;
  readonly ranges: ReadonlyMap<string, Range>;
  readonly samples: number;
}

/** Calibrates, and plans again without the layers whose ranges turn out not to fit 8 bits. */
async function calibratePlan(
  prepared: PreparedModel,
  first: QuantizationPlan,
  input: QuantizeInput & { readonly excluded: ReadonlyMap<string, string> },
  context: TaskContext,
): Promise<CalibratedPlan> {
  const { model } = prepared;
  let plan = first;
  // Of the values that only pass through as well: a later plan may cut the chain that they hang on.
  let { ranges, samples } = await calibrate([...quantizedTensors(model.graph, plan).keys()]);
  const refused = new Map(input.excluded);
  for (;;) {
    const more = refusedByRange(indexGraph(model.graph), plan, ranges);
    if (more.size === 0) return { plan, ranges, samples };
    for (const [layer, reason] of more) refused.set(layer, reason);
    plan = planFor(prepared, refused);
    const missing = calibratedTensors(quantizedTensors(model.graph, plan)).filter((name) => !ranges.has(name));
    if (missing.length > 0) {
      const again = await calibrate(missing);
      ranges = new Map([...ranges, ...again.ranges]);
    }
  }

  function calibrate(tensors: readonly string[]): ReturnType<typeof calibrateMinMax> {
    const batches = input.calibration(input.step.samples);
    return calibrateMinMax(model, tensors, { runner: input.runner, batches, samples: input.step.samples }, context);
  }
}

function fusedShareOf(layers: readonly QuantizedLayer[]): number | null {
  const quantized = layers.filter((layer) => layer.quantized);
  if (quantized.length === 0) return null;
  return quantized.filter((layer) => layer.fused === true).length / quantized.length;
}

/** The layers that int8 could change, without calibration data; for the prediction and for choosing exclusions. */
export function quantizePlan(source: Model): QuantizePlan['layers'] {
  let prepared: PreparedModel;
  try {
    prepared = prepareModel(source);
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== 'UNSUPPORTED') throw error;
    const reason = error.message;
    return [...walkNodes(source)]
      .filter(({ node }) => !hasTrait(node, 'constant'))
      .map(({ layer, node }) => ({ name: layer, op: node.opType, quantizable: false, reason, kernel: null }));
  }
  const plan = planFor(prepared, new Map());
  const kernels = new Map(plan.units.map((unit) => [unit.layer, kernelOf(unit)]));
  return describeLayers(source, { plan, folds: prepared.folds, fused: new Map() }).map(
    ({ name, op, quantized, reason }) => ({
      name,
      op,
      quantizable: quantized,
      reason,
      kernel: kernels.get(name) ?? null,
    }),
  );
}

function kernelOf(unit: Unit): QuantizePlan['layers'][number]['kernel'] {
  const role = roleOf(unit.node);
  if (unit.weights === undefined || role.kind !== 'weighted') return null;
  return isDepthwise(unit) ? 'depthwise' : role.kernel;
}
