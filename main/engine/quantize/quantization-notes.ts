import { formatBytes, formatCount } from '../../judge/format.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph } from '../graph/ir.ts';
import { hasTrait } from '../operators/ask.ts';
import type { QuantizedLayer } from './layer-report.ts';
import type { QuantizationPlan } from './plan-quantization.ts';
import type { PreparedModel } from './prepare.ts';
import type { Int8StaticStep, StaticStep } from '../../contract/recipe/quantize-static.ts';
import type { WrittenWeights } from './refine/refined-layer.ts';
import { isDepthwise } from './unit.ts';
import { quantizedTensors } from './tensor-schemes.ts';

interface Outcome {
  readonly prepared: PreparedModel;
  readonly plan: QuantizationPlan;
  readonly layers: readonly QuantizedLayer[];
  readonly step: StaticStep;
  readonly samples: number;
  readonly vnni: boolean | null;
  /** What became of weights, by layer. */
  readonly weights: ReadonlyMap<string, Pick<WrittenWeights, 'codes' | 'format'>>;
}

/** What a user should know about the quantization that was done, one sentence each. */
export function quantizationNotes({
  prepared,
  plan,
  layers,
  step,
  samples,
  vnni,
  weights,
}: Outcome): readonly string[] {
  const notes: string[] = [];
  if (samples < step.samples) notes.push(`Calibrated on ${samples} samples; ${step.samples} were asked for.`);
  notes.push(...prepared.notes);
  if (prepared.perTensorReason !== null) {
    notes.push(`One scale for each tensor instead of each channel: ${prepared.perTensorReason}.`);
  }
  if (step.scheme === 'int16-static' || Object.values(step.layers).includes('int16')) {
    notes.push(
      'This runtime has no integer kernels for 16-bit activations: such layers compute in float between conversions, slower than the float model. The numbers are those that other hardware would give.',
    );
  }
  if (step.scheme === 'int8-static') notes.push(...aboutRange(step, vnni));
  if (step.weightBits < 8) notes.push(aboutBits(step.weightBits, weights));
  const unfused = layers.filter((layer) => layer.quantized && layer.fused === false);
  if (unfused.length > 0) {
    const names = unfused.slice(0, 3).map(({ name }) => `'${name}'`);
    notes.push(
      `${counted(unfused.length, 'quantized layer')} run in float behind conversions (${names.join(', ')}${unfused.length > 3 ? ', …' : ''}).`,
    );
  }
  const conversions = countConversions(prepared.model.graph, plan);
  if (conversions > plan.units.length / 5) {
    notes.push(
      `${counted(conversions, 'conversion')} between integer and float layers remain for ${counted(plan.units.length, 'integer layer')}: in a small model they can cost more than int8 saves; measure.`,
    );
  }
  const quantized = quantizedTensors(prepared.model.graph, plan);
  const unused = Object.keys(step.ranges).filter((name) => !quantized.has(name));
  if (unused.length > 0) {
    const names = unused.map((name) => `'${name}'`).join(', ');
    notes.push(`Given ranges have no effect where no integer layer takes or gives the tensor: ${names}.`);
  }
  const depthwise = plan.units.filter(isDepthwise).length;
  if (depthwise > 0 && vnni !== true) {
    notes.push(
      `${counted(depthwise, 'depthwise convolution')} in int8: these can be slower than in float; measure, and exclude them where they are.`,
    );
  }
  return notes;
}

function aboutRange({ reduceRange, types }: Int8StaticStep, vnni: boolean | null): readonly string[] {
  if (reduceRange === true) {
    const why = vnni === true ? 'as asked' : 'because this CPU may saturate when it adds int8 products';
    return [`Weights are held in 7 bits, ${why}.`];
  }
  if (vnni !== false || types === 'u8u8') return [];
  return ['This CPU lacks VNNI and the weights use all 8 bits: sums may saturate and results be wrong.'];
}

/** The runtime's kernels take bytes: the file is no smaller for codes of fewer bits. */
function aboutBits(bits: number, weights: Outcome['weights']): string {
  const codesOf = (all: Outcome['weights'], few: boolean): number =>
    [...all.values()]
      .filter(({ format }) => format.highest - format.lowest < 2 ** bits === few)
      .reduce((sum, { codes }) => sum + codes.length, 0);
  const [few, others] = [codesOf(weights, true), codesOf(weights, false)];
  return `${formatCount(few)} weights have codes of ${bits} bits, ${formatCount(others)} of more. Each is held in a byte, which the kernels take (${formatBytes(few + others)}); packed they would take ${formatBytes((few * bits) / 8 + others)}.`;
}

/** Activations that change between float32 and codes while the model runs. */
function countConversions(graph: Graph, plan: QuantizationPlan): number {
  const index = indexGraph(graph);
  const integer = new Set(
    plan.units.flatMap(({ node, absorbed }) => (absorbed === undefined ? [node] : [node, absorbed.node])),
  );
  let count = 0;
  for (const { name, madeBy } of quantizedTensors(graph, plan).values()) {
    const readAsFloat =
      index.isOutput(name) || index.consumers(name).some((node) => !integer.has(node) && !hasTrait(node, 'readsShape'));
    if (madeBy === undefined || readAsFloat) count++;
  }
  return count;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
