import type { Model, Node, Tensor } from '../../graph/ir.ts';
import { makeGraph, makeModel, makeTensor, makeValueInfo } from '../../graph/make.ts';
import {
  addNode,
  atLeastNode,
  castNode,
  equalNode,
  limitNode,
  logisticNode,
  magnitudeNode,
  matrixProductNode,
  powerNode,
  productNode,
  quotientNode,
  remainderNode,
  repeatNode,
  rootNode,
  sameNode,
  signNode,
  sliceNode,
  subtractNode,
  sumOfSquaresNode,
  transposeNode,
} from '../../operators/nodes.ts';
import { dtypeCode } from '../../tensor/dtype.ts';
import type { ClipBounds } from '../../operators/spec.ts';

/** A layer's weights, and what its outputs should be, by groups. */
export interface RoundingProblem {
  readonly groups: number;
  readonly outputs: number;
  readonly columns: number;
  readonly positions: number;
  /** Weights in steps, rounded down [groups, outputs, columns]. */
  readonly floor: Float32Array;
  /** Size of a step [groups, outputs, 1]. */
  readonly step: Float32Array;
  /** Added to each output [groups, outputs, 1]. */
  readonly bias: Float32Array;
  /** Codes about zero. */
  readonly lowest: number;
  readonly highest: number;
  /** Data as the quantized model has them [groups, columns, positions], in an order drawn by chance. */
  readonly data: Float32Array;
  /** Outputs of the float model [groups, outputs, positions]. */
  readonly target: Float32Array;
  /** What the activation behind lets through; undefined: everything. */
  readonly bounds: ClipBounds | undefined;
}

/** How the rounding is learnt. */
export interface RoundingSchedule {
  readonly iterations: number;
  /** Positions of one iteration. */
  readonly batch: number;
  readonly learningRate: number;
  /** Weight of the term that drives each weight to one of its two codes, against the layer's error by rounding to the nearest. */
  readonly pull: number;
  /** Share of the iterations without that term. */
  readonly free: number;
}

/** Exponent of that term, from the first iteration that has it to the last. */
const SHARPNESS = { first: 20, last: 2 };
/** Adam's averages of gradients and of their squares. */
const MEMORY = { first: 0.9, second: 0.999 };
/** h = clip(times · σ(v) + plus, 0, 1): the ends are reached. */
export const STRETCH = { times: 1.2, plus: -0.1 };

/** The variable whose rectified sigmoid is this share of a step. */
export function variableOf(share: number): number {
  const sigmoid = (share - STRETCH.plus) / STRETCH.times;
  return Math.log(sigmoid / (1 - sigmoid));
}

/**
 * A model that learns which way each weight of a layer is rounded. Inputs: `trips` iterations to go from iteration `begin` on,
 * the variables `v` with Adam's averages `m` and `s`, and `unit`, the squared error of a position for each weight that counts as
 * one. Outputs: these three at the end, and `error`, the squared error over all positions with each weight at the code that its
 * variable is nearer to.
 *
 * The loss of an iteration is Σ(f(W(h)·x + b) − f(t))² of a batch of positions, f the activation behind, plus Σ 1 − |2h − 1|^β; the
 * gradient is written down: dh = s·(dy·xᵀ) + dreg, dv = dh·h′(v).
 * @see Nagel et al. 2020 (AdaRound, arXiv 2004.10568), eq. 21–25; inputs of the quantized model and the activation as there
 */
