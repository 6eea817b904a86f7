/** Layers that need not be there, and what was left from training. */
import { StudioError } from '../../../base/errors.ts';
import type { Finding } from '../../../contract/doctor.ts';
import { intAttribute } from '../../graph/attributes.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { tensorValues } from '../../graph/tensor-data.ts';
import { hasTrait, normalizationOf } from '../../operators/ask.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { constantNodes } from '../../passes/constant-nodes.ts';
import { withoutDeadNodes } from '../../passes/dead-code.ts';
import { foldBatchNormalization } from '../../passes/fold-batchnorm.ts';
import { noOps } from '../../passes/no-ops.ts';
import { defaultOpset, knowledgeOf, PER_CHANNEL_OPSET, upgradeOpset } from '../../passes/upgrade-opset.ts';
import { are, counted, layer, rewriteFix, type Subject } from '../subject.ts';

/** Constants that are computed from constants at each load. */
export function constantsLeft({ model }: Subject): readonly Finding[] {
  const { nodes } = constantNodes(model);
  const computed = [...nodes].filter((node) => !hasTrait(node, 'constant') && !hasTrait(node, 'identity'));
  if (computed.length === 0) return [];
  return [
    {
      code: 'constants-left',
      severity: 'hint',
      text: `${counted(computed.length, 'layer')} ${computed.length === 1 ? 'gives' : 'give'} the same in every run and ${are(computed.length)} computed again at each load; they also keep others from being recognised.`,
      evidence: [{ label: 'constant layers', value: computed.length, unit: '' }],
      layers: computed.map((node) => layer(node, node.opType)),
      measured: false,
      fix: rewriteFix('Fold constants', { pass: 'fold-constants' }),
    },
  ];
}

/** Batch normalization that could be part of the layer before it. */
export function batchNormLeft({ model }: Subject): readonly Finding[] {
  const { sources } = foldBatchNormalization(model);
  if (sources.size === 0) return [];
  const norms = [...sources.values()].flatMap((names) => names.slice(1));
  return [
    {
      code: 'batchnorm-left',
      severity: 'hint',
      text: `${counted(norms.length, 'batch normalization')} could be part of the layer before: the runtime folds them at each load, but quantization and pruning see two layers.`,
      evidence: [{ label: 'foldable', value: norms.length, unit: '' }],
      layers: norms.map((name) => layer(name)),
      measured: false,
      fix: rewriteFix('Fold batch normalization', { pass: 'fold-batchnorm' }),
    },
  ];
}

/** Identities, dropout, transpositions that cancel each other. */
export function withoutEffect({ index }: Subject): readonly Finding[] {
  const found = [...noOps(index).keys()];
  if (found.length === 0) return [];
  return [
    {
      code: 'no-effect',
      severity: 'hint',
      text: `${counted(found.length, 'layer')} ${found.length === 1 ? 'does' : 'do'} nothing to ${found.length === 1 ? 'its' : 'their'} values: ${kindsOf(found)}.`,
      evidence: [{ label: 'without effect', value: found.length, unit: '' }],
      layers: found.map((node) => layer(node, node.opType)),
      measured: false,
      fix: rewriteFix('Remove layers without effect', { pass: 'remove-no-ops' }),
    },
  ];
}

/** Layers that no output depends on. */
export function deadLayers({ model }: Subject): readonly Finding[] {
  const alive = new Set(withoutDeadNodes(model.graph).nodes);
  const dead = model.graph.nodes.filter((node) => !alive.has(node));
  if (dead.length === 0) return [];
  return [
    {
      code: 'dead-layers',
      severity: 'hint',
      text: `No output depends on ${counted(dead.length, 'layer')}.`,
      evidence: [{ label: 'dead layers', value: dead.length, unit: '' }],
      layers: dead.map((node) => layer(node, node.opType)),
      measured: false,
      fix: rewriteFix('Remove what nothing uses', { pass: 'remove-dead' }),
    },
  ];
}

/** Normalization that takes its statistics from each batch, dropout that drops, training graphs in the file. */
export function trainingLeft({ model, index }: Subject): readonly Finding[] {
  const training = model.graph.nodes.filter((node) => isTraining(node, { index }));
  const graphs = model.trainingInfo.length;
  if (training.length === 0 && graphs === 0) return [];
  const what = [
    ...(training.length === 0
      ? []
      : [
          `${counted(training.length, 'layer')} ${training.length === 1 ? 'works' : 'work'} as in training, so that outputs depend on the batch or on chance`,
        ]),
    ...(graphs === 0 ? [] : [`the file holds ${counted(graphs, 'training graph')}`]),
  ];
  return [
    {
      code: 'training-left',
      severity: 'warning',
      text: `Exported in training mode: ${what.join(', and ')}. Export the model again in evaluation mode.`,
      evidence: [{ label: 'in training mode', value: training.length, unit: '' }],
      layers: training.map((node) => layer(node, node.opType)),
      measured: false,
      fix: null,
    },
  ];
}

function isTraining(node: Node, { index }: Pick<Subject, 'index'>): boolean {
  if (normalizationOf(node) !== undefined && intAttribute(node, 'training_mode', 0) !== 0) return true;
  if (!hasTrait(node, 'passive') || !hasTrait(node, 'random')) return false;
  const mode = constantOf(index, node.inputs[2] ?? '');
  return mode !== undefined && Number(tensorValues(mode)[0]) !== 0;
}

/** Before opset 13 scales for each channel cannot be written. */
export function oldOpset({ model }: Subject): readonly Finding[] {
  const opset = defaultOpset(model);
  const { nodes } = model.graph;
  if (opset >= PER_CHANNEL_OPSET || nodes.every(({ domain }) => domain !== '')) return [];
  return [
    {
      code: 'old-opset',
      severity: 'hint',
      text: `The model is written in opset ${opset}; scales for each channel, which integer weights need to be exact, exist from ${PER_CHANNEL_OPSET} on.`,
      evidence: [{ label: 'opset', value: opset, unit: '' }],
      layers: [],
      measured: false,
      fix: isUpgradable(model) ? rewriteFix('Upgrade the operator set', { pass: 'upgrade-opset' }) : null,
    },
  ];
}

function isUpgradable(model: Model): boolean {
  try {
    upgradeOpset(model, knowledgeOf(model));
    return true;
  } catch (error) {
    if (error instanceof StudioError && error.code === 'UNSUPPORTED') return false;
    throw error;
  }
}

function kindsOf(nodes: readonly Node[]): string {
  const kinds = Map.groupBy(nodes, ({ opType }) => opType);
  return [...kinds].map(([op, { length }]) => `${length} ${op}`).join(', ');
}
