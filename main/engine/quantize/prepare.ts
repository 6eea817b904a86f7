import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { layerNames } from '../graph/layers.ts';
import { foldBatchNormalization, type Fold } from '../passes/fold-batchnorm.ts';
import {
  defaultOpset,
  knowledgeOf,
  PER_CHANNEL_OPSET,
  upgradeOpset,
  type ValueKnowledge,
} from '../passes/upgrade-opset.ts';

/** A float model in the form that quantization works on; it computes what the source computes. */
export interface PreparedModel {
  readonly model: Model;
  readonly folds: readonly Fold[];
  /** The opset of the source where it had to be upgraded, else null. */
  readonly upgradedFrom: number | null;
  readonly knowledge: ValueKnowledge;
  /** Why scales for each channel cannot be written; null where they can. */
  readonly perTensorReason: string | null;
}

/**
 * Names every node, upgrades to opset 13 where it is older, and folds BatchNormalization. The names of layers and values
 * stay those of the source. A model of opset 10–12 that cannot be upgraded stays there, with one scale for each tensor.
 * @throws UNSUPPORTED where the opset is older and cannot be upgraded
 */
export function prepareModel(source: Model): PreparedModel {
  const named = nameNodes(source);
  const knowledge = knowledgeOf(named);
  const { model: upgraded, problem } = tryUpgrade(named, knowledge);
  const { model, folds } = foldBatchNormalization(upgraded);
  const opset = defaultOpset(source);
  const upgradedFrom = problem === null && opset < PER_CHANNEL_OPSET ? opset : null;
  return { model, folds, knowledge, upgradedFrom, perTensorReason: problem };
}

/** QuantizeLinear exists from this opset on. */
const QUANTIZE_LINEAR_OPSET = 10;

function tryUpgrade(
  model: Model,
  knowledge: ValueKnowledge,
): { readonly model: Model; readonly problem: string | null } {
  try {
    return { model: upgradeOpset(model, knowledge), problem: null };
  } catch (error) {
    const unsupported = error instanceof StudioError && error.code === 'UNSUPPORTED';
    if (!unsupported || defaultOpset(model) < QUANTIZE_LINEAR_OPSET) throw error;
    return { model, problem: error.message };
  }
}

/** Gives each node the name that its layer goes by, so that inserted nodes cannot change what others are called. */
export function nameNodes(model: Model): Model {
  const names = layerNames(model.graph);
  const nodes = model.graph.nodes.map((node, index) =>
    node.name === names[index] ? node : { ...node, name: names[index]! },
  );
  return { ...model, graph: { ...model.graph, nodes } };
}
