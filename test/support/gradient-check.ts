/**
 * Checks backward graphs against finite differences, both computed by ONNX Runtime: in float64 where it has the kernels in
 * that type, otherwise in float32 with larger steps and a wider tolerance.
 */
import { differentiate } from '../../main/engine/autograd/differentiate.ts';
import { expandOperators } from '../../main/engine/passes/expand-operators.ts';
import { encodeModel } from '../../main/engine/onnx/encode-model.ts';
import type { AttributeInput } from '../../main/engine/graph/attributes.ts';
import type { Model, Shape, ValueInfo } from '../../main/engine/graph/ir.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../../main/engine/graph/make.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import type { Session } from '../../main/engine/runtime/session.ts';
import type { DType } from '../../main/engine/tensor/dtype.ts';
import { elementCount, type HostTensor, type HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';

type FloatType = 'float32' | 'float64';

/** An input of the operator that is checked. */
export interface CheckedInput {
  readonly dims: readonly number[];
  /** Default: distinct values, none nearer to another or to 0 than four steps of the difference, so that kinks do not matter. */
  readonly values?: readonly number[];
  /** Values lie in [low, high]; default −1 … 1. */
  readonly range?: readonly [low: number, high: number];
  /** Of settings and indices, which are constants of the graph; default: the float type of the check. */
  readonly dtype?: DType;
  /** A float constant of the graph, by which is not derived. */
  readonly constant?: boolean;
  /** Sizes as the graph states them: symbols where they are open. Default: the dims. */
  readonly stated?: Shape;
}

export interface CheckedOperator {
  readonly op: string;
  readonly inputs: readonly (CheckedInput | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly domain?: string;
  readonly opset?: number;
  /** How many outputs it gives. Default 1. */
  readonly outputs?: number;
  /** Those whose gradient is checked; default: all floats. */
  readonly checked?: readonly number[];
  readonly seed?: number;
  /** Float types to try, in order. */
  readonly types?: readonly FloatType[];
}

export interface GradientCheck {
  /** Largest |analytic − numeric|, relative to the largest derivative of the input (at least 1). */
  readonly error: number;
  readonly type: FloatType;
  /** Error that rounding and curvature leave. */
  readonly tolerance: number;
}

const MOST_ELEMENTS = 14;

/** Compares the rule of one operator with finite differences. */
export async function checkOperator(runner: Runner, checked: CheckedOperator): Promise<GradientCheck> {
  let refused: unknown;
  for (const type of checked.types ?? (['float64', 'float32'] as const)) {
    const { model, feeds, by } = modelOf(checked, type);
    try {
      return await checkModel(runner, model, { feeds, by, seed: checked.seed ?? 1 });
    } catch (error) {
      // The kernel, or one that the backward graph needs, is not there in this type.
      if (!(error instanceof Error && /RUNTIME_LOAD_FAILED/.test((error as { code?: string }).code ?? ''))) throw error;
      refused = error;
    }
  }
  throw refused;
}

/**
 * Runs an operator, and what it is written as where it has an expansion, on the same values in float32.
 * @returns the largest difference of an output that is checked, relative to its largest value (at least 1)
 */
export async function checkExpansion(runner: Runner, checked: CheckedOperator): Promise<number> {
  const { model, feeds } = modelOf(checked, 'float32');
  const run = async (each: Model): Promise<HostTensors> => {
    const session = await load(runner, each);
    try {
      return await session.run(feeds);
    } finally {
      await session.close();
    }
  };
  const [own, others] = [await run(model), await run(expandOperators(model).model)];
  let worst = 0;
  for (const [name, { dims, data }] of Object.entries(own)) {
    const other = others[name]!;
    if (String(other.dims) !== String(dims)) throw new Error(`${name} has shape [${other.dims}], expected [${dims}]`);
    const scale = Math.max(1, ...Array.from(data as Float32Array, Math.abs));
    data.forEach((value, at) => {
      const difference = Math.abs(Number(value) - Number(other.data[at])) / scale;
      if (!(difference <= worst)) worst = difference;
    });
  }
  return worst;
}

function modelOf(checked: CheckedOperator, type: FloatType): { model: Model; feeds: HostTensors; by: string[] } {
  const random = seededRandom(checked.seed ?? 1);
  const feeds: Record<string, HostTensor> = {};
  const initializers = [];
  const inputs = [];
  const names: string[] = [];
  for (const [at, input] of checked.inputs.entries()) {
    if (input === null) {
      names.push('');
      continue;
    }
    const name = `x${at}`;
    names.push(name);
    const values = valuesOf(input, random);
    if (input.dtype !== undefined || input.constant === true) {
      const data = input.dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float64Array.from(values);
      initializers.push(makeTensor(name, input.dtype ?? type, input.dims, data));
      continue;
    }
    feeds[name] = { dtype: type, dims: input.dims, data: arrayOf(type, values) };
    inputs.push(makeValueInfo(name, type, input.stated ?? input.dims));
  }
  const outputs = Array.from({ length: checked.outputs ?? 1 }, (_, at) => `y${at}`);
  const node = makeNode(checked.op, names, outputs, {
    name: 'node',
    ...(checked.domain === undefined ? {} : { domain: checked.domain }),
    ...(checked.attributes === undefined ? {} : { attributes: checked.attributes }),
  });
  const sets = new Map([['', checked.opset ?? 21]]);
  if (checked.domain !== undefined) sets.set(checked.domain, 1);
  const model = makeModel(
    makeGraph({
      nodes: [node],
      initializers,
      inputs,
      outputs: outputs.filter((_, at) => checked.checked?.includes(at) !== false).map((name) => untyped(name)),
    }),
    { opsetImports: [...sets].map(([domain, version]) => ({ domain, version, unknown: [] })) },
  );
  return { model, feeds, by: Object.keys(feeds) };
}

function valuesOf({ dims, values, range = [-1, 1] }: CheckedInput, random: () => number): readonly number[] {
  if (values !== undefined) return values;
  const count = elementCount(dims);
  const spread = Array.from({ length: count }, (_, at) => range[0] + ((at + 0.5) / count) * (range[1] - range[0]));
  return shuffled(spread, random);
}

/** The same in a random order. */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values];
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}