export function roundingModel(problem: RoundingProblem, schedule: RoundingSchedule): Model {
  const { groups, outputs, columns, positions, bounds } = problem;
  const batch = Math.min(schedule.batch, positions);
  const constants = new Constants();
  const float = (name: string, value: number): string => constants.add(name, 'float32', [], Float32Array.of(value));
  const int = (name: string, value: number): string =>
    constants.add(name, 'int64', [1], BigInt64Array.of(BigInt(value)));
  constants.add('floor', 'float32', [groups, outputs, columns], problem.floor);
  constants.add('step', 'float32', [groups, outputs, 1], problem.step);
  constants.add('bias', 'float32', [groups, outputs, 1], problem.bias);
  constants.add('data', 'float32', [groups, columns, positions], problem.data);
  constants.add('target', 'float32', [groups, outputs, positions], problem.target);
  const [one, zero] = [float('one', 1), float('zero', 0)];
  const [low, high] = [float('lowest', problem.lowest), float('highest', problem.highest)];
  const act = bounds && { low: float('act_low', bounds.low), high: float('act_high', bounds.high) };
  const [times, plus] = [float('times', STRETCH.times), float('plus', STRETCH.plus)];
  const warm = Math.round(schedule.iterations * schedule.free);
  const size = [groups, outputs, columns];

  const body = new Tape('b_');
  const activated = (tape: Tape, value: string): string =>
    act === undefined ? value : tape.do(limitNode, [value, act.low, act.high]);
  const at = body.do(addNode, ['b_i', 'begin']);
  const start = body.do(remainderNode, [
    body.do(productNode, [at, int('batch', batch)]),
    int('whole', positions - (positions % batch)),
  ]);
  const end = body.do(addNode, [start, 'batch']);
  const slice = (value: string): string => body.do(sliceNode, [value, start, end, int('last_axis', 2)]);
  const [x, t] = [slice('data'), slice('target')];
  const sigmoid = body.do(logisticNode, ['b_v']);
  const loose = body.do(addNode, [body.do(productNode, [sigmoid, times]), plus]);
  const h = body.do(limitNode, [loose, zero, one]);
  const inside = body.flag(body.do(equalNode, [h, loose]));
  const free = body.do(addNode, ['floor', h]);
  const code = body.do(limitNode, [free, low, high]);
  const y = body.do(addNode, [body.do(matrixProductNode, [body.do(productNode, [code, 'step']), x]), 'bias']);
  const given = activated(body, y);
  const missed = body.do(subtractNode, [given, activated(body, t)]);
  const passed = act === undefined ? missed : body.do(productNode, [missed, body.flag(body.do(equalNode, [given, y]))]);
  const back = body.do(matrixProductNode, [passed, body.do(transposeNode, [x], { perm: [0n, 2n, 1n] })]);
  const ofCode = body.do(productNode, [
    body.do(productNode, [back, 'step']),
    body.flag(body.do(equalNode, [free, code])),
  ]);
  const ofData = body.do(quotientNode, [body.do(productNode, [ofCode, float('twice_mean', 2 / batch)]), 'unit']);
  // What is left of the way from the first iteration with the term to the last, from 1 to 0.
  const time = body.do(castNode, [at], { to: BigInt(dtypeCode('float32')) });
  const left = body.do(limitNode, [
    body.do(quotientNode, [
      body.do(subtractNode, [float('total', schedule.iterations), time]),
      float('pulled', Math.max(1, schedule.iterations - warm)),
    ]),
    zero,
    one,
  ]);
  const sharp = body.do(addNode, [
    body.do(productNode, [left, float('sharper', SHARPNESS.first - SHARPNESS.last)]),
    float('sharpness', SHARPNESS.last),
  ]);
  const pulls = body.do(productNode, [
    body.flag(body.do(atLeastNode, [time, float('warm', warm)])),
    float('pull', -2 * schedule.pull),
  ]);
  const apart = body.do(subtractNode, [body.do(addNode, [h, h]), one]);
  const slope = body.do(productNode, [
    body.do(powerNode, [body.do(magnitudeNode, [apart]), body.do(subtractNode, [sharp, one])]),
    body.do(signNode, [apart]),
  ]);
  const ofPull = body.do(productNode, [slope, body.do(productNode, [pulls, sharp])]);
  const steep = body.do(productNode, [body.do(productNode, [sigmoid, body.do(subtractNode, [one, sigmoid])]), times]);
  const gradient = body.do(productNode, [body.do(addNode, [ofData, ofPull]), body.do(productNode, [steep, inside])]);
  const averaged = (before: string, value: string, keep: number, name: string): string =>
    body.do(addNode, [
      body.do(productNode, [before, float(`${name}_keep`, keep)]),
      body.do(productNode, [value, float(`${name}_take`, 1 - keep)]),
    ]);
  const m = averaged('b_m', gradient, MEMORY.first, 'first');
  const s = averaged('b_s', body.do(productNode, [gradient, gradient]), MEMORY.second, 'second');
  const unbiased = (average: string, name: string): string => {
    const forgotten = body.do(powerNode, [`${name}_keep`, body.do(addNode, [time, one])]);
    return body.do(quotientNode, [average, body.do(subtractNode, [one, forgotten])]);
  };
  const stride = body.do(quotientNode, [
    unbiased(m, 'first'),
    body.do(addNode, [body.do(rootNode, [unbiased(s, 'second')]), float('tiny', 1e-8)]),
  ]);
  const v = body.do(subtractNode, ['b_v', body.do(productNode, [stride, float('rate', schedule.learningRate)])]);
  const goOn = body.do(sameNode, ['b_go']);
  const loop = makeGraph({
    name: 'learn',
    nodes: body.nodes,
    inputs: [
      makeValueInfo('b_i', 'int64', []),
      makeValueInfo('b_go', 'bool', []),
      ...['b_v', 'b_m', 'b_s'].map((name) => makeValueInfo(name, 'float32', size)),
    ],
    outputs: [makeValueInfo(goOn, 'bool', []), ...[v, m, s].map((name) => makeValueInfo(name, 'float32', size))],
  });

  const tape = new Tape('a_');
  const nodes: Node[] = [repeatNode(['trips', '', 'v', 'm', 's'], ['v_end', 'm_end', 's_end'], loop)];
  const up = tape.flag(tape.do(atLeastNode, ['v_end', zero]));
  const codes = tape.do(limitNode, [tape.do(addNode, ['floor', up]), low, high]);
  const all = tape.do(addNode, [tape.do(matrixProductNode, [tape.do(productNode, [codes, 'step']), 'data']), 'bias']);
  const error = tape.do(subtractNode, [activated(tape, all), activated(tape, 'target')]);
  nodes.push(...tape.nodes, sumOfSquaresNode([error], 'error', { name: 'error', attributes: { keepdims: 0n } }));
  const graph = makeGraph({
    name: 'rounding',
    nodes,
    initializers: constants.tensors,
    inputs: [
      makeValueInfo('trips', 'int64', []),
      makeValueInfo('begin', 'int64', [1]),
      makeValueInfo('unit', 'float32', []),
      ...['v', 'm', 's'].map((name) => makeValueInfo(name, 'float32', size)),
    ],
    outputs: [
      ...['v_end', 'm_end', 's_end'].map((name) => makeValueInfo(name, 'float32', size)),
      makeValueInfo('error', 'float32', []),
    ],
  });
  return makeModel(graph, { irVersion: 8, opsetImports: [{ domain: '', version: 17, unknown: [] }] });
}

type Make = typeof addNode;

/** Nodes written one behind the other. */
class Tape {
  readonly nodes: Node[] = [];
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  do(
    make: Make,
    inputs: readonly string[],
    attributes: Readonly<Record<string, bigint | readonly bigint[]>> = {},
  ): string {
    const output = `${this.#prefix}${this.nodes.length}`;
    this.nodes.push(make(inputs, output, { name: output, attributes }));
    return output;
  }

  /** Truth as 0 and 1. */
  flag(value: string): string {
    return this.do(castNode, [value], { to: BigInt(dtypeCode('float32')) });
  }
}

class Constants {
  readonly tensors: Tensor[] = [];
  readonly #names = new Set<string>();

  add(name: string, dtype: 'float32' | 'int64', dims: readonly number[], values: Float32Array | BigInt64Array): string {
    if (this.#names.has(name)) return name;
    this.#names.add(name);
    this.tensors.push(makeTensor(name, dtype, dims, values));
    return name;
  }
}
