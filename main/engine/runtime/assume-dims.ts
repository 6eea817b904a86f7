import { walkTensors } from '../graph/tensors.ts';
import type { Model, Tensor } from '../graph/ir.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { inferModel } from '../operators/infer.ts';
import type { Inference } from '../operators/inference.ts';
import { statedInference } from '../operators/stated-inference.ts';
import { inputPorts, resolveInputDims, type InputDims } from './input-dims.ts';

export interface AskedDims {
  readonly batch: number;
  /** Sizes that are given, by name. */
  readonly dims: Readonly<Record<string, number>>;
}

/** Sizes for a model's open dimensions, and what follows from them. */
export interface AssumedDims extends InputDims {
  readonly inference: Inference;
  /** What the graph contradicts with these sizes; 0 where they fit as far as inference sees. */
  readonly conflicts: number;
}

/** Nodes that the search for fitting sizes may infer, all tries together: some tenths of a second. */
const NODE_BUDGET = 60_000;
/** Sizes that models like, tried where the graph names none. */
const COMMON_SIZES = [16, 8, 4, 2, 32, 64, 128, 256, 512, 1];
const SMALLER_SIZES = [8, 4, 2, 1];
const MAX_CANDIDATES = 48;

/**
 * Chooses sizes for open dimensions that fit the graph. First by name (`resolveInputDims`); where inference with these sizes
 * finds what cannot run (a broadcast, MatMul, Concat or Reshape that does not fit, positions beyond their table), each size
 * that nobody gave is tried as the sizes of weights, of other dimensions and their sums, and the common ones; what leaves the
 * least contradictions stays. Never throws for sizes that it chose itself.
 * @param model its weights are not read, but for constant shapes
 * @throws SHAPE_MISMATCH when a batch is asked for that the model's fixed size does not allow
 */
export function assumeDims(
  model: Model,
  asked: AskedDims & {
    /** Sizes to assume as they are. */
    readonly guesses?: Readonly<Record<string, number>>;
  },
): AssumedDims {
  const ports = inputPorts(model);
  const attempt = (guesses: Readonly<Record<string, number>>): AssumedDims => {
    const sizes = resolveInputDims(ports, { ...asked, guesses });
    const dims = { ...asked.dims, ...sizes.dims };
    // Where nothing is open, the sizes are those that the file states.
    const inference = Object.keys(dims).length === 0 ? statedInference(model) : inferModel(model, { dims });
    return { ...sizes, inference, conflicts: contradictions(inference) };
  };
  let best = attempt(asked.guesses ?? {});
  if (asked.guesses !== undefined || best.assumed.length === 0 || best.conflicts === 0) return best;
  // what is wrong whatever the sizes is no contradiction of theirs
  const floor = contradictions(inferModel(model, { dims: asked.dims }));
  const guesses: Record<string, number> = {};
  let tries = Math.floor(NODE_BUDGET / Math.max(1, model.graph.nodes.length));
  const weightSizes = sizesOfWeights(model);
  const improve = (changed: Readonly<Record<string, number>>): void => {
    const tried = attempt({ ...guesses, ...changed });
    if (tried.conflicts >= best.conflicts) return;
    best = tried;
    Object.assign(guesses, changed);
  };
  const oneByOne = assumedNames(best).map((name) => () => {
    return candidatesFor(name, best, weightSizes).map((size) => ({ [name]: size }));
  });
  // cache and sequence share a table of positions
  const together = () =>
    SMALLER_SIZES.map((size) => Object.fromEntries(assumedNames(best).map((name) => [name, size])));
  // a second time: a size may fit only once another one does
  for (const changes of [...oneByOne, together, ...oneByOne]) {
    for (const changed of changes()) {
      if (best.conflicts <= floor || tries-- <= 0) return best;
      improve(changed);
    }
  }
  return best;
}

/** What cannot run; in a branch that need not be taken it is a warning, and no reason to change a size. */
function contradictions({ problems }: Inference): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** Names of the dimensions whose size nobody gave. */
export function assumedNames({ assumed }: Pick<InputDims, 'assumed'>): readonly string[] {
  return assumed.map((said) => said.slice(0, said.lastIndexOf(' = ')));
}

function sizesOfWeights(model: Model): readonly number[] {
  const sizes = new Set<number>();
  for (const tensor of walkTensors(model)) {
    for (const dim of tensor.dims) if (dim > 1) sizes.add(dim);
    for (const product of neighbourProducts(tensor)) sizes.add(product);
  }
  return [...sizes].sort((a, b) => a - b);
}

/** Of constant shapes, such as [0, 0, heads, width] of a Reshape: the products of neighbours, 24 for [0, 0, 6, 4]. */
function neighbourProducts(tensor: Tensor): readonly number[] {
  const isShape = tensor.dtype === 'int64' && tensor.dims.length === 1 && (tensor.dims[0] ?? 0) <= 8;
  if (!isShape || tensor.storage.kind === 'external') return [];
  const values = Array.from(tensorValues(tensor) as BigInt64Array, Number);
  return values.slice(1).flatMap((value, at) => (value > 0 && values[at]! > 0 ? [value * values[at]!] : []));
}

/** Sizes worth a try, without the present one. */
function candidatesFor(name: string, { dims }: InputDims, weightSizes: readonly number[]): readonly number[] {
  // 1 fits by broadcasting where nothing else does: it comes last
  const others = Object.entries(dims).flatMap(([other, size]) => (other === name || size === 1 ? [] : [size]));
  const sums = others.flatMap((size, at) => others.slice(at + 1).map((more) => size + more));
  const all = new Set([...others, ...sums, ...weightSizes, ...COMMON_SIZES]);
  all.delete(dims[name]!);
  return [...all].filter((size) => size >= 1).slice(0, MAX_CANDIDATES);
}
