import { StudioError } from '../../base/errors.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from '../tensor/half.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { PortInfo } from '../runtime/settings.ts';

const FLOATS: ReadonlySet<string> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Outputs that can be compared as signals. */
export const floatOutputs = (outputs: readonly PortInfo[]): readonly PortInfo[] =>
  outputs.filter(({ dtype }) => dtype !== null && FLOATS.has(dtype));

/**
 * The output with the scores: the one that is named, else the first of floats that can be [batch, classes].
 * @throws NOT_FOUND for a name that is no output, UNSUPPORTED when no output is a tensor of floats
 */
export function scoresOutput(outputs: readonly PortInfo[], named: string | undefined): PortInfo {
  const names = outputs.map(({ name }) => name).join(', ');
  if (named !== undefined) {
    const found = outputs.find(({ name }) => name === named);
    if (found !== undefined) return found;
    throw new StudioError('NOT_FOUND', `The model has no output '${named}'; it has ${names}`);
  }
  const floats = floatOutputs(outputs);
  const scores = floats.find(
    ({ shape }) => shape !== null && shape.length >= 2 && shape.slice(2).every((dim) => dim === 1),
  );
  const found = scores ?? floats[0];
  if (found !== undefined) return found;
  throw new StudioError('UNSUPPORTED', `The model has no output of floats to evaluate; it has ${names || 'none'}`);
}

/** An output's elements as numbers. */
export function numbersOf({ dtype, data }: HostTensor): Float32Array | Float64Array {
  if (dtype === 'float16') return float16ToFloat32(data as Uint16Array);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(data as Uint16Array);
  return data as Float32Array | Float64Array;
}

/**
 * Classes of an output with one row of scores a sample: [batch, C], also with trailing ones ([batch, C, 1, 1]).
 * @returns undefined for any other shape, and for fewer than two classes
 */
export function classesOf(dims: readonly number[]): number | undefined {
  const [, classes, ...rest] = dims;
  return classes !== undefined && classes > 1 && rest.every((dim) => dim === 1) ? classes : undefined;
}
