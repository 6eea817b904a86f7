/** Weights that are larger than they need be. */
import type { Finding } from '../../../contract/doctor.ts';
import type { Node, Tensor } from '../../graph/ir.ts';
import { elementCount } from '../../graph/tensor-size.ts';
import { walkTensors } from '../../graph/tensors.ts';
import { roleOf } from '../../operators/ask.ts';
import { layerWeights } from '../../operators/axes.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { repeatedWeights } from '../../passes/share-weights.ts';
import { lateQuantized } from '../../passes/store-codes.ts';
import { unusedInitializers } from '../../passes/unused-weights.ts';
import { are, bytesOf, counted, layer, rewriteFix, type Subject } from '../subject.ts';

/** Shares of a model's weights below which nobody would act. */
const WORTH_A_WARNING = 0.1;

/** Weights in 64 bits: twice the size of float32, and kernels of half the width. */
export function doubleWeights({ model, index }: Subject): readonly Finding[] {
  const wide = [...walkTensors(model)].filter(({ dtype, dims }) => dtype === 'float64' && elementCount(dims) > 1);
  if (wide.length === 0) return [];
  const bytes = sum(wide);
  return [
    {
      code: 'double-weights',
      severity: 'warning',
      text: `${counted(wide.length, 'weight')} ${are(wide.length)} stored in 64 bits: twice the size and half the speed of float32, for digits that no trained weight has.`,
      evidence: [{ label: 'in 64 bits', value: bytes, unit: 'bytes' }],
      layers: wide.flatMap(({ name }) => index.consumers(name)).map((node) => layer(node)),
      measured: false,
      fix: rewriteFix('Compute in float32', { pass: 'float32' }),
    },
  ];
}

/** Initializers that nothing uses. */
export function unusedWeights({ model, weightBytes }: Subject): readonly Finding[] {
  const unused = unusedInitializers(model.graph);
  if (unused.length === 0) return [];
  const bytes = sum(unused);
  return [
    {
      code: 'weights-unused',
      severity: bytes > weightBytes * WORTH_A_WARNING ? 'warning' : 'hint',
      text: `${counted(unused.length, 'stored tensor')} ${are(unused.length)} used by nothing: ${names(unused)}.`,
      evidence: [
        { label: 'unused', value: bytes, unit: 'bytes' },
        { label: 'of all weights', value: weightBytes === 0 ? 0 : bytes / weightBytes, unit: 'share' },
      ],
      layers: [],
      measured: false,
      fix: rewriteFix('Remove what nothing uses', { pass: 'remove-dead' }),
    },
  ];
}

/** Weights that are in the file twice, also transposed, as when an output layer is tied to an embedding. */
export function doubledWeights({ model, index, weightBytes }: Subject): readonly Finding[] {
  const repeated = repeatedWeights(model.graph);
  if (repeated.length === 0) return [];
  const bytes = sum(repeated.map(({ tensor }) => tensor));
  const [{ tensor, first, transposed }] = repeated as [(typeof repeated)[number]];
  return [
    {
      code: 'weights-doubled',
      severity: bytes > weightBytes * WORTH_A_WARNING ? 'warning' : 'hint',
      text: `${counted(repeated.length, 'weight')} ${are(repeated.length)} stored twice: '${tensor.name}' is '${first.name}'${transposed ? ' transposed' : ''}${repeated.length > 1 ? ', and so on' : ''}.`,
      evidence: [
        { label: 'stored twice', value: bytes, unit: 'bytes' },
        { label: 'of all weights', value: bytes / weightBytes, unit: 'share' },
      ],
      layers: repeated.flatMap((one) => index.consumers(one.tensor.name).map((node) => layer(node, one.first.name))),
      measured: false,
      fix: rewriteFix('Store equal weights once', { pass: 'share-weights' }),
    },
  ];
}

/** Float weights before a QuantizeLinear: the file did not shrink, and each load quantizes again. */
export function lateWeights({ index }: Subject): readonly Finding[] {
  const late = lateQuantized(index);
  if (late.length === 0) return [];
  const bytes = late.reduce((all, node) => all + bytesOf(constantOf(index, node.inputs[0] ?? '')!), 0);
  return [
    {
      code: 'weights-quantized-late',
      severity: 'warning',
      text: `${counted(late.length, 'weight')} ${are(late.length)} stored as floats and quantized at each load, so the file did not shrink.`,
      evidence: [
        { label: 'stored as floats', value: bytes, unit: 'bytes' },
        { label: 'as codes', value: bytes / 4, unit: 'bytes' },
      ],
      layers: late.flatMap((node) => readersBehind(node, { index })).map((node) => layer(node)),
      measured: false,
      fix: rewriteFix('Store quantized weights as codes', { pass: 'quantize-weights' }),
    },
  ];
}

/** Behind the conversions of a weight. */
function readersBehind(quantize: Node, { index }: Pick<Subject, 'index'>): readonly Node[] {
  return index
    .consumers(quantize.outputs[0] ?? '')
    .flatMap((dequantize) => index.consumers(dequantize.outputs[0] ?? ''));
}

/** A quarter of a model's bytes in float weights, though others are integers. */
const LARGE_SHARE = 0.25;

/** In a quantized model, large float weights of layers that have integer kernels. */
export function floatWeights({ index, quantized, weightBytes }: Subject): readonly Finding[] {
  if (!quantized) return [];
  const large = index.graph.nodes.flatMap((node) => {
    const weights = roleOf(node).kind === 'weighted' ? layerWeights(node) : undefined;
    const tensor = weights === undefined ? undefined : constantOf(index, node.inputs[weights.input] ?? '');
    return tensor?.dtype === 'float32' ? [{ node, bytes: bytesOf(tensor) }] : [];
  });
  const bytes = large.reduce((all, one) => all + one.bytes, 0);
  if (bytes < weightBytes * LARGE_SHARE) return [];
  return [
    {
      code: 'float-weights',
      severity: 'hint',
      text: `${counted(large.length, 'layer')} of this quantized model still ${large.length === 1 ? 'has' : 'have'} float weights, which are ${Math.round((100 * bytes) / weightBytes)} % of all its bytes: as 8-bit codes they would be a quarter.`,
      evidence: [
        { label: 'in float', value: bytes, unit: 'bytes' },
        { label: 'all weights', value: weightBytes, unit: 'bytes' },
      ],
      layers: large
        .toSorted((a, b) => b.bytes - a.bytes)
        .map(({ node, bytes: own }) => layer(node, null, [{ label: 'in float', value: own, unit: 'bytes' }])),
      measured: false,
      fix: null,
    },
  ];
}

function sum(tensors: readonly Tensor[]): number {
  return tensors.reduce((all, tensor) => all + bytesOf(tensor), 0);
}

function names(tensors: readonly Tensor[]): string {
  const shown = tensors.slice(0, 3).map(({ name }) => `'${name}'`);
  return `${shown.join(', ')}${tensors.length > 3 ? ' and others' : ''}`;
}
