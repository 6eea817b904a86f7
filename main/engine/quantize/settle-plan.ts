import { indexGraph } from '../graph/index-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { TaskContext } from '../../base/progress.ts';
import { importing } from '../graph/opset-imports.ts';
import { MICROSOFT } from '../operators/spec.ts';
import { isRefusal } from '../passes/check-pass.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { calibrate, type Calibration } from './calibrate.ts';
import type { StatisticsFile } from './calibration-memory.ts';
import { checkFusion } from './check-fusion.ts';
import { checkKernels } from './check-kernels.ts';
import { insertQdq, type InsertOptions } from './insert-qdq.ts';
import { planQuantization, type QuantizationPlan } from './plan-quantization.ts';
import { rangesByOutputs, type SoughtTensor } from './output-ranges.ts';
import type { PreparedModel } from './prepare.ts';
import { observedRange, type Observer } from './observers/observed-range.ts';
import type { TensorStatistics } from './observers/statistics.ts';
import type { ActivationScheme, Range } from './quantize-activations.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { refusedByRange } from './refuse-ranges.ts';
import { requireFiniteWeights } from './require-finite.ts';
import {
  calibratedTensors,
  quantizedTensors,
  scaledSchemes,
  tensorSchemes,
  type QuantizedTensor,
} from './tensor-schemes.ts';
import type { CodeFormat, LayerFormats } from './schemes.ts';
import type { RefinedLayer, WrittenWeights } from './refine/refined-layer.ts';
import { unitOutputs, type Unit } from './unit.ts';

export interface SettleInput {
  readonly runner: Runner;
  /** All calibration batches from the start; asked for again when a changed plan needs more ranges. */
  readonly calibration: () => FeedBatches;
  readonly samples: number;
  /** Where statistics are kept; left out: nowhere. `whole`: whether the last pass left no sample out. */
  readonly kept?: { readonly file: StatisticsFile; readonly whole: () => boolean } | undefined;
  /** How ranges are found in what calibration tells. */
  readonly observer: Observer | ByOutputs;
  /** Ranges that are given, by tensor: nothing that was found counts there. */
  readonly given: ReadonlyMap<string, Range>;
  /** Some of these samples, on which the integer kernels are checked. */
  readonly feeds: HostTensors;
  /** The codes of tensors that no layer of the plan makes. */
  readonly format: CodeFormat;
  /** How weights are written. */
  readonly write: Omit<InsertOptions, 'schemes' | 'refused'>;
  /** Nodes of the prepared model that must stay float, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** Ranges that are known from a plan with no fewer layers. */
  readonly ranges?: Ranges;
}

/** Ranges are tried at the outputs of the model. */
interface ByOutputs {
  readonly calibrator: 'logits';
}

/** A plan that the runtime runs as it was meant. */
export interface Settled {
  readonly plan: QuantizationPlan;
  /** undefined: no layer can run in integers. */
  readonly quantized: WrittenPlan | undefined;
  readonly fused: ReadonlyMap<string, boolean>;
  /** Samples that the ranges were taken from. */
  readonly samples: number;
  readonly ranges: Ranges;
  /** The plan written otherwise; neither fusion nor kernels are checked. */
  readonly rewrite: (changes: PlanChanges) => WrittenPlan;
}

/** What is to be otherwise in a plan that is written again. */
export interface PlanChanges {
  /** Layers that stay in float beside those of the plan. */
  readonly float?: ReadonlySet<string>;
  /** Codes and biases of layers that were found otherwise than by rounding. */
  readonly refined?: ReadonlyMap<string, RefinedLayer>;
  /** By which the steps of root tensors are multiplied. */
  readonly factors?: ReadonlyMap<string, number>;
  /** The codes of layers, and of tensors that no layer of the plan makes. */
  readonly formats?: { readonly ofUnit: (unit: Unit) => LayerFormats; readonly ofTensor: (name: string) => CodeFormat };
}

/** A plan, and the model that it was written into. */
export interface WrittenPlan {
  readonly plan: QuantizationPlan;
  readonly model: Model;
  /** The node that each inserted one serves. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** What each layer's weights became, by its name. */
  readonly weights: ReadonlyMap<string, WrittenWeights>;
  /** The initializer with the step of each root tensor (see `quantizedTensors`). */
  readonly steps: ReadonlyMap<string, string>;
}

/**
 * Plans, calibrates and writes, and plans again without the layers that turn out to fail: whose ranges do not fit 8 bits,
 * whose integer kernel the runtime refuses, or whose kernel computes something else than the float operator. Each round
 * refuses at least one more layer, so it ends.
 * @throws QUANTIZE_NOT_FINITE, DATA_INVALID, RUNTIME_…, CANCELLED
 */
