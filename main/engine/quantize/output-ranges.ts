/** Ranges by what they cost at the outputs: each activation is quantized alone, in a float model, under several ranges. */
import type { TaskContext } from '../../base/progress.ts';
import { batchSize, type FeedBatches } from '../dataset/feed-batches.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { makeGraph, makeTensor, makeValueInfo } from '../graph/make.ts';
import { importing } from '../graph/opset-imports.ts';
import { dequantizeNode, equalNode, identityNode, ifNode, quantizeNode, wide } from '../operators/nodes.ts';
import { MICROSOFT } from '../operators/spec.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import { mseRange } from './observers/mse.ts';
import type { TensorStatistics } from './observers/statistics.ts';
import { activationScheme, codesOf, type ActivationScheme, type Range } from './quantize-activations.ts';
import type { CodeFormat } from './schemes.ts';

/** An activation whose range is sought. */
export interface SoughtTensor {
  readonly name: string;
  readonly statistics: TensorStatistics;
  readonly format: CodeFormat;
}

/** Runs in all are bounded: so many tensors times samples, shared out evenly. */
const TENSOR_SAMPLES = 6400;
const [LEAST_SAMPLES, MOST_SAMPLES] = [8, 200];

/** From the range of least squared error, the whole range goes wider or narrower as long as that helps, then each end. */
const WIDTHS = [1.12, 0.9] as const;
const STEPS = 4;
/** What a range must bring to be taken: less is chance, and outliers that the samples do not show are cut for it. */
const MARGIN = 0.97;
const ENDS = [0.92, 1.08] as const;

/**
 * For each tensor the range whose quantization, of this tensor alone, moves the outputs of the model least on calibration data:
 * a search over a few candidates from those of the observers, never beyond what was met. One session for all: a branch beside
 * each tensor says whether it is quantized. The error is the sum of squared differences of each output over its power.
 * @param search `batches`: calibration data, of which up to 200 samples are taken
 * @see Nahshan et al. 2021 (LAPQ) for why the loss decides, not the distance of tensors
 * @throws RUNTIME_…, CANCELLED
 */
export async function rangesByOutputs(
  search: { readonly model: Model; readonly tensors: readonly SoughtTensor[]; readonly batches: FeedBatches },
  runner: Runner,
  context: TaskContext,
): Promise<ReadonlyMap<string, Range>> {
  const { model, tensors } = search;
  const samples = Math.max(LEAST_SAMPLES, Math.min(MOST_SAMPLES, Math.floor(TENSOR_SAMPLES / tensors.length)));
  const batches = await firstBatches(search.batches, samples);
  const branched = branchedModel(model, tensors);
  const settings = { provider: 'cpu', threads: null } as const;
  const session = await runner.load(sourceOfModel(branched), settings, { signal: context.signal });
  try {
    const judge = new OutputJudge(session, batches, context);
    await judge.takeReference();
    const ranges = new Map<string, Range>();
    for (const [at, tensor] of tensors.entries()) {
      context.progress({ stage: 'Trying ranges at the outputs', done: at, total: tensors.length });
      ranges.set(
        tensor.name,
        await bestRange(tensor, (range) => judge.error(at, activationScheme(range, tensor.format))),
      );
    }
    return ranges;
  } finally {
    if (runner.alive) await session.close();
  }
}

async function firstBatches(batches: FeedBatches, samples: number): Promise<readonly HostTensors[]> {
  const taken: HostTensors[] = [];
  let count = 0;
  for await (const feeds of batches) {
    taken.push(feeds);
    count += batchSize(feeds);
    if (count >= samples) break;
  }
  return taken;
}

async function bestRange(
  { statistics, format }: SoughtTensor,
  errorOf: (range: Range) => Promise<number>,
): Promise<Range> {
  const { range: met } = statistics;
  const within = ({ min, max }: Range): Range => ({ min: Math.max(met.min, min), max: Math.min(met.max, max) });
  let best = { range: met, error: await errorOf(met) };
  const tried = new Set([`${met.min} ${met.max}`]);
  /** Whether it is better than all before. */
  const consider = async (given: Range): Promise<boolean> => {
    const range = within(given);
    const key = `${range.min} ${range.max}`;
    if (tried.has(key)) return false;
    tried.add(key);
    const error = await errorOf(range);
    if (error >= best.error * MARGIN) return false;
    best = { range, error };
    return true;
  };
  const start = mseRange(statistics, format);
  await consider(start);
  for (const factor of WIDTHS) {
    const { min, max } = best.range;
    let width = factor;
    let steps = 0;
    while (steps++ < STEPS && (await consider({ min: min * width, max: max * width }))) width *= factor;
    if (steps > 1) break;
  }
  for (const factor of met.min < 0 && met.max > 0 ? ENDS : []) {
    const { min, max } = best.range;
    await consider({ min: min * factor, max });
    await consider({ min, max: max * factor });
  }
  return best.range;
}

/** Tells how far the outputs move when one tensor is quantized. */
class OutputJudge {
  readonly #session: Session;
  readonly #batches: readonly HostTensors[];
  readonly #context: TaskContext;
  #reference: readonly HostTensors[] = [];
  /** Of each output, over all batches. */
  readonly #power = new Map<string, number>();

