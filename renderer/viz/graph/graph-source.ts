import type { BlockPart, OperatorCategory } from '../../../main/contract/layer-words.ts';

/** What the graph view needs of a model; a plain copy of what the engine tells, so that viz knows no wire. */
export interface SourceNode {
  /** Unique. */
  readonly name: string;
  readonly op: string;
  readonly category: OperatorCategory;
  readonly part: BlockPart;
  /** "layer1/0/conv1"; '' at the top. */
  readonly scope: string;
  /** The layer whose subgraph holds this one, or null. */
  readonly parent: string | null;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Lines under the operator: the name, weights, attributes; what the view options ask for. */
  readonly rows: readonly NodeRow[];
}

/** One line of a node's body: a muted label and a value. */
export interface NodeRow {
  readonly label: string;
  readonly text: string;
}

export interface GraphSource {
  readonly nodes: readonly SourceNode[];
  /** Text of the edge by value name: "1×64×56×56". */
  readonly edgeLabels: ReadonlyMap<string, string>;
  /** Names of the graph's input and output values. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly bodies: readonly SourceBody[];
}

/** A subgraph that a layer holds, or the body of a function that it calls. */
export interface SourceBody {
  readonly holder: string;
  /** "then_branch", "body", or the function's name. */
  readonly branch: string;
  /** It sees no value around it. */
  readonly closed: boolean;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Names the body that a layer is in. */
export const bodyKey = (holder: string, branch: string): string => `${holder}\u0000${branch}`;