export async function settlePlan(prepared: PreparedModel, input: SettleInput, context: TaskContext): Promise<Settled> {
  const refused = new Map(input.refused);
  const ranges = input.ranges ?? new Ranges(prepared, input, context);
  const { formatsOf } = input.write;
  // What no layer of the plan makes has the codes that the step names.
  const own = { ofUnit: formatsOf, ofTensor: () => input.format };
  const formatBy =
    ({ ofUnit, ofTensor }: NonNullable<PlanChanges['formats']>) =>
    ({ name, madeBy }: QuantizedTensor): CodeFormat =>
      madeBy === undefined ? ofTensor(name) : ofUnit(madeBy).activations;
  const formatOf = formatBy(own);
  const { graph } = prepared.model;
  const planWithout = (float: ReadonlyMap<string, string>): QuantizationPlan =>
    planQuantization(graph, { knowledge: prepared.knowledge, refused: float });
  const schemesOf = (tensors: ReadonlyMap<string, QuantizedTensor>, codes = formatOf) =>
    tensorSchemes(tensors, ranges.chosen(input.observer, tensors, codes), codes);
  const write = (
    plan: QuantizationPlan,
    schemes: ReadonlyMap<string, ActivationScheme>,
    changes: Partial<InsertOptions> = {},
  ): WrittenPlan => {
    const inserted = insertQdq(graph, plan, {
      ...input.write,
      schemes,
      refused: new Set(refused.keys()),
      ...changes,
    });
    const model = importing({ ...prepared.model, graph: inserted.graph }, MICROSOFT);
    return { ...inserted, plan, model };
  };
  const rewrite: Settled['rewrite'] = ({ float = new Set<string>(), refined, factors, formats = own }) => {
    const more = new Map([...refused, ...[...float].map((layer) => [layer, 'left in float'] as const)]);
    const plan = planWithout(more);
    const tensors = quantizedTensors(graph, plan);
    return write(plan, scaledSchemes(schemesOf(tensors, formatBy(formats)), tensors, factors), {
      refused: new Set(more.keys()),
      formatsOf: formats.ofUnit,
      ...(refined === undefined ? {} : { refined }),
    });
  };
  for (;;) {
    const plan = planWithout(refused);
    const found = { plan, ranges, rewrite };
    if (plan.units.length === 0) return { ...found, quantized: undefined, fused: new Map(), samples: ranges.samples };
    requireFiniteWeights(graph, plan);
    const tensors = quantizedTensors(graph, plan);
    await ranges.take(tensors, () => quantizedTensors(graph, planWithout(new Map())));
    if (addAll(refused, refusedByRange(indexGraph(graph), plan, ranges.met()))) continue;
    await ranges.search(input.observer, tensors, formatOf);
    const schemes = schemesOf(tensors);
    const quantized = write(plan, schemes);
    const fused = await checkFusion(quantized.model, input.runner, context).catch((error: unknown) => {
      if (isRefusal(error)) return error;
      throw error;
    });
    if (fused instanceof Error) {
      const unloadable = await findUnloadable(plan.units, (units) =>
        loads(write({ ...plan, units }, schemes).model, input.runner, context),
      );
      // What loads by parts and not as a whole is nothing that leaving out one layer mends.
      if (unloadable.length === 0) throw fused;
      const reason = 'the runtime refuses its integer kernel with these attributes';
      addAll(refused, new Map(unloadable.map((unit) => [unit.layer, reason])));
      continue;
    }
    const check = {
      float: prepared.model,
      quantized: quantized.model,
      knowledge: prepared.knowledge,
      feeds: input.feeds,
      stepOf: stepsOf(plan, tensors, schemes),
    };
    if (addAll(refused, await checkKernels(check, input.runner, context))) continue;
    return { ...found, quantized, fused, samples: ranges.samples };
  }
}

/** What is known of tensors so far; each is calibrated once. */
export class Ranges {
  readonly #known = new Map<string, TensorStatistics>();
  readonly #tried = new Map<string, Range>();
  samples = 0;
  readonly #prepared: PreparedModel;
  readonly #input: SettleInput;
  readonly #context: TaskContext;

  constructor(prepared: PreparedModel, input: SettleInput, context: TaskContext) {
    this.#prepared = prepared;
    this.#input = input;
    this.#context = context;
  }