  constructor(session: Session, batches: readonly HostTensors[], context: TaskContext) {
    this.#session = session;
    this.#batches = batches;
    this.#context = context;
  }

  async takeReference(): Promise<void> {
    this.#reference = await this.#run(-1, { scale: 1, zeroPoint: 0 });
    for (const outputs of this.#reference) {
      for (const [name, values] of floats(outputs)) {
        this.#power.set(
          name,
          values.reduce((sum, value) => sum + value * value, this.#power.get(name) ?? 0),
        );
      }
    }
  }

  async error(tensor: number, scheme: ActivationScheme): Promise<number> {
    const found = await this.#run(tensor, scheme);
    let error = 0;
    for (const [batch, outputs] of found.entries()) {
      const reference = new Map(floats(this.#reference[batch]!));
      for (const [name, values] of floats(outputs)) {
        const expected = reference.get(name)!;
        let difference = 0;
        for (let i = 0; i < values.length; i++) difference += (values[i]! - expected[i]!) ** 2;
        error += difference / Math.max(this.#power.get(name)!, Number.MIN_VALUE);
      }
    }
    // What cannot be compared is no range to take.
    return Number.isFinite(error) ? error : Infinity;
  }

  async #run(
    active: number,
    { scale, zeroPoint }: Pick<ActivationScheme, 'scale' | 'zeroPoint'>,
  ): Promise<readonly HostTensors[]> {
    const wanted = new Set(this.#session.inputs.map(({ name }) => name));
    const settings: HostTensors = {
      [ACTIVE]: { dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(active)) },
      [SCALE]: { dtype: 'float32', dims: [], data: Float32Array.of(scale) },
    };
    const zeros = DTYPES.map(
      (dtype) => [zeroName(dtype), { dtype, dims: [], data: codesOf(dtype, 1).fill(zeroPoint) }] as const,
    );
    const given = { ...settings, ...Object.fromEntries(zeros.filter(([name]) => wanted.has(name))) };
    const { signal } = this.#context;
    return Promise.all(this.#batches.map((feeds) => this.#session.run({ ...feeds, ...given }, { signal })));
  }
}

function floats(outputs: HostTensors): (readonly [string, Float32Array])[] {
  return Object.entries(outputs).flatMap(([name, { data }]) =>
    data instanceof Float32Array ? [[name, data] as const] : [],
  );
}

const [ACTIVE, SCALE] = ['lapidary_active', 'lapidary_scale'] as const;
const DTYPES = ['uint8', 'int8', 'uint16'] as const;
const zeroName = (dtype: CodeFormat['dtype']): string => `lapidary_zero_${dtype}`;

/** The model with a branch beside each tensor: where its number is the active one it goes through codes, else as it is. */
function branchedModel(model: Model, tensors: readonly SoughtTensor[]): Model {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  const names = new Map<string, string>();
  for (const [at, { name, format }] of tensors.entries()) {
    const chosen = `lapidary_chosen_${at}`;
    names.set(name, chosen);
    editor.replaceUses(name, chosen);
    const nodes = branch(name, at, format);
    const producer = index.producer(name);
    if (producer === undefined) editor.prepend(...nodes);
    else editor.insertAfter(producer, ...nodes);
    editor.setInitializer(makeTensor(`lapidary_number_${at}`, 'int64', [], BigInt64Array.of(BigInt(at))));
  }
  editor.setOutputs(
    model.graph.outputs.map((output) => {
      const chosen = names.get(output.name);
      return chosen === undefined ? output : { ...output, name: chosen };
    }),
  );
  const dtypes = new Set(tensors.map(({ format }) => format.dtype));
  editor.setInputs([
    ...model.graph.inputs,
    makeValueInfo(ACTIVE, 'int64', []),
    makeValueInfo(SCALE, 'float32', []),
    ...[...dtypes].map((dtype) => makeValueInfo(zeroName(dtype), dtype, [])),
  ]);
  return importing({ ...model, graph: editor.build() }, MICROSOFT);
}

function branch(value: string, at: number, { dtype }: CodeFormat): readonly Node[] {
  const is = `lapidary_is_${at}`;
  const parameters = [SCALE, zeroName(dtype)];
  const [codes, real, same] = [`lapidary_codes_${at}`, `lapidary_real_${at}`, `lapidary_same_${at}`];
  const through = [
    quantizeNode([value, ...parameters], codes, { name: codes, ...wide(dtype) }),
    dequantizeNode([codes, ...parameters], real, { name: real, ...wide(dtype) }),
  ];
  const past = [identityNode([value], same, { name: same })];
  const body = (nodes: readonly Node[], output: string) =>
    makeGraph({ name: output, nodes: [...nodes], outputs: [makeValueInfo(output, 'float32', undefined)] });
  return [
    equalNode([ACTIVE, `lapidary_number_${at}`], is, { name: is }),
    ifNode([is], `lapidary_chosen_${at}`, {
      name: `lapidary_if_${at}`,
      attributes: { then_branch: body(through, real), else_branch: body(past, same) },
    }),
  ];
}
