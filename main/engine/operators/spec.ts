/**
 * What the program knows about an operator, in one place: one entry of the operator table. A new operator is one entry
 * in its family's file (`families/`).
 */
import type { OperatorCategory } from '../../contract/layer-words.ts';
import type { Tensor } from '../graph/ir.ts';
import type { ChannelFacet, LayerWeights, WeightContext } from './channels.ts';
import type { Fold } from './constant.ts';
import type { CostContext } from './cost-context.ts';
import type { Facts } from './facts.ts';
import type { Gradient } from './gradient.ts';
import type { LinearRule } from './linear-form.ts';
import type { NodeAttributes } from './node-attributes.ts';
import type { NodeContext } from './node-context.ts';
import type { Expansion } from './node-writer.ts';
import type { Normalization } from './normalization.ts';
import type { ScalingRule } from './scaling.ts';

/**
 * How int8 quantization treats the operator, as the CPU provider of ONNX Runtime 1.30 fuses it.
 * - `weighted`: data × constant weight; weight per output channel (see `weights`), bias int32 with scale s_x·s_w.
 * - `elementwise`: runs in integers (QLinear*) when all of `inputs` and the output are quantized.
 * - `passthrough`: moves values only; needs the same scale and zero point on both sides, and is then elided.
 * - `clip`: disappears into the range of the layer before it (Relu, Clip).
 * - `float`: stays float; quantizing around it costs time.
 */
export type QuantizationRole =
  | WeightedRole
  | { readonly kind: 'elementwise'; readonly inputs: readonly number[] | 'all'; readonly refuse?: Refusal }
  | {
      readonly kind: 'passthrough';
      readonly input: number;
      /** Whether all outputs hold the input's values; else further outputs (indices, masks) must not be asked for. */
      readonly severalOutputs?: boolean;
      readonly refuse?: Refusal;
    }
  | {
      readonly kind: 'clip';
      /** The limits of the output; undefined when they are computed while the model runs. */
      readonly bounds: (context: ClipContext) => ClipBounds | undefined;
    }
  | {
      readonly kind: 'float';
      /** Why, as said to people; default: "the CPU provider runs <operator> in float only". */
      readonly reason?: string;
    };

export interface WeightedRole {
  readonly kind: 'weighted';
  readonly dataInput: number;
  /** Whether the integer kernel takes a scale for each channel of such weights; default: always. */
  readonly scaledByChannel?: (context: WeightContext) => boolean;
  /** What its integer kernel is worth measuring as; see `INT8_TIME_FACTORS`. */
  readonly kernel: 'conv' | 'matmul';
  /** Whether the integer kernel may give float32, so that no conversion follows. */
  readonly givesFloat: boolean;
  /** Whether the runtime fuses it while the bias is no integer. */
  readonly floatBias: boolean;
  /** Inputs that are quantized as activations where the weights are no constant; undefined: it then stays float. */
  readonly activations?: readonly number[];
  /** Whether attributes alpha and beta multiply product and bias; they move into the constants. */
  readonly factors?: boolean;
  /** Why the integer kernel cannot take these operands; undefined: it can. */
  readonly refuse?: (context: WeightedOperands) => string | undefined;
}

/** Why the integer kernel cannot do what these attributes ask for; undefined: it can. */
export type Refusal = (attributes: NodeAttributes) => string | undefined;

export interface WeightedOperands extends WeightContext {
  readonly weightDims: readonly number[];
  /** undefined: no bias. */
  readonly biasElements: number | undefined;
}

/** Values that a clip lets through, in real units. */
export interface ClipBounds {
  readonly low: number;
  readonly high: number;
}

export interface ClipContext {
  readonly attributes: NodeAttributes;
  /** The number that an input always is; null: the input is left out; undefined: it is computed. */
  number(input: number): number | null | undefined;
}

