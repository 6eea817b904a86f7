import type { Finding } from '../../../contract/doctor.ts';
import type { Node } from '../../graph/ir.ts';
import { hasTrait, isQdq, roleOf } from '../../operators/ask.ts';
import { layerWeights } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { counted, floatFix, layer, rewriteFix, type Subject } from '../subject.ts';
import { brokenRule, FUSION_RULES, MENDED, ONLY_MEASURED, readsCodes, type FusionRule } from './rules.ts';

/**
 * Layers beside codes that compute in float, by the rule of fusion that each breaks. Whether a layer is fused is the runtime's
 * to say; where it was not asked, the rules say it.
 * @param fused by layer, as the runtime executes the model; undefined: it was not asked
 */
export function staysFloat(subject: Subject, fused: ReadonlyMap<string, boolean> | undefined): readonly Finding[] {
  const found = subject.index.graph.nodes.flatMap((node) => {
    if (!readsCodes(node, subject) || roleOf(node).kind === 'clip' || fused?.get(node.name) === true) return [];
    const rule = brokenRule(node, subject) ?? 'unknown';
    if (fused === undefined && ONLY_MEASURED.has(rule)) return [];
    return isEdge(node, rule, subject) ? [] : [{ node, rule }];
  });
  return [...Map.groupBy(found, ({ rule }) => rule)].map(([rule, layers]) => findingOf(rule, layers, subject, fused));
}

/**
 * Layers with float weights that run as integer kernels all the same: the runtime quantizes the weights of a convolution or Gemm
 * between codes by itself, with one scale for the whole weight.
 * @param fused by layer, as the runtime executes the model
 */
export function quantizedUnasked(subject: Subject, fused: ReadonlyMap<string, boolean>): readonly Finding[] {
  const { index } = subject;
  const found = index.graph.nodes.filter((node) => {
    const weights = roleOf(node).kind === 'weighted' ? layerWeights(node) : undefined;
    if (weights === undefined || fused.get(node.name) !== true || !readsCodes(node, subject)) return false;
    return constantOf(index, node.inputs[weights.input] ?? '')?.dtype === 'float32';
  });
  if (found.length === 0) return [];
  return [
    {
      code: 'weights-quantized-unasked',
      severity: 'warning',
      text: `${counted(found.length, 'layer')} with float weights between codes ${found.length === 1 ? 'runs' : 'run'} in integers all the same: the runtime quantizes such weights itself, with one scale for all channels, which costs more accuracy than a scale for each.`,
      evidence: [{ label: 'layers', value: found.length, unit: '' }],
      layers: found.map((node) => layer(node, node.opType)),
      measured: true,
      fix: floatFix(
        subject,
        found.map(({ name }) => name),
      ),
    },
  ];
}

/** Where codes end for good nothing is lost: what moves values, or has no integer kernel, and is not quantized again. */
function isEdge(node: Node, rule: FusionRule, { index }: Subject): boolean {
  const again = node.outputs.some((value) => index.consumers(value).some((reader) => hasTrait(reader, 'quantizes')));
  if (roleOf(node).kind === 'passthrough') return rule !== 'other-scales';
  return !again && (rule === 'no-kernel' || rule === 'input-float' || (rule === 'output-float' && !isHeavy(node)));
}

function isHeavy(node: Node): boolean {
  return roleOf(node).kind === 'weighted';
}

function findingOf(
  rule: FusionRule,
  found: readonly { readonly node: Node }[],
  subject: Subject,
  fused: ReadonlyMap<string, boolean> | undefined,
): Finding {
  const heavy = found.filter(({ node }) => isHeavy(node)).length;
  const names = found.map(({ node }) => node.name);
  const fix = MENDED.has(rule)
    ? rewriteFix('Let integer kernels fuse', { pass: 'fusable-quantization' })
    : rule === 'no-kernel' || rule === 'activation-between' || heavy > 0
      ? floatFix(subject, names)
      : null;
  return {
    code: 'stays-float',
    severity: heavy > 0 ? 'warning' : 'hint',
    text: `${counted(found.length, 'layer')} ${found.length === 1 ? 'stays' : 'stay'} in float between conversions: ${FUSION_RULES[rule]}.`,
    evidence: [
      { label: 'layers', value: found.length, unit: '' },
      { label: 'with weights', value: heavy, unit: '' },
      { label: 'conversions around them', value: conversions(found, subject), unit: '' },
    ],
    layers: found
      .toSorted((a, b) => Number(isHeavy(b.node)) - Number(isHeavy(a.node)))
      .map(({ node }) => layer(node, node.opType)),
    measured: fused !== undefined,
    fix,
  };
}

/** QuantizeLinear and DequantizeLinear that touch these layers. */
function conversions(found: readonly { readonly node: Node }[], { index }: Subject): number {
  const beside = new Set<Node>();
  for (const { node } of found) {
    for (const value of node.inputs) {
      const before = index.producer(value);
      if (before !== undefined && isQdq(before)) beside.add(before);
    }
    for (const value of node.outputs) for (const next of index.consumers(value)) if (isQdq(next)) beside.add(next);
  }
  return beside.size;
}