  /**
   * Calibrates those that are not known yet. Outputs of the watched model decide what the runtime fuses, and with it the
   * last bits of what is met: so the first pass takes whatever could ever be quantized, and a recipe that names layers to
   * leave in float gives the same bytes as the one that found them.
   * @param widest the tensors of the plan that leaves no layer in float
   */
  async take(
    tensors: ReadonlyMap<string, QuantizedTensor>,
    widest: () => ReadonlyMap<string, QuantizedTensor>,
  ): Promise<void> {
    // Those that only pass through as well: a later plan may cut the chain that they hang on.
    const wanted =
      this.#known.size === 0 ? new Set([...widest().keys(), ...tensors.keys()]) : calibratedTensors(tensors);
    const missing = [...wanted].filter((name) => !this.#known.has(name));
    if (missing.length === 0) return;
    const { statistics, samples } = await this.#calibrate(missing);
    for (const [name, found] of statistics) this.#known.set(name, found);
    this.samples = samples;
  }

  /** From the least to the greatest value of each tensor. */
  met(): ReadonlyMap<string, Range> {
    return new Map([...this.#known].map(([name, { range }]) => [name, range]));
  }

  /** Tries ranges at the outputs, where the observer asks for it; each tensor once, since later plans quantize less of the same. */
  async search(
    observer: Observer | ByOutputs,
    tensors: ReadonlyMap<string, QuantizedTensor>,
    formatOf: (tensor: QuantizedTensor) => CodeFormat,
  ): Promise<void> {
    if (observer.calibrator !== 'logits') return;
    const given = this.#given(tensors);
    const sought = this.#sought(tensors, formatOf).filter(({ name }) => !this.#tried.has(name) && !given.has(name));
    if (sought.length === 0) return;
    const search = { model: this.#prepared.model, tensors: sought, batches: this.#input.calibration() };
    const found = await rangesByOutputs(search, this.#input.runner, this.#context);
    for (const [name, range] of found) this.#tried.set(name, range);
  }

  /** The ranges of the tensors whose own decide. */
  chosen(
    observer: Observer | ByOutputs,
    tensors: ReadonlyMap<string, QuantizedTensor>,
    formatOf: (tensor: QuantizedTensor) => CodeFormat,
  ): ReadonlyMap<string, Range> {
    // What was not tried has the range that trying begins with.
    const own = observer.calibrator === 'logits' ? ({ calibrator: 'mse' } as const) : observer;
    const given = this.#given(tensors);
    return new Map(
      this.#sought(tensors, formatOf).map(({ name, statistics, format }) => [
        name,
        given.get(name) ??
          (observer.calibrator === 'logits' ? this.#tried.get(name) : undefined) ??
          observedRange(statistics, own, format),
      ]),
    );
  }

  /** Given ranges by the tensor whose own decides; its own goes before those of tensors that only share it. */
  #given(tensors: ReadonlyMap<string, QuantizedTensor>): ReadonlyMap<string, Range> {
    const found = [...this.#input.given].flatMap(([name, range]) => {
      const root = tensors.get(name)?.root;
      return root === undefined ? [] : [[root, range, root === name] as const];
    });
    return new Map(found.toSorted((a, b) => Number(a[2]) - Number(b[2])).map(([root, range]) => [root, range]));
  }

  #sought(
    tensors: ReadonlyMap<string, QuantizedTensor>,
    formatOf: (tensor: QuantizedTensor) => CodeFormat,
  ): readonly SoughtTensor[] {
    return [...tensors.values()].flatMap((tensor) => {
      const statistics = tensor.name === tensor.root ? this.#known.get(tensor.name) : undefined;
      return statistics === undefined ? [] : [{ name: tensor.name, statistics, format: formatOf(tensor) }];
    });
  }

  /** From one pass, or from what an earlier calibration of the same model on the same data has left. */
  async #calibrate(tensors: readonly string[]): Promise<Calibration> {
    const { runner, calibration, samples, kept } = this.#input;
    const known = await kept?.file.read();
    const missing = known === undefined ? tensors : tensors.filter((name) => !known.statistics.has(name));
    if (known !== undefined && missing.length === 0) return known;
    const run = { runner, batches: calibration(), samples };
    const found = await calibrate(this.#prepared.model, missing, run, this.#context);
    const all = { ...found, statistics: new Map([...(known?.statistics ?? []), ...found.statistics]) };
    // What was left out is told by the pass itself: a later one has to find it again.
    if (kept?.whole() === true) await kept.file.write(all);
    return all;
  }
}

function addAll(refused: Map<string, string>, more: ReadonlyMap<string, string>): boolean {
  for (const [layer, reason] of more) refused.set(layer, reason);
  return more.size > 0;
}

function stepsOf(
  plan: QuantizationPlan,
  tensors: ReadonlyMap<string, QuantizedTensor>,
  schemes: ReadonlyMap<string, ActivationScheme>,
): (layer: string) => number | undefined {
  const steps = new Map(
    plan.units.map((unit) => {
      const root = unit.quantizesOutput ? tensors.get(unitOutputs(unit)[0] ?? '')?.root : undefined;
      return [unit.layer, root === undefined ? undefined : schemes.get(root)?.scale];
    }),
  );
  return (layer) => steps.get(layer);
}

async function loads(model: Model, runner: Runner, context: TaskContext): Promise<boolean> {
  try {
    await checkFusion(model, runner, context);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** The units that do not load even alone, by halving: some log₂ n loads for each. */
async function findUnloadable(
  units: readonly Unit[],
  load: (units: readonly Unit[]) => Promise<boolean>,
): Promise<readonly Unit[]> {
  if (units.length === 0 || (await load(units))) return [];
  if (units.length === 1) return units;
  const half = units.length >> 1;
  return [...(await findUnloadable(units.slice(0, half), load)), ...(await findUnloadable(units.slice(half), load))];
}
