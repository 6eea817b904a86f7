import type { TaskContext } from '../../base/progress.ts';
import type { DynamicStep } from '../../contract/recipe/quantize-dynamic.ts';
import { resolveReduceRange } from '../../contract/recipe/quantize-static.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { composeSources, sourcesOf } from '../passes/pass.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { Runner } from '../runtime/runner.ts';
import { executedModel } from './check-fusion.ts';
import { insertDynamic, isProduct } from './insert-dynamic.ts';
import { innerWeightNotes } from './inner-weights.ts';
import { describeLayers } from './layer-report.ts';
import type { QuantizeOutcome } from './outcome.ts';
import { planQuantization, type QuantizationPlan } from './plan-quantization.ts';
import { noIntegerKernels, prepareModel, type PreparedModel } from './prepare.ts';
import { requireFiniteWeights } from './require-finite.ts';
import { dynamicWeightFormat } from './schemes.ts';
import type { Unit } from './unit.ts';

/**
 * Dynamic int8 quantization: weights are codes, and each run finds the range of every activation anew. Matrix products, and
 * convolutions where the step asks for them. No data are needed. The source is not modified.
 * @throws QUANTIZE_NOT_FINITE, UNSUPPORTED (opset below 7), RUNTIME_…, CANCELLED
 */
export async function quantizeDynamic(
  source: Model,
  input: { readonly step: DynamicStep; readonly runner: Runner; readonly vnni: boolean | null },
  context: TaskContext,
): Promise<QuantizeOutcome<DynamicStep & { readonly reduceRange: boolean }>> {
  const { runner, vnni } = input;
  const reduceRange = resolveReduceRange({ reduceRange: input.step.reduceRange, types: 'u8s8' }, vnni);
  const step = { ...input.step, reduceRange };
  const prepared = await prepareModel(source, { runners: lendRunner(runner) }, context);
  const plan = dynamicPlan(prepared, step);
  if (plan.units.length === 0) {
    const layers = describeLayers(source, { prepared, plan, fused: new Map() });
    const notes = ['No layer of this model can run in dynamic int8; it stays as it was.', ...innerWeightNotes(source)];
    return { model: source, sources: new Map(), step, layers, fusedShare: null, notes };
  }
  requireFiniteWeights(prepared.model.graph, plan);
  const format = dynamicWeightFormat(reduceRange);
  const perChannel = step.perChannel && prepared.perTensorReason === null;
  const written = insertDynamic(prepared.model.graph, plan.units, { perChannel, format });
  const model = { ...prepared.model, graph: written.graph };
  const fused = await fusedKernels(model, plan, { runner, context });
  const layers = describeLayers(source, { prepared, plan, fused });
  const own = layers.filter((layer) => layer.quantized);
  return {
    model,
    sources: composeSources(prepared.sources, written.sources),
    step,
    layers,
    fusedShare: own.length === 0 ? null : own.filter((layer) => layer.fused === true).length / own.length,
    notes: [...prepared.notes, ...dynamicNotes(step, plan, fused), ...innerWeightNotes(source)],
  };
}

/** Layers with weights that the step wants, each by itself: nothing between them runs on codes. */
function dynamicPlan(prepared: PreparedModel, step: DynamicStep): QuantizationPlan {
  const { model, sources, knowledge } = prepared;
  const excluded = new Set(step.exclude);
  const left = model.graph.nodes.filter(({ name }) => sourcesOf(sources, name).some((layer) => excluded.has(layer)));
  const refused = new Map([
    ...left.map(({ name }) => [name, 'left out by the recipe'] as const),
    ...noIntegerKernels(prepared),
  ]);
  const plan = planQuantization(model.graph, { knowledge, refused });
  const index = indexGraph(model.graph);
  const reasons = new Map<string, string>();
  const units = plan.units.flatMap((unit) => {
    const weights =
      unit.weights === undefined ? undefined : constantOf(index, unit.node.inputs[unit.weights.weightInput] ?? '');
    const reason = refusal(unit, weights?.dims.length, step);
    if (reason === undefined) return [{ ...unit, absorbed: undefined, quantizesOutput: false }];
    reasons.set(unit.layer, reason);
    return [];
  });
  const taken = new Set(units.map(({ layer }) => layer));
  const decisions = plan.decisions.map((decision) => {
    if (!decision.quantized || taken.has(decision.name)) return decision;
    const reason = reasons.get(decision.name) ?? NO_WEIGHTS;
    return { ...decision, quantized: false, reason };
  });
  return { units, decisions };
}

/** Why dynamic int8 does not take a layer; undefined: it does. @param rank of its weights; undefined: it has none */
function refusal(unit: Unit, rank: number | undefined, { convolutions }: DynamicStep): string | undefined {
  if (rank === undefined) return NO_WEIGHTS;
  if (!isProduct(unit) && !convolutions) return 'a convolution, which stays float unless it is asked for';
  const expected = isProduct(unit) ? 2 : 4;
  return rank === expected ? undefined : `its weights have ${rank} dimensions, expected ${expected}`;
}

const NO_WEIGHTS = 'dynamic int8 takes layers with weights alone';

/** Whether the runtime makes one kernel of each product: it keeps the name of the written one, whose operator is another then. */
async function fusedKernels(
  model: Model,
  { units }: QuantizationPlan,
  { runner, context }: { readonly runner: Runner; readonly context: TaskContext },
): Promise<ReadonlyMap<string, boolean>> {
  const executed = indexGraph((await executedModel(model, runner, context)).graph);
  const written = indexGraph(model.graph);
  const operator = (index: GraphIndex, { layer }: Unit): string | undefined =>
    index.nodeByName(`${layer}_integer`)?.opType;
  return new Map(units.map((unit) => [unit.layer, operator(executed, unit) !== operator(written, unit)]));
}

function dynamicNotes(
  step: DynamicStep,
  { units }: QuantizationPlan,
  fused: ReadonlyMap<string, boolean>,
): readonly string[] {
  const notes: string[] = [];
  const convolutions = units.filter((unit) => !isProduct(unit)).length;
  if (convolutions > 0) {
    notes.push(
      `${convolutions} convolution${convolutions === 1 ? '' : 's'} in dynamic int8: this runtime computes these in integers, but mostly slower than in float; measure.`,
    );
  }
  const apart = units.filter((unit) => isProduct(unit) && fused.get(unit.layer) === false).length;
  if (apart > 0) {
    notes.push(`${apart} matrix products run in integers as several kernels, not as one.`);
  }
  if (step.reduceRange === true) notes.push('Weights are held in 7 bits.');
  return notes;
}
