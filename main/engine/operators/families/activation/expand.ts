/** Activations that fused operators name, as operators of their own. */
import type { NodeWriter } from '../../node-writer.ts';

/** What an activation is told beside its input. */
export interface ActivationParameters {
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
}

/** An activation by the name that fused operators of ONNX Runtime give it; without a name the value stays. */
export function activate(
  context: NodeWriter,
  x: string,
  name: string | undefined,
  { alpha, beta }: ActivationParameters = {},
): string {
  const { write } = context;
  switch (name?.toLowerCase()) {
    case undefined:
    case '':
    case 'none':
      return x;
    case 'silu':
    case 'swish':
      return write.mul(x, write.op('Sigmoid', [x]));
    case 'clip':
      return write.op('Clip', [x, context.number(alpha ?? -3.4e38), context.number(beta ?? 3.4e38)]);
    case 'relu':
    case 'sigmoid':
    case 'tanh':
    case 'softsign':
    case 'softplus':
      return write.op(NAMES.get(name!.toLowerCase())!, [x]);
    case 'leakyrelu':
    case 'elu':
    case 'thresholdedrelu':
      return write.op(NAMES.get(name!.toLowerCase())!, [x], alpha === undefined ? {} : { alpha });
    case 'hardsigmoid':
      return write.op(NAMES.get('hardsigmoid')!, [x], { alpha: alpha ?? 0.2, beta: beta ?? 0.5 });
    default:
      return context.refuse(`the activation ${name} has no form here`);
  }
}

const NAMES: ReadonlyMap<string, string> = new Map(
  'Relu Sigmoid Tanh Softsign Softplus LeakyRelu Elu ThresholdedRelu HardSigmoid'
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);