/** What is true of an operator, where a room asks no more than that. */
export type Trait =
  /** Gives a value that stands in its attributes. */
  | 'constant'
  /** Gives something else at each run, in training at least. */
  | 'random'
  /** Gives as many equal elements as it is told. */
  | 'fills'
  /** Gives its input. */
  | 'identity'
  /** Gives exactly the input's elements, each once, moved or converted: a zero behind it is a zero before it. */
  | 'rearranges'
  /** Gives its input's elements, each as often as it is told. */
  | 'repeats'
  /** Gives zero where its first input is zero, whatever the others; those of a second one, if it has one, must be above zero. */
  | 'keepsZero'
  /** Tells of its input's shape alone. */
  | 'readsShape'
  /** Moves, describes, converts or limits data: never the reason why a kernel with other sources exists. */
  | 'passive'
  /** Real values to codes. */
  | 'quantizes'
  /** Codes to real values. */
  | 'dequantizes'
  /** A kernel that computes on integers: its weights are codes, with scales of their own. */
  | 'integerKernel'
  /** Takes integers and gives float32. */
  | 'integerToFloat'
  /** Takes rows out of a table, each of which stands for itself. */
  | 'looksUp'
  /** Cannot do without weights: where they are no constant, they are computed while the model runs. */
  | 'needsWeights'
  /** Sees nothing of what lies far below its largest input: a wide range before it is a mask. */
  | 'forgetsSmall'
  /** Channels of its output lie on axis 1 whatever the rank. */
  | 'channelsSecond'
  /** Runs subgraphs, whose kernels the trace counts too. */
  | 'runsGraphs'
  /** Runs one of its subgraphs. */
  | 'choosesGraph'
  /** Moves data between the runtime's memory layouts and devices. */
  | 'movesLayout'
  /** The runtime writes it by itself too, on behalf of other kernels. */
  | 'inserted'
  /** The runtime may fuse it into the kernel before it. */
  | 'fusesBackwards'
  /** Adds values up: the runtime may fuse it into a kernel that `takesSum`. */
  | 'adds'
  /** The runtime's kernel takes what is to be added as input 3. */
  | 'takesSum';

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
  /** Inputs that hold what is trained (weights, biases, statistics): constants there count as parameters. */
  readonly parameterInputs: readonly number[];
  /** Weights in an input whose elements hold several of them (4-bit codes in bytes); undefined: one each. */
  readonly packedElements?: (input: number, tensor: Tensor, attributes: NodeAttributes) => number | undefined;
  /** Inputs that say how to work: shapes, axes, limits, scales and zero points. Constants there are no parameters. */
  readonly settingInputs: readonly number[];
  /** Those of them that are worth pruning by elements: large matrices and kernels. */
  readonly prunableInputs: readonly number[];
  /** Inputs whose elements the output holds, moved or converted: a weight stays a weight on its way through. */
  readonly carries: 'none' | 'first' | 'all';
  readonly traits: ReadonlySet<Trait>;
  /** Of normalizations of each channel: the input with γ. */
  readonly scale?: number;
  /** Of layers: convolutions and matrix products with weights. */
  readonly weights?: LayerWeights;
  /** Of layers whose output is linear in their weights; absent: these cannot be solved for. */
  readonly linear?: LinearRule;
  /** Of normalizations with one number for each channel. */
  readonly normalization?: Normalization;
  readonly quantization: QuantizationRole;
  /** How the elements of its axes hang together when some are taken out; absent: unknown, so that nothing around it is cut. */
  readonly channels?: ChannelFacet;
  /** How a factor of a channel passes; absent: it does not. */
  readonly scaling?: ScalingRule;
  /** How a gradient passes it, or why none does; absent: it passes the operators of its expansion, or nobody has written it down. */
  readonly gradient?: Gradient;
  /** The same computation in other operators. */
  readonly expansion?: Expansion;
  /**
   * Facts of the outputs by position; fewer, or undefined, where nothing follows. Bad operands end in `context.fail`,
   * which becomes a listed problem.
   */
  readonly infer: (context: NodeContext) => readonly (Facts | undefined)[];
  /** How element-wise operators compute constants, for shape arithmetic; see `NodeContext.fold`. */
  readonly fold?: Fold;
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
  readonly packedElements?: OperatorSpec['packedElements'];
  readonly settings?: readonly number[];
  readonly prunable?: readonly number[];
  /** Default: 'none'. */
  readonly carries?: OperatorSpec['carries'];
  readonly traits?: readonly Trait[];
  readonly scale?: number;
  readonly weights?: LayerWeights;
  readonly linear?: LinearRule;
  readonly normalization?: Normalization;
  readonly quantization?: QuantizationRole;
  readonly channels?: ChannelFacet;
  readonly scaling?: ScalingRule;
  readonly gradient?: Gradient;
  readonly expansion?: Expansion;
  readonly infer: OperatorSpec['infer'];
  readonly fold?: Fold;
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
      settingInputs: entry.settings ?? [],
      ...(entry.packedElements === undefined ? {} : { packedElements: entry.packedElements }),
      prunableInputs: entry.prunable ?? [],
      carries: entry.carries ?? 'none',
      traits: new Set(entry.traits),
      ...(entry.scale === undefined ? {} : { scale: entry.scale }),
      ...(entry.weights === undefined ? {} : { weights: entry.weights }),
      ...(entry.linear === undefined ? {} : { linear: entry.linear }),
      ...(entry.normalization === undefined ? {} : { normalization: entry.normalization }),
      quantization: entry.quantization ?? FLOAT,
      ...(entry.channels === undefined ? {} : { channels: entry.channels }),
      ...(entry.scaling === undefined ? {} : { scaling: entry.scaling }),
      ...gradientOf(domain, entry),
      ...(entry.expansion === undefined ? {} : { expansion: entry.expansion }),
      infer: entry.infer,
      ...(entry.fold === undefined ? {} : { fold: entry.fold }),
      macs: entry.macs ?? (() => 0),
      ...(entry.bytes === undefined ? {} : { bytes: entry.bytes }),
    })),
  );
}

/** What computes on integers, or was rewritten for one machine, has no gradient unless it says otherwise. */
function gradientOf(domain: string, { gradient, traits }: OperatorEntry): Pick<OperatorSpec, 'gradient'> {
  if (gradient !== undefined) return { gradient };
  if (traits?.includes('integerKernel') === true) return { gradient: { blocks: 'computes on integers' } };
  return domain === NCHWC ? { gradient: { blocks: 'is written by the runtime for one machine' } } : {};
}

/** The contributed operators of ONNX Runtime. */
export const MICROSOFT = 'com.microsoft';

/** Of operators that no model which runs here can hold. */
export const NO_KERNEL = { blocks: 'has no kernel in the runtime that trains' } as const;

/** What ONNX Runtime writes into models that it optimised for one machine: channels in blocks. */
export const NCHWC = 'com.microsoft.nchwc';
