import type { Dim, Node, Shape } from '../graph/ir.ts';
import type { DType } from '../tensor/dtype.ts';
import type { ConstantValue } from './constant.ts';
import type { Facts } from './facts.ts';
import type { MeasuredValue } from './settle.ts';
import type { OperatorSpec } from './spec.ts';

export interface InferOptions {
  /**
   * Sizes of symbolic dimensions: {batch: 4}. A dimension of a graph input that has no name is called `input[axis]`:
   * {"images[0]": 4}.
   */
  readonly dims?: Readonly<Record<string, number>>;
  /** What graph inputs hold in the run that is asked about: shapes that depend on them follow. */
  readonly values?: ReadonlyMap<string, ConstantValue>;
  /** Graph inputs that hold the bytes of files, of which only the head is read: they may be long. */
  readonly bytes?: ReadonlyMap<string, Uint8Array>;
  /** Shapes that a run showed, by value name; they fill in what stays open otherwise. */
  readonly measured?: ReadonlyMap<string, MeasuredValue>;
}

/** What is known about a value; symbolic dimensions as text ("2*batch"), open ones null. */
export interface InferredValue {
  readonly dtype: DType | undefined;
  readonly shape: Shape | undefined;
  /** The value itself, where it is small and follows from the graph alone. */
  readonly constant?: ConstantValue;
}

export interface InferenceProblem {
  /**
   * OPERANDS_INVALID: a node that cannot run on these operands. DECLARED_DIFFERS: the file states another shape or type
   * than follows. OPERATOR_UNKNOWN: told once for each operator. INFERENCE_FAILED: something that could not be read.
   */
  readonly code: 'OPERANDS_INVALID' | 'DECLARED_DIFFERS' | 'OPERATOR_UNKNOWN' | 'INFERENCE_FAILED';
  readonly message: string;
  readonly layer: string | null;
  readonly severity: 'error' | 'warning';
}

/** What inference found at one node; for `costOfLayers`. */
export interface NodeRecord {
  readonly node: Node;
  /** undefined: unknown operator, or a call of one of the model's functions. */
  readonly spec: OperatorSpec | undefined;
  /** Version of the operator set that the node's domain is imported with. */
  readonly opset: number;
  readonly inputs: readonly (Facts | undefined)[];
  outputs: readonly (Facts | undefined)[];
  /** Nodes of the called function, or of each of the node's subgraphs. */
  children: ReadonlyMap<object, readonly NodeRecord[]>;
  readonly call: boolean;
  /** How often the node runs in one run of the model (loop bodies: the trip count); null when that is not known. */
  readonly repeat: Dim;
}

export interface Inference {
  /** By value name. Names that sibling subgraphs share are those of the first one; see `records` for each node's own. */
  readonly values: ReadonlyMap<string, InferredValue>;
  readonly problems: readonly InferenceProblem[];
  /** By node of the model (subgraphs included, bodies of functions not). */
  readonly records: ReadonlyMap<Node, NodeRecord>;
}
