/**
 * What the program knows about an operator, in one place: one entry of the operator table. A new operator is one entry
 * in its family's file (`families/`).
 */
import type { CostContext } from './cost-context.ts';
import type { Facts } from './facts.ts';
import type { NodeContext } from './node-context.ts';

/** Families by which the graph is coloured. */
export type OperatorCategory =
  | 'layer'
  | 'activation'
  | 'pool'
  | 'normalization'
  | 'dropout'
  | 'shape'
  | 'tensor'
  | 'quantization'
  | 'attention'
  | 'other';

/**
 * How int8 quantization treats the operator, as the CPU provider of ONNX Runtime 1.30 fuses it.
 * - `weighted`: data × constant weight; weight per channel along `channelAxis`, bias int32 with scale s_x·s_w.
 * - `elementwise`: runs in integers (QLinear*) when all of `inputs` and the output are quantized.
 * - `passthrough`: moves values only; needs the same scale and zero point on both sides, and is then elided.
 * - `clip`: disappears into the range of the layer before it (Relu, Clip).
 * - `float`: stays float; quantizing around it costs time.
 */
export type QuantizationRole =
  | {
      readonly kind: 'weighted';
      readonly dataInput: number;
      readonly weightInput: number;
      readonly biasInput: number | undefined;
      /** Weight axis that has one scale per channel; undefined: one scale for the whole weight. */
      readonly channelAxis: (context: WeightContext) => number | undefined;
    }
  | { readonly kind: 'elementwise'; readonly inputs: readonly number[] | 'all' }
  | { readonly kind: 'passthrough'; readonly input: number }
  | { readonly kind: 'clip' }
  | { readonly kind: 'float' };

export interface WeightContext {
  readonly weightRank: number;
  int(attribute: string, fallback: number): number;
}

export interface OperatorCost {
  /** Multiply–accumulates, for the shapes at hand; null: a shape is not known. 0 for work without multiply–add pairs. */
  readonly macs: number | null;
}

export interface OperatorSpec {
  /** '' is the default domain, ai.onnx. */
  readonly domain: string;
  readonly opType: string;
  readonly category: OperatorCategory;
  /** Names of the inputs by position, as ONNX calls them; the last one goes on when `variadic`. */
  readonly inputRoles: readonly string[];
  readonly variadic: boolean;
  /** Inputs that hold what is trained (weights, biases, scales, statistics): constants there count as parameters. */
  readonly parameterInputs: readonly number[];
  /** Those of them that are worth pruning by elements: large matrices and kernels. */
  readonly prunableInputs: readonly number[];
  /** Inputs whose elements the output holds, moved or converted: a weight stays a weight on its way through. */
  readonly carries: 'none' | 'first' | 'all';
  readonly quantization: QuantizationRole;
  /**
   * Facts of the outputs by position; fewer, or undefined, where nothing follows. Bad operands end in `context.fail`,
   * which becomes a listed problem.
   */
  readonly infer: (context: NodeContext) => readonly (Facts | undefined)[];
  /** Multiply–accumulates of one execution. */
  readonly macs: (context: CostContext) => number | null;
  /** Bytes read and written once; where absent: all inputs plus all outputs. */
  readonly bytes?: (context: CostContext) => number | null;
}

/** What a family's file writes down; the rest has defaults. */
export interface OperatorEntry {
  readonly category: OperatorCategory;
  readonly inputs: readonly string[];
  readonly variadic?: boolean;
  readonly parameters?: readonly number[];
  readonly prunable?: readonly number[];
  /** Default: 'none'. */
  readonly carries?: OperatorSpec['carries'];
  readonly quantization?: QuantizationRole;
  readonly infer: OperatorSpec['infer'];
  /** Default: 0. */
  readonly macs?: OperatorSpec['macs'];
  readonly bytes?: OperatorSpec['bytes'];
}

const FLOAT: QuantizationRole = { kind: 'float' };

/** Completes the entries of a family; the keys are operator names, several of one entry separated by spaces. */
export function defineOperators(domain: string, entries: Readonly<Record<string, OperatorEntry>>): OperatorSpec[] {
  return Object.entries(entries).flatMap(([names, entry]) =>
    names.split(' ').map((opType) => ({
      domain,
      opType,
      category: entry.category,
      inputRoles: entry.inputs,
      variadic: entry.variadic ?? false,
      parameterInputs: entry.parameters ?? [],
      prunableInputs: entry.prunable ?? [],
      carries: entry.carries ?? 'none',
      quantization: entry.quantization ?? FLOAT,
      infer: entry.infer,
      macs: entry.macs ?? (() => 0),
      ...(entry.bytes === undefined ? {} : { bytes: entry.bytes }),
    })),
  );
}

/** The contributed operators of ONNX Runtime. */
export const MICROSOFT = 'com.microsoft';

/** What ONNX Runtime writes into models that it optimised for one machine: channels in blocks. */
export const NCHWC = 'com.microsoft.nchwc';
