import type { Shape } from '../graph/ir.ts';
import { sameDim } from './dimension.ts';
import type { GraphWriter } from './graph-writer.ts';
import { NodeWriter, type NodeSituation } from './node-writer.ts';
import { elementCount } from './shape.ts';

/**
 * A facet of the operator table: writes the backward nodes of a node in operators that the inference runtime runs, since it
 * has none for gradients. (Conv: dX is a Conv of the turned kernels or a ConvTranspose, dW a product of dY and X.)
 *
 * Sizes that are not known when the rule runs (the batch) are taken from values of the forward graph: nothing is baked in.
 * A rule throws through `context.refuse` what it has no backward form for.
 * @returns names of the gradients of the inputs by position, each of the input's shape; undefined where none was wanted, or
 *   none passes (integers, shapes, limits)
 */
export type GradientRule = (context: GradientContext) => readonly (string | undefined)[];

/** An operator behind which nothing can be learnt. */
export interface GradientStop {
  /** Why, as said to people: "counts elements", "is flat almost everywhere". */
  readonly stops: string;
}

/** An operator that a gradient should pass, but of which no backward form can be written. */
export interface GradientBlock {
  /** Why, as said to people: "computes on integers". */
  readonly blocks: string;
}

/** How a gradient passes an operator, or why not. */
export type Gradient = GradientRule | GradientStop | GradientBlock;

/** What the reverse accumulation knows about a node. */
export interface GradientSituation extends NodeSituation {
  /** Names of the gradients that arrive at its outputs; undefined: that output plays no part in the loss. */
  readonly arriving: readonly (string | undefined)[];
  readonly wants: (input: number) => boolean;
  /** Lets the forward node give an output that it leaves out so far; its name. */
  readonly giveOutput: (output: number) => string;
}

/** The node, the gradients of its outputs, and how backward nodes are written. */
export class GradientContext extends NodeWriter {
  /** Whether the gradient of an input is asked for. */
  readonly wants: (input: number) => boolean;
  readonly #situation: GradientSituation;
  readonly #heard = new Set<number>();

  constructor(situation: GradientSituation, write: GraphWriter) {
    super(situation, write);
    this.#situation = situation;
    this.wants = situation.wants;
  }

  /** The name of an output; the forward node gives it from now on where it did not. */
  output(index: number): string {
    const name = this.node.outputs[index] ?? '';
    return name === '' ? this.#situation.giveOutput(index) : name;
  }

  /** The gradient that arrives at an output, 0 unless another is named; a rule is only asked when one arrives. */
  arriving(output = 0): string | undefined {
    this.#heard.add(output);
    return this.#situation.arriving[output];
  }

  /** The first output at which a gradient arrives that the rule did not ask for; undefined: none. */
  get unheard(): number | undefined {
    const at = this.#situation.arriving.findIndex((name, output) => name !== undefined && !this.#heard.has(output));
    return at < 0 ? undefined : at;
  }

  /** The gradient that arrives at output 0, for operators where it alone can carry one. */
  get gradient(): string {
    return this.arriving() ?? this.refuse('no gradient arrives at its first output');
  }

  shapeOfOutput(index = 0): string {
    return this.shapeValue(this.output(index), this.outputShape(index));
  }

  /** How many elements of an input make one of the output (for means), as a number of the node's type. */
  elementsPerOutput(index: number): string {
    const input = elementCount(this.inputShape(index));
    const output = elementCount(this.outputShape());
    if (input !== undefined && output !== undefined && output > 0) return this.number(input / output);
    const { write } = this;
    const size = (value: string): string => write.cast(write.op('Size', [value]), this.dtype);
    return write.div(size(this.input(index)), size(this.output(0)));
  }

  /**
   * Undoes a broadcast: sums a gradient, which has the output's shape (or `shape`), over the axes along which the input was
   * repeated, so that it has the input's shape.
   */
  unbroadcast(gradient: string, index: number, shape: Shape | undefined = this.outputShape()): string {
    const { write } = this;
    const axes = repeatedAxes(this.inputShape(index), shape);
    if (axes === undefined) return this.#unbroadcastLater(gradient, index);
    const lead = shape!.length - this.inputShape(index)!.length;
    if (axes.every((axis) => axis < lead)) return write.reduceSum(gradient, axes, false);
    const kept = write.reduceSum(gradient, axes, true);
    return write.squeeze(
      kept,
      Array.from({ length: lead }, (_, axis) => axis),
    );
  }

  /** The same while the model runs, where sizes cannot tell which axes were repeated. */
  #unbroadcastLater(gradient: string, index: number): string {
    const { write } = this;
    const own = write.shape(this.input(index));
    const full = write.shape(gradient);
    const missing = write.sub(write.op('Size', [full]), write.op('Size', [own]));
    const count = write.reshapeTo(missing, [1]);
    const one = write.expand(write.ints([1]), count);
    const aligned = write.concat([one, own], 0);
    const differs = write.op('Not', [write.op('Equal', [aligned, full])]);
    const axes = write.reshapeTo(write.op('NonZero', [differs]), [-1]);
    const summed = write.op('ReduceSum', [gradient, axes], { keepdims: 1n, noop_with_empty_axes: 1n });
    return write.reshape(summed, own);
  }

  /** The gradients of the inputs by position, each written only where it is wanted. */
  wanted(...makers: readonly ((() => string) | undefined)[]): readonly (string | undefined)[] {
    return makers.map((make, at) => (make !== undefined && this.wants(at) ? make() : undefined));
  }

  /** The same for inputs that were broadcast: `makers` give gradients of the output's shape. */
  wantedBroadcast(...makers: readonly ((() => string) | undefined)[]): readonly (string | undefined)[] {
    return this.wanted(...makers.map((make, at) => make && ((): string => this.unbroadcast(make(), at))));
  }

  /** Zeros of the shape of an input. */
  zerosLike(index: number): string {
    return this.write.expand(this.number(0), this.shapeOfInput(index));
  }

  /** A gradient repeated to the shape of an input, for reductions. */
  expandToInput(gradient: string, index: number): string {
    return this.write.expand(gradient, this.shapeOfInput(index));
  }
}

/** Axes of `shape` along which a tensor of shape `own` is repeated; undefined where sizes do not tell. */
function repeatedAxes(own: Shape | undefined, shape: Shape | undefined): readonly number[] | undefined {
  if (own === undefined || shape === undefined || own.length > shape.length) return undefined;
  const lead = shape.length - own.length;
  const axes: number[] = [];
  for (const [axis, dim] of shape.entries()) {
    const before = axis < lead ? 1 : (own[axis - lead] ?? null);
    if (axis < lead || (before === 1 && dim !== 1)) axes.push(axis);
    else if (!(sameDim(before, dim) || (typeof before === 'number' && before > 1))) return undefined;
  }
  return axes;
}
