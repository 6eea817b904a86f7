import type { Model, Node } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { inferModel } from '../operators/infer.ts';
import type { QuantizationRole } from '../operators/spec.ts';
import { operatorSpec } from '../operators/table.ts';
import { foldBatchNormalization, type Fold } from './fold-batchnorm.ts';
import { defaultOpset, PER_CHANNEL_OPSET, upgradeOpset, type ValueKnowledge } from './upgrade-opset.ts';

/** A float model in the form that quantization works on; it computes what the source computes. */
export interface PreparedModel {
  readonly model: Model;
  readonly folds: readonly Fold[];
  /** The opset of the source where it had to be upgraded, else null. */
  readonly upgradedFrom: number | null;
  readonly knowledge: ValueKnowledge;
}

/**
 * Names every node, upgrades to opset 13 where it is older, and folds BatchNormalization. The names of layers and values
 * stay those of the source.
 * @throws UNSUPPORTED where the opset cannot be upgraded
 */
export function prepareModel(source: Model): PreparedModel {
  const named = nameNodes(source);
  const knowledge = knowledgeOf(named);
  const upgraded = upgradeOpset(named, knowledge);
  const { model, folds } = foldBatchNormalization(upgraded);
  const opset = defaultOpset(source);
  return { model, folds, knowledge, upgradedFrom: opset < PER_CHANNEL_OPSET ? opset : null };
}

/** Gives each node the name that its layer goes by, so that inserted nodes cannot change what others are called. */
export function nameNodes(model: Model): Model {
  const names = layerNames(model.graph);
  const nodes = model.graph.nodes.map((node, index) =>
    node.name === names[index] ? node : { ...node, name: names[index]! },
  );
  return { ...model, graph: { ...model.graph, nodes } };
}

/** Element types and ranks of a model's values, as far as they follow without running it. */
export function knowledgeOf(model: Model): ValueKnowledge {
  const { values } = inferModel(model);
  return {
    dtype: (value) => values.get(value)?.dtype,
    rank: (value) => values.get(value)?.shape?.length,
  };
}

const FLOAT: QuantizationRole = { kind: 'float' };

/** What the operator table says about quantizing a node; unknown operators stay float. */
export function roleOf(node: Node): QuantizationRole {
  return operatorSpec(node.domain, node.opType)?.quantization ?? FLOAT;
}