export interface CheckedModel {
  readonly feeds: HostTensors;
  /** Fed inputs by which is derived. */
  readonly by: readonly string[];
  readonly seed: number;
  /** Of the finite difference; default: by type and spacing of the values. */
  readonly step?: number;
}

/** Compares the derivative of Σ r·y, r random, by fed inputs with finite differences of five points. */
export async function checkModel(runner: Runner, model: Model, options: CheckedModel): Promise<GradientCheck> {
  const { feeds, by } = options;
  const random = seededRandom(options.seed + 1000);
  const type = feeds[by[0]!]!.dtype as FloatType;
  const forward = await load(runner, model);
  try {
    const given = Object.entries(await forward.run(feeds)).filter(([, { dtype }]) => dtype === type);
    const weights = new Map(
      given.map(([name, { dims, data }]) => [
        name,
        { dims, values: Float64Array.from({ length: data.length }, () => Math.fround(random() * 2 - 1)) },
      ]),
    );
    const analytic = await derivatives(runner, withLoss(model, weights, type), options);
    const value = async (changed: HostTensors): Promise<number> => {
      const outputs = await forward.run(changed, { outputs: [...weights.keys()] });
      let sum = 0;
      for (const [name, { values }] of weights) {
        const data = outputs[name]!.data as Float32Array;
        for (let at = 0; at < values.length; at++) sum += values[at]! * data[at]!;
      }
      return sum;
    };
    let worst = 0;
    for (const name of by) {
      const { dims, data } = feeds[name]!;
      const found = analytic[name]!;
      if (String(found.dims) !== String(dims)) {
        throw new Error(`the gradient of ${name} has shape [${found.dims}], expected [${dims}]`);
      }
      const count = elementCount(dims);
      const step = options.step ?? Math.min(type === 'float64' ? 1e-4 : 0.02, 0.4 / count);
      const places = shuffled([...Array(count).keys()], random).slice(0, MOST_ELEMENTS);
      const numeric: number[] = [];
      for (const at of places) {
        const moved = (by: number): Promise<number> => {
          const copy = (data as Float64Array).slice();
          copy[at] = copy[at]! + by;
          return value({ ...feeds, [name]: { dtype: type, dims, data: copy } });
        };
        const near = (await moved(step)) - (await moved(-step));
        const far = (await moved(2 * step)) - (await moved(-2 * step));
        numeric.push((8 * near - far) / (12 * step));
      }
      const scale = Math.max(1, ...numeric.map(Math.abs));
      places.forEach((place, at) => {
        const difference = Math.abs((found.data as Float64Array)[place]! - numeric[at]!) / scale;
        if (!(difference <= worst)) worst = difference;
      });
    }
    return { error: worst, type, tolerance: type === 'float64' ? 1e-6 : 2e-3 };
  } finally {
    await forward.close();
  }
}

function arrayOf(type: FloatType, values: readonly number[]): Float32Array | Float64Array {
  return type === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

/** The model with the value `loss` = Σ over its outputs of r·y. */
function withLoss(
  model: Model,
  weights: ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: Float64Array }>,
  type: FloatType,
): Model {
  const terms = [...weights.keys()].map((name) => ({ name, product: `${name}:r*y`, total: `${name}:sum` }));
  const nodes = terms.flatMap(({ name, product, total }) => [
    makeNode('Mul', [name, `${name}:r`], [product]),
    makeNode('ReduceSum', [product], [total], { attributes: { keepdims: 0n } }),
  ]);
  nodes.push(makeNode('Sum', terms.map(({ total }) => total), ['loss'])); // prettier-ignore
  const initializers = [...weights].map(([name, { dims, values }]) => makeTensor(`${name}:r`, type, dims, values));
  return {
    ...model,
    graph: {
      ...model.graph,
      nodes: [...model.graph.nodes, ...nodes],
      initializers: [...model.graph.initializers, ...initializers],
    },
  };
}

/** The derivative of the model's value `loss` by some others, on feeds. */
export async function derivatives(
  runner: Runner,
  model: Model,
  { feeds, by }: Pick<CheckedModel, 'feeds' | 'by'>,
): Promise<HostTensors> {
  const { model: backward, gradients } = differentiate(model, { of: 'loss', by });
  const outputs = by.map((name) => gradients.get(name)!);
  const graph = { ...backward.graph, outputs: outputs.map((name) => untyped(name)) };
  const session = await load(runner, { ...backward, graph });
  try {
    const found = await session.run(feeds);
    return Object.fromEntries(by.map((name, at) => [name, found[outputs[at]!]!]));
  } finally {
    await session.close();
  }
}

/** A graph output whose type the runtime finds out. */
function untyped(name: string): ValueInfo {
  return { name, type: undefined, docString: '', metadata: [], unknown: [] };
}

/** Optimisations off: what is checked are the rules, not the runtime's rewriting. */
function load(runner: Runner, model: Model): Promise<Session> {
  return runner.load({ bytes: encodeModel(model) }, { provider: 'cpu', threads: 1, optimization: 'basic' });
}
