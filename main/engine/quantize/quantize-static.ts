import { resolveReduceRange, type LayerPrecision, type StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { checkPass } from '../passes/check-pass.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { composeSources, sourcesOf } from '../passes/pass.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import { CalibrationBatches } from '../sums/calibration-batches.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { CalibrationSamples, firstSamples } from '../dataset/finite-samples.ts';
import { endLayers } from '../layers/end-layers.ts';
import { asOperators } from './as-operators.ts';
import { StatisticsFile, type CalibrationMemory } from './calibration-memory.ts';
import { KnownCodes } from './code-weights.ts';
import { innerWeightNotes } from './inner-weights.ts';
import { describeLayers, type QuantizedLayer } from './layer-report.ts';
import { planQuantization, type QuantizationPlan } from './plan-quantization.ts';
import { noIntegerKernels, prepareModel, type PreparedModel, type Proof } from './prepare.ts';
import { quantizationNotes } from './quantization-notes.ts';
import type { QuantizeOutcome } from './outcome.ts';
import { layerFormats, type LayerFormats, type ResolvedStep } from './schemes.ts';
import { refineLayers } from './refine/refine-layers.ts';
import { withBiases } from './refine/with-biases.ts';
import { refinementNotes, withRefinements } from './refine/refinement-report.ts';
import { settlePlan, type SettleInput, type Settled, type WrittenPlan } from './settle-plan.ts';
import { settleBySpeed } from './speed/settle-by-speed.ts';
import type { Unit } from './unit.ts';

export interface QuantizeInput {
  readonly step: StaticStep;
  /** Feeds from the start of the calibration data; asked for twice, and again where the plan changes. */
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  /** Where statistics of calibrations are kept; left out: nowhere. */
  readonly memory?: CalibrationMemory;
  /** Whether this CPU has VNNI; null where that cannot be told. Decides `reduceRange: 'auto'`. */
  readonly vnni: boolean | null;
}

type StaticOutcome = QuantizeOutcome<ResolvedStep>;

/** A model ready to be settled, and what it is settled with. */
interface Opened {
  readonly step: ResolvedStep;
  readonly prepared: PreparedModel;
  readonly samples: CalibrationSamples;
  readonly settle: SettleInput;
}

/** Prepares a model and looks at the first samples; where no layer can run in integers, what is left of it. */
async function open(
  source: Model,
  input: QuantizeInput,
  context: TaskContext,
): Promise<Opened | { readonly left: StaticOutcome }> {
  const { runner, vnni } = input;
  const step = resolved(input.step, vnni);
  const unchecked = await prepareModel(source, { runners: lendRunner(runner) }, context);
  const first = firstPlan(unchecked, step);
  if (first.units.length === 0) return { left: leftAsItIs(source, step, { prepared: unchecked, plan: first }) };
  const samples = new CalibrationSamples(input.calibration, step.samples);
  const feeds = await samples.first();
  const proven = await provePrepared(source, unchecked, { runner, feeds }, context);
  const prepared =
    step.biasCorrection === 'none' && step.rounding !== 'blocks' && step.rounding !== 'gptq'
      ? proven
      : { ...proven, model: withBiases(proven.model) };
  const perChannel = prepared.perTensorReason === null;
  const settle = {
    runner,
    calibration: () => samples.all(),
    samples: step.samples,
    kept: keptBy(input.memory, prepared.model, samples, step),
    observer: step,
    given: new Map(Object.entries(step.ranges).map(([name, [min, max]]) => [name, { min, max }])),
    feeds: firstSamples(feeds, CHECKED_SAMPLES),
    format: layerFormats(step).activations,
    write: {
      perChannel: step.perChannel && perChannel,
      axisAllowed: perChannel,
      formatsOf: formatsBy(step, prepared),
      known: new KnownCodes(),
      splitInputs: step.splitInputs,
      // What is learnt or corrected is learnt about the middle code.
      anyZeroOfWeights: step.rounding === 'nearest' && step.biasCorrection === 'none',
    },
    refused: refusedFrom(prepared, step),
  };
  return { step, prepared, samples, settle };
}

function keptBy(
  memory: CalibrationMemory | undefined,
  model: Model,
  samples: CalibrationSamples,
  step: ResolvedStep,
): SettleInput['kept'] {
  const file = memory === undefined ? undefined : StatisticsFile.of(memory, model, step.samples);
  return file === undefined ? undefined : { file, whole: () => samples.notes().length === 0 };
}

/** A model with everything in integers that can be, from which other choices are written without calibrating again. */
export interface Choices {
  readonly step: ResolvedStep;
  readonly prepared: PreparedModel;
  readonly settled: Settled & { readonly quantized: WrittenPlan };
  /** Some calibration samples. */
  readonly feeds: HostTensors;
}

/** Settles a model for choosing among its layers; undefined: none can run in integers. @throws as `quantizeStatic` */
export async function openChoices(
  source: Model,
  input: QuantizeInput,
  context: TaskContext,
): Promise<Choices | undefined> {
  const opened = await open(source, input, context);
  if ('left' in opened) return undefined;
  const { step, prepared, settle, samples } = opened;
  const settled = await settlePlan(prepared, settle, context);
  const { quantized } = settled;
  return quantized === undefined
    ? undefined
    : { step, prepared, settled: { ...settled, quantized }, feeds: await samples.first() };
}

/**
 * Static int8 quantization: symmetric weights, activations with ranges from the calibration data, in the codes that the step
 * names; QuantizeLinear–DequantizeLinear placed so that the CPU provider fuses every quantized layer. The source is not modified.
 * The same model, step and data give the same bytes on the same machine.
 * @throws QUANTIZE_NOT_FINITE, UNSUPPORTED (opset below 7), DATA_INVALID (no calibration data), RUNTIME_…, CANCELLED
 */
export async function quantizeStatic(
  source: Model,
  input: QuantizeInput,
  context: TaskContext,
): Promise<StaticOutcome> {
  const { runner, vnni } = input;
  const opened = await open(source, input, context);
  if ('left' in opened) return opened.left;
  const { step, prepared, samples } = opened;
  const speed = step.scheme === 'int8-static' ? step : ({ speed: 'all' } as const);
  const settled = await settleBySpeed(prepared, opened.settle, speed, context);
  const { plan, fused } = settled;
  const decided = settled.slow === undefined ? step : { ...step, slow: settled.slow };
  if (settled.quantized === undefined) {
    const why = settled.notes.length > 0 ? settled.notes : undefined;
    return leftAsItIs(source, decided, { prepared, plan, why, notes: samples.notes() });
  }
  const batches = new CalibrationBatches(() => samples.all());
  const refined =
    step.rounding === 'nearest' && step.biasCorrection === 'none'
      ? undefined
      : await refineLayers({
          float: prepared.model,
          plan,
          quantized: settled.quantized,
          rewrite: settled.rewrite,
          step,
          runner,
          batches: () => batches.all(),
          samples: settled.samples,
          context,
        });
  const quantized = refined?.quantized ?? settled.quantized;
  const layers = withRefinements(describeLayers(source, { prepared, plan, fused }), prepared, refined?.layers);
  const notes = quantizationNotes({
    prepared,
    plan,
    layers,
    step,
    samples: settled.samples,
    vnni,
    weights: settled.quantized.weights,
  });
  const pairs = { model: quantized.model, sources: composeSources(prepared.sources, quantized.sources) };
  const operators = step.scheme === 'int8-static' && step.format === 'qoperator';
  const made = operators ? await asOperators(pairs, runner, context) : pairs;
  return {
    ...made,
    step: decided,
    layers,
    fusedShare: fusedShareOf(layers),
    notes: [
      ...settled.notes,
      ...samples.notes(),
      ...notes,
      ...refinementNotes(refined?.layers),
      ...innerWeightNotes(source),
    ],
  };
}

/** Samples of the first batch on which each integer kernel is run beside its float operator. */
const CHECKED_SAMPLES = 4;

/** No layer can run in integers, or none is to: the source, with what was found. */
function leftAsItIs(
  source: Model,
  step: ResolvedStep,
  found: {
    readonly prepared: PreparedModel;
    readonly plan: QuantizationPlan;
    /** Why none is to; undefined: none can. */
    readonly why?: readonly string[] | undefined;
    readonly notes?: readonly string[];
  },
): StaticOutcome {
  const { prepared, plan, why, notes = [] } = found;
  const [opset] = noIntegerKernels(prepared).values();
  const cannot = `No layer of this model can run in int8; it stays as it was${opset === undefined ? '' : `: ${opset}`}.`;
  return {
    model: source,
    sources: new Map(),
    step,
    layers: describeLayers(source, { prepared, plan, fused: new Map() }),
    fusedShare: null,
    notes: [...(why ?? [cannot]), ...notes, ...innerWeightNotes(source)],
  };
}

/** The prepared model where it computes what the source does on these inputs, else one without the passes that fail. */
async function provePrepared(
  source: Model,
  unchecked: PreparedModel,
  proof: Proof,
  context: TaskContext,
): Promise<PreparedModel> {
  const before = nameNodes(source).model;
  if (before === unchecked.model) return unchecked;
  const models = { before, after: unchecked.model };
  const difference = await checkPass(models, firstSamples(proof.feeds, CHECKED_SAMPLES), proof.runner, context);
  return difference === null ? unchecked : prepareModel(source, proof, context);
}

function firstPlan(prepared: PreparedModel, step: ResolvedStep): QuantizationPlan {
  const { model, knowledge } = prepared;
  return planQuantization(model.graph, { knowledge, refused: refusedFrom(prepared, step) });
}

/** The nodes that must stay float from the start, and why: those that stand for a layer which the recipe leaves out. */
function refusedFrom(prepared: PreparedModel, step: ResolvedStep): ReadonlyMap<string, string> {
  const float = Object.entries(step.layers).filter(([, precision]) => precision === 'float');
  const layers = new Set([...step.exclude, ...float.map(([layer]) => layer)]);
  const { model, sources } = prepared;
  const nodes = model.graph.nodes.filter(({ name }) => sourcesOf(sources, name).some((layer) => layers.has(layer)));
  return new Map([
    ...nodes.map(({ name }) => [name, 'left out by the recipe'] as const),
    ...noIntegerKernels(prepared),
  ]);
}

/** The codes of each layer of the prepared model: as the policy has it, or as the step. */
function formatsBy(step: ResolvedStep, { model, sources }: PreparedModel): (unit: Unit) => LayerFormats {
  const precisions = new Map(
    model.graph.nodes.flatMap(({ name }): [string, LayerPrecision][] => {
      const layer = sourcesOf(sources, name).find((one) => step.layers[one] !== undefined);
      return layer === undefined ? [] : [[name, step.layers[layer]!]];
    }),
  );
  const fine = step.ends === 'int8' ? endLayers(model.graph) : new Set();
  return ({ layer, absorbed, node }) => {
    const precision = precisions.get(layer) ?? precisions.get(absorbed?.layer ?? '');
    const own = precision === 'float' ? undefined : precision;
    const formats = layerFormats(step, own);
    if (own !== undefined || !fine.has(node.name)) return formats;
    return { ...formats, weights: layerFormats({ ...step, weightBits: 8 }).weights };
  };
}

function resolved(step: StaticStep, vnni: boolean | null): ResolvedStep {
  return step.scheme === 'int8-static' ? { ...step, reduceRange: resolveReduceRange(step, vnni) } : step;
}

function fusedShareOf(layers: readonly QuantizedLayer[]): number | null {
  const quantized = layers.filter((layer) => layer.quantized);
  if (quantized.length === 0) return null;
  return quantized.filter((layer) => layer.fused === true).length / quantized.length;
}
