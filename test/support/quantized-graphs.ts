/** Quantized models made right or wrong on purpose: x → QuantizeLinear → layer → …, as the runtime's fusion takes them or refuses them. */
import type { Model } from '../../main/engine/graph/ir.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { graph, type GraphBuilder } from './graph-builder.ts';

export const DATA_SCALE = 0.02;
export const WEIGHT_SCALE = 0.01;
export const OUTPUT_SCALE = 0.05;

export interface QuantizedConv {
  /** Factor on the bias's scale, which should be data scale · weight scale. */
  readonly biasFactor?: number;
  readonly biasZeroPoint?: number;
  readonly bias?: 'codes' | 'float' | 'none';
  /** Between the layer and the quantization of its output. */
  readonly activation?: string;
  /** Of the output; 0 is the least code. */
  readonly outputZeroPoint?: number;
  /** Whether another layer reads the float output too. */
  readonly secondReader?: boolean;
  readonly weightDtype?: 'int8' | 'uint8' | 'float32';
  /** Whether the data are quantized. */
  readonly data?: 'codes' | 'float';
  /** Largest code of a weight. */
  readonly largest?: number;
  /** Output channels whose codes are much smaller than the others'. */
  readonly smallChannels?: number;
  readonly outputScale?: number;
}

const CHANNELS = 8;

/** A 3 × 3 convolution 'conv' from 4 to 8 channels on x [1, 4, 8, 8], quantized; output y. */
export function quantizedConv(options: QuantizedConv = {}): Model {
  const {
    biasFactor = 1,
    biasZeroPoint = 0,
    bias = 'codes',
    activation,
    outputZeroPoint = activation === 'Relu' ? 0 : 128,
    secondReader = false,
    weightDtype = 'int8',
    data = 'codes',
    largest = 60,
    smallChannels = 0,
    outputScale = OUTPUT_SCALE,
  } = options;
  const random = seededRandom(3);
  const code = (channel: number): number =>
    Math.round((random() * 2 - 1) * (channel < smallChannels ? largest / 20 : largest)) +
    (weightDtype === 'uint8' ? 128 : 0);
  const codes = Array.from({ length: CHANNELS * 36 }, (_, at) => code(Math.floor(at / 36)));
  const b = graph().input('x', 'float32', [1, 4, 8, 8]);
  scale(b, 'x_scale', DATA_SCALE).initializer('x_zero', 'uint8', [], [128]);
  scale(b, 'y_scale', outputScale).initializer('y_zero', 'uint8', [], [outputZeroPoint]);
  if (data === 'codes') pair(b, 'x', 'x_real', ['x_scale', 'x_zero']);
  if (weightDtype === 'float32')
    b.initializer(
      'w',
      'float32',
      [CHANNELS, 4, 3, 3],
      codes.map((one) => one * WEIGHT_SCALE),
    );
  else {
    scale(b, 'w_scale', WEIGHT_SCALE).initializer('w_codes', weightDtype, [CHANNELS, 4, 3, 3], codes);
    b.initializer('w_zero', weightDtype, [], [weightDtype === 'uint8' ? 128 : 0]);
    b.node('DequantizeLinear', ['w_codes', 'w_scale', 'w_zero'], {}, ['w'], { name: 'w_dequantize' });
  }
  if (bias === 'codes') {
    scale(b, 'b_scale', DATA_SCALE * WEIGHT_SCALE * biasFactor).initializer('b_zero', 'int32', [], [biasZeroPoint]);
    b.initializer(
      'b_codes',
      'int32',
      [CHANNELS],
      Array.from({ length: CHANNELS }, (_, at) => 100 * at),
    );
    b.node('DequantizeLinear', ['b_codes', 'b_scale', 'b_zero'], {}, ['b'], { name: 'b_dequantize' });
  } else if (bias === 'float')
    b.initializer(
      'b',
      'float32',
      [CHANNELS],
      Array.from({ length: CHANNELS }, (_, at) => at / 50),
    );
  const inputs = [data === 'codes' ? 'x_real' : 'x', 'w', ...(bias === 'none' ? [] : ['b'])];
  b.node('Conv', inputs, { kernel_shape: [3n, 3n], pads: [1n, 1n, 1n, 1n] }, ['conv_out'], { name: 'conv' });
  if (activation !== undefined) b.node(activation, ['conv_out'], {}, ['act_out'], { name: 'act' });
  pair(b, activation === undefined ? 'conv_out' : 'act_out', 'y', ['y_scale', 'y_zero']);
  b.output('y', 'float32', [1, CHANNELS, 8, 8]);
  if (secondReader) {
    b.node('Tanh', ['conv_out'], {}, ['z'], { name: 'tanh' }).output('z', 'float32', [1, CHANNELS, 8, 8]);
  }
  return b.build({ opset: 13 });
}

/** x through an operator between two pairs of their own scales. */
export function between(
  op: string,
  attributes: Readonly<Record<string, bigint | readonly bigint[]>> = {},
  {
    scales = [0.02, 0.02],
    dims = [1, 4, 8, 8],
  }: { readonly scales?: readonly [number, number]; readonly dims?: readonly number[] } = {},
): Model {
  const b = graph().input('x', 'float32', dims);
  scale(b, 's1', scales[0]).initializer('z1', 'uint8', [], [128]);
  scale(b, 's2', scales[1]).initializer('z2', 'uint8', [], [128]);
  pair(b, 'x', 'a', ['s1', 'z1']);
  b.node(op, ['a'], { ...attributes }, ['m'], { name: 'middle' });
  pair(b, 'm', 'y', ['s2', 'z2']);
  return b.output('y').build({ opset: 13 });
}

function scale(b: GraphBuilder, name: string, value: number): GraphBuilder {
  return b.initializer(name, 'float32', [], [value]);
}

/** QuantizeLinear and DequantizeLinear of a value. */
export function pair(b: GraphBuilder, value: string, real: string, parameters: readonly [string, string]): void {
  b.node('QuantizeLinear', [value, ...parameters], {}, [`${value}_codes`], { name: `${value}_quantize` });
  b.node('DequantizeLinear', [`${value}_codes`, ...parameters], {}, [real], { name: `${value}_dequantize` });
}
