import type { Finding } from '../../../contract/doctor.ts';
import { sqnrDb } from '../../../judge/signal-error.ts';
import type { Model, Node } from '../../graph/ir.ts';
import { hasTrait, isQdq, roleOf, sourceOperator } from '../../operators/ask.ts';
import { besideKernels, type ComparedKernel } from '../../passes/beside-kernels.ts';
import type { HostTensors } from '../../tensor/host-tensor.ts';
import { counted, floatFix, layer, type FoundLayer, type Subject } from '../subject.ts';
import { numberOf, runAsWritten, type Surroundings } from './surroundings.ts';

/** In the mean over its values, a kernel that rounds otherwise is less than half a code off. */
const MOST_CODES = 0.5;
/** Or so many of them are off by more than two. */
const MOST_FAR = 0.01;
/** A kernel that gives floats is that close to the operator on the same codes, beyond float32's rounding. */
const LEAST_DB = 40;

/**
 * Runs every integer kernel that the runtime executes beside the float operator that it stands for, on the same codes: what is
 * off by more than rounding computes something else. Where sums of products may saturate, a second run in which they do not
 * (`session.x64quantprecision`) tells the two apart.
 * @param executed the graph that the runtime executes
 * @throws RUNTIME_…, CANCELLED
 */
export async function differingKernels(
  subject: Subject,
  executed: Model,
  around: Surroundings,
): Promise<readonly Finding[]> {
  const { model, kernels } = besideKernels(executed);
  if (kernels.length === 0) return [];
  const told = await runAsWritten(model, around.feeds, around);
  const off = kernels.filter((kernel) => isOff(kernel, told));
  if (off.length === 0) return [];
  const exact =
    subject.vnni === true
      ? undefined
      : await runAsWritten(model, around.feeds, around, { 'session.x64quantprecision': '1' });
  const saturating = new Set(exact === undefined ? [] : off.filter((kernel) => !isOff(kernel, exact)));
  return [
    ...findingOf(
      'kernel-differs',
      off.filter((kernel) => !saturating.has(kernel)),
      { told, subject },
    ),
    ...findingOf('kernel-saturates', [...saturating], { told, subject }),
  ];
}

function isOff({ codes, floats }: ComparedKernel, told: HostTensors): boolean {
  if (codes !== undefined) return numberOf(told, codes.mean) > MOST_CODES || numberOf(told, codes.far) > MOST_FAR;
  return floats !== undefined && decibels(floats, told) < LEAST_DB;
}

function decibels(floats: NonNullable<ComparedKernel['floats']>, told: HostTensors): number {
  return sqnrDb({ reference: numberOf(told, floats.reference), difference: numberOf(told, floats.difference) });
}

const SENTENCES = {
  'kernel-differs': (what: string) =>
    `${what} computes something else than the operator that it stands for, on the same codes.`,
  'kernel-saturates': (what: string) =>
    `${what} adds products in 16 bits, which are too few: sums saturate on this CPU, which has no VNNI.`,
} as const;

function findingOf(
  code: keyof typeof SENTENCES,
  kernels: readonly ComparedKernel[],
  { told, subject }: { readonly told: HostTensors; readonly subject: Subject },
): readonly Finding[] {
  if (kernels.length === 0) return [];
  const layers = kernels.map((kernel) => foundLayer(kernel, told, subject));
  const ops = [...new Set(kernels.map(({ node }) => node.opType))].join(', ');
  const what =
    kernels.length === 1
      ? `The integer kernel ${ops}`
      : `Each of ${counted(kernels.length, 'integer kernel')} (${ops})`;
  return [
    {
      code,
      severity: 'error',
      text: SENTENCES[code](what),
      evidence: [{ label: 'kernels', value: kernels.length, unit: '' }],
      layers,
      measured: true,
      fix: floatFix(
        subject,
        layers.map(({ name }) => name),
      ),
    },
  ];
}

function foundLayer({ node, codes, floats }: ComparedKernel, told: HostTensors, subject: Subject): FoundLayer {
  const name = layerOfKernel(node, subject);
  if (codes !== undefined) {
    return layer(name, node.opType, [
      { label: 'mean distance', value: numberOf(told, codes.mean), unit: 'codes' },
      { label: 'largest distance', value: numberOf(told, codes.most), unit: 'codes' },
      { label: 'further than 2 codes', value: numberOf(told, codes.far), unit: 'share' },
    ]);
  }
  return layer(name, node.opType, [{ label: 'against the operator', value: decibels(floats!, told), unit: 'dB' }]);
}

/** The layer that an executed kernel stands for: the one whose output, perhaps behind its activation, it makes. */
export function layerOfKernel(kernel: Node, { index }: Pick<Subject, 'index'>): string {
  let maker = index.producer(kernel.outputs[0] ?? '');
  for (let steps = 0; steps < 4 && maker !== undefined; steps++) {
    const absorbed = isQdq(maker) || (roleOf(maker).kind === 'clip' && maker.opType !== sourceOperator(kernel.opType));
    if (!absorbed || hasTrait(maker, 'constant')) return maker.name;
    maker = index.producer(maker.inputs[0] ?? '');
  }
  return index.nodeByName(kernel.name)?.name ?? maker?.name ?? kernel.name;
}
