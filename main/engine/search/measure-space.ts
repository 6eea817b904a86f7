import { throwIfCancelled } from '../../base/errors.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Minimized } from '../../contract/search.ts';
import type { SearchSpace, SpaceGroup, SpaceValue } from './search-space.ts';
import { firstSamples } from '../dataset/finite-samples.ts';
import type { Model } from '../graph/ir.ts';
import { tensorByteLength } from '../graph/tensor-size.ts';
import { constantFloats } from '../operators/constant-behind.ts';
import { indexGraph } from '../graph/index-graph.ts';
import { sourcesOf } from '../passes/pass.ts';
import { openChoices, type Choices, type QuantizeInput } from '../quantize/quantize-static.ts';
import { timeUnits } from '../quantize/speed/choose-float.ts';
import { layerFormats } from '../quantize/schemes.ts';
import type { Unit } from '../quantize/unit.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';

/** Groups at most: each takes two short runs of the model. */
const MOST_GROUPS = 48;
/** Samples that a loss is measured on. */
const LOSS_SAMPLES = 16;

/**
 * What a search chooses among: the layers that can run in int8, in groups of neighbours that change together, each with its time either
 * way, its bytes, and what the outputs lose by it. The loss is the squared error of the outputs over their square, with this group alone
 * in int8, or what it adds where all others are too, whichever is more; errors of many small roundings add up.
 * @param minimize `size`: each group is measured with 16-bit activations as well
 * @returns undefined where no layer can run in int8
 * @throws as `quantizeStatic`
 */
export async function measureSpace(
  model: Model,
  { minimize, ...input }: QuantizeInput & { readonly minimize: Minimized },
  context: TaskContext,
): Promise<SearchSpace | undefined> {
  const choices = await openChoices(model, input, context);
  if (choices === undefined) return undefined;
  const { prepared, settled, feeds } = choices;
  const { plan, fused, quantized } = settled;
  const task = {
    float: prepared.model,
    integer: quantized,
    fused,
    write: (float: ReadonlySet<string>) => settled.rewrite({ float }),
    feeds: firstSamples(feeds, 1),
  };
  const timed = await timeUnits(task, input.runner, context);
  const groups = groupUnits(plan.units);
  const losses = await groupLosses(choices, { groups, wide: minimize === 'size' }, input.runner, context);
  const groupOf = new Map(groups.flatMap((units, at) => units.map((unit) => [unit, at] as const)));
  const index = indexGraph(prepared.model.graph);
  const spaceGroups = groups.map((units, at): SpaceGroup => {
    const own = units.map((unit) => ({ unit: plan.units[unit]!, time: timed.units[unit]! }));
    const bytes = own.reduce((sum, { unit }) => sum + weightBytes(unit, index), 0);
    return {
      layers: [...new Set(own.flatMap(({ unit }) => sourcesOf(prepared.sources, unit.layer)))],
      floatMs: own.reduce((sum, { time }) => sum + time.floatMs, 0),
      integerMs: own.reduce((sum, { time }) => sum + time.integerMs, 0),
      floatBytes: bytes,
      integerBytes: bytes / 4,
      ...losses.groups[at]!,
    };
  });
  const values = timed.values.flatMap(({ name: _name, ...value }): SpaceValue[] => {
    const madeBy = value.madeBy === null ? null : groupOf.get(value.madeBy)!;
    const takenBy = [...new Set(value.takenBy.map((unit) => groupOf.get(unit)!))].filter((group) => group !== madeBy);
    return takenBy.length === 0 && !value.takenAsFloat ? [] : [{ ...value, madeBy, takenBy }];
  });
  const { floatMs, integerMs } = timed;
  return { groups: spaceGroups, values, floatMs, integerMs, allLoss: losses.all };
}

function weightBytes({ node, weights }: Unit, index: ReturnType<typeof indexGraph>): number {
  if (weights === undefined) return 0;
  const tensor = constantFloats(index, node.inputs[weights.weightInput] ?? '')?.tensor;
  return tensor === undefined ? 0 : tensorByteLength(tensor);
}

/** Places of units in groups: a layer with weights and what follows it up to the next; several of these in deep models. */
function groupUnits(units: readonly Unit[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const [at, { kind }] of units.entries()) {
    if (kind === 'weighted' || groups.length === 0) groups.push([at]);
    else groups.at(-1)!.push(at);
  }
  if (groups.length <= MOST_GROUPS) return groups;
  const merged: number[][] = [];
  for (const [at, group] of groups.entries()) {
    const place = Math.floor((at * MOST_GROUPS) / groups.length);
    merged[place] = [...(merged[place] ?? []), ...group];
  }
  return merged;
}

interface Losses {
  readonly all: number;
  readonly groups: readonly Pick<SpaceGroup, 'loss' | 'wideLoss'>[];
}

async function groupLosses(
  { step, prepared, settled, feeds }: Choices,
  { groups, wide }: { readonly groups: readonly (readonly number[])[]; readonly wide: boolean },
  runner: Runner,
  context: TaskContext,
): Promise<Losses> {
  const samples = firstSamples(feeds, LOSS_SAMPLES);
  const run = async (model: Model): Promise<HostTensors> => {
    throwIfCancelled(context.signal, 'The search');
    const options = { signal: context.signal };
    const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: null }, options);
    try {
      return await session.run(samples, options);
    } finally {
      if (runner.alive) await session.close();
    }
  };
  const reference = await run(prepared.model);
  const lossOf = async (model: Model): Promise<number> => relativeError(reference, await run(model));
  const names = settled.plan.units.map(({ layer }) => layer);
  const all = await lossOf(settled.quantized.model);
  const fine = layerFormats(step, 'int16');
  const inputs = new Set(prepared.model.graph.inputs.map(({ name }) => name));
  // What comes into the model has the codes that the step names, whichever layer takes it.
  const formats = {
    ofUnit: () => fine,
    ofTensor: (name: string) => (inputs.has(name) ? layerFormats(step).activations : fine.activations),
  };
  const losses: Losses['groups'][number][] = [];
  for (const [at, group] of groups.entries()) {
    context.progress({ stage: 'Measuring layers', done: at, total: groups.length });
    const own = new Set(group.map((unit) => names[unit]!));
    const others = new Set(names.filter((name) => !own.has(name)));
    const alone = await lossOf(settled.rewrite({ float: others }).model);
    const without = await lossOf(settled.rewrite({ float: own }).model);
    const wideLoss = wide ? await lossOf(settled.rewrite({ float: others, formats }).model) : null;
    losses.push({ loss: Math.max(alone, all - without, 0), wideLoss });
  }
  return { all, groups: losses };
}

/** Σ(x − y)² / Σx² over all float outputs, each output alike; Infinity where y is no number. */
function relativeError(reference: HostTensors, other: HostTensors): number {
  let [sum, outputs] = [0, 0];
  for (const [name, { data: x }] of Object.entries(reference)) {
    const y = other[name]?.data;
    if (!(x instanceof Float32Array) || !(y instanceof Float32Array)) continue;
    let [difference, size] = [0, 0];
    for (let i = 0; i < x.length; i++) {
      difference += (x[i]! - y[i]!) ** 2;
      size += x[i]! ** 2;
    }
    sum += size === 0 ? 0 : difference / size;
    outputs++;
  }
  const mean = outputs === 0 ? 0 : sum / outputs;
  return Number.isFinite(mean) ? mean : Infinity;
}
