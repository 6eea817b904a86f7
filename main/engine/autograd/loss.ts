/** What a training graph minimises, as forward nodes: their gradients come from the operator table like all others. */
import type { Shape } from '../graph/ir.ts';
import type { GraphWriter } from '../operators/graph-writer.ts';
import type { DType } from '../tensor/dtype.ts';

/** Where a loss is written. */
export interface LossScope {
  readonly write: GraphWriter;
  readonly dtypeOf: (value: string) => DType;
  /** undefined: not even the rank is known. */
  readonly shapeOf: (value: string) => Shape | undefined;
  /** A value of the graph by name, or where there is none of that name a new input of the training graph. */
  readonly given: (name: string, dtype: DType, shape: Shape | undefined) => string;
}

export interface Loss {
  /** Its value is an output of the training graph under this name. */
  readonly name: string;
  /** By which it is multiplied in the sum that is minimised. */
  readonly weight: number;
  /** Writes it. @returns a float number of shape [] */
  readonly write: (scope: LossScope) => string;
}

interface LossOptions {
  readonly name?: string;
  readonly weight?: number;
}

/** A number of the type of `value`. */
const numberLike = ({ write, dtypeOf }: LossScope, value: string, number: number): string =>
  write.number(number, dtypeOf(value));

/** The mean of all elements, of shape []. */
const mean = ({ write }: LossScope, value: string): string => write.reduceMean(value, undefined, false);

/**
 * Cross-entropy of logits with labels, mean over all places: −Σ_c q_c · log softmax(logits)_c, q = (1 − s)·one-hot + s/classes.
 * @param labels int64 of the logits' shape without the class axis: a value of the graph, or a new input
 * @param axis of the classes; default: 1, in sequences [batch, steps, classes] the last
 */
export function crossEntropy(
  options: LossOptions & {
    readonly logits: string;
    readonly labels: string;
    readonly axis?: number;
    readonly smoothing?: number;
  },
): Loss {
  const { logits, smoothing = 0 } = options;
  return loss('cross-entropy', options, (scope) => {
    const { write } = scope;
    const shape = scope.shapeOf(logits);
    const axis = options.axis ?? (shape?.length === 3 ? -1 : 1);
    const at = shape === undefined ? axis : (axis + shape.length) % shape.length;
    const labels = scope.given(
      options.labels,
      'int64',
      shape?.filter((_, index) => index !== at),
    );
    const classes = shape?.[at];
    const depth =
      typeof classes === 'number' ? write.constant('int64', [], BigInt64Array.of(BigInt(classes))) : undefined;
    const count = depth ?? write.reshapeTo(write.slice(write.shape(logits), 0, at, at + 1), []);
    const [low, high] =
      typeof classes === 'number' ? [smoothing / classes, 1 - smoothing + smoothing / classes] : [0, 1 - smoothing];
    const values = write.constant(scope.dtypeOf(logits), [2], Float64Array.of(low, high));
    const wanted = write.oneHot(labels, count, values, axis);
    const terms = write.mul(write.logSoftmax(logits, axis), wanted);
    return write.neg(mean(scope, write.reduceSum(terms, [at], false)));
  });
}

/**
 * Hinton's distillation loss T² · mean Σ_c p_c (log p_c − log q_c), p = softmax(target/T), q = softmax(logits/T).
 * @param target logits of the teacher: a value of the graph, or a new input of the logits' shape
 * @see Hinton et al. 2015
 */
export function klDivergence(
  options: LossOptions & {
    readonly logits: string;
    readonly target: string;
    readonly temperature?: number;
    readonly axis?: number;
  },
): Loss {
  const { logits, temperature = 1 } = options;
  return loss('kl', options, (scope) => {
    const { write } = scope;
    const shape = scope.shapeOf(logits);
    const axis = options.axis ?? (shape?.length === 4 ? 1 : -1);
    const target = scope.given(options.target, scope.dtypeOf(logits), shape);
    const cooled = (value: string): string =>
      temperature === 1 ? value : write.mul(value, numberLike(scope, logits, 1 / temperature));
    const [p, logQ] = [cooled(target), write.logSoftmax(cooled(logits), axis)];
    const terms = write.mul(write.softmax(p, axis), write.sub(write.logSoftmax(p, axis), logQ));
    const divergence = mean(scope, write.reduceSum(terms, [axis], false));
    return temperature === 1 ? divergence : write.mul(divergence, numberLike(scope, logits, temperature ** 2));
  });
}

/**
 * Mean of (value − target)² over all elements.
 * @param target a value of the graph, or a new input of the value's shape
 */
export function meanSquaredError(options: LossOptions & { readonly value: string; readonly target: string }): Loss {
  return loss('mse', options, (scope) => {
    const target = scope.given(options.target, scope.dtypeOf(options.value), scope.shapeOf(options.value));
    return mean(scope, scope.write.square(scope.write.sub(options.value, target)));
  });
}

/**
 * 1 − mean cosine of value and target along an axis (default: the last).
 * @param target a value of the graph, or a new input of the value's shape
 */
export function cosineDistance(
  options: LossOptions & { readonly value: string; readonly target: string; readonly axis?: number },
): Loss {
  const { value, axis = -1 } = options;
  return loss('cosine', options, (scope) => {
    const { write } = scope;
    const target = scope.given(options.target, scope.dtypeOf(value), scope.shapeOf(value));
    const dot = (a: string, b: string): string => write.reduceSum(write.mul(a, b), [axis], false);
    const tiny = numberLike(scope, value, 1e-12);
    const lengths = write.sqrt(write.add(write.mul(dot(value, value), dot(target, target)), tiny));
    return write.sub(numberLike(scope, value, 1), mean(scope, write.div(dot(value, target), lengths)));
  });
}

function loss(kind: string, options: LossOptions, write: Loss['write']): Loss {
  return { name: options.name ?? kind, weight: options.weight ?? 1, write };
}
