import { StudioError } from '../../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import { float32ToBfloat16, float32ToFloat16 } from '../tensor/half.ts';
import type { Preprocessing } from '../../contract/data.ts';
import type { NumericData, RawSamples } from './raw-samples.ts';

/** x·scale − mean, divided by std; the last two rounded to float32. */
export interface ChannelScaling {
  readonly scale: number;
  readonly mean: number;
  readonly std: number;
}

/** What happens to each value on its way into the input. */
export interface Values {
  readonly said: readonly string[];
  /** Result for each raw byte and target channel, [channels, 256]; for uint8 data. */
  readonly table: Float32Array | undefined;
  readonly scaled: (value: number, channel: number) => number;
  /** The same as numbers; null: values stay what they are. */
  readonly scaling: readonly ChannelScaling[] | null;
  /** Floats as the input's type; undefined for integer inputs. */
  readonly store: ((values: Float32Array) => NumericData) | undefined;
  readonly integers: (size: number) => NumericData;
  readonly toInteger: (value: number | bigint) => number | bigint;
}

export interface ValuePlan {
  readonly raw: RawSamples;
  readonly dtype: DType;
  readonly channels: number;
  readonly settings: Preprocessing;
}

const FLOAT_STORES: Partial<Record<DType, (values: Float32Array) => NumericData>> = {
  float32: (values) => values,
  float64: (values) => Float64Array.from(values),
  float16: (values) => float32ToFloat16(values),
  bfloat16: (values) => float32ToBfloat16(values),
};

/** Integer inputs: their array, and the range that it holds. */
const INTEGERS: Partial<Record<DType, readonly [(size: number) => NumericData, number, number]>> = {
  uint8: [(size) => new Uint8Array(size), 0, 255],
  bool: [(size) => new Uint8Array(size), 0, 1],
  int8: [(size) => new Int8Array(size), -128, 127],
  uint16: [(size) => new Uint16Array(size), 0, 65535],
  int16: [(size) => new Int16Array(size), -32768, 32767],
  uint32: [(size) => new Uint32Array(size), 0, 2 ** 32 - 1],
  int32: [(size) => new Int32Array(size), -(2 ** 31), 2 ** 31 - 1],
  int64: [(size) => new BigInt64Array(size), -Infinity, Infinity],
  uint64: [(size) => new BigUint64Array(size), 0, Infinity],
};

const perChannel = (list: readonly number[], channel: number, none: number): number =>
  list.length > 1 ? list[channel]! : (list[0] ?? none);

const notScaled = (value: number): number => value;

/** Stands where integers are asked of a float input. */
const refuse = (): never => {
  throw new StudioError('INTERNAL', 'Integers asked of a float input');
};

/**
 * Decides how values are scaled and stored.
 * @throws USAGE for a mean or std of the wrong length, or for integer inputs; UNSUPPORTED for types that cannot be fed
 */
export function planValues({ raw, dtype, channels, settings }: ValuePlan): Values {
  const { mean, std } = settings;
  const store = FLOAT_STORES[dtype];
  if (store === undefined) return planIntegers(raw, dtype, settings);
  for (const [name, list] of [
    ['mean', mean],
    ['std', std],
  ] as const) {
    if (list.length > 1 && list.length !== channels) {
      throw new StudioError(
        'USAGE',
        `The ${name} has ${list.length} values, expected 1 or ${channels}, one for each channel`,
      );
    }
  }
  const scale = settings.scale ?? (raw.dtype === 'uint8' ? 1 / 255 : 1);
  const isPlain = scale === 1 && mean.length === 0 && std.length === 0;
  const scaling = Array.from({ length: channels }, (_, channel) => ({
    scale,
    mean: Math.fround(perChannel(mean, channel, 0)),
    std: Math.fround(perChannel(std, channel, 1)),
  }));
  const scaled = (value: number, channel: number): number => scaledBy(value, scaling[channel]!);
  const table =
    raw.dtype === 'uint8'
      ? Float32Array.from({ length: channels * 256 }, (_, at) => scaled(at & 255, at >> 8))
      : undefined;
  return {
    said: sayScale(scale, mean, std),
    table,
    scaled,
    scaling: isPlain ? null : scaling,
    store,
    integers: refuse,
    toInteger: refuse,
  };
}

/** Rounded to float32 after each step, as the training code does. */
export function scaledBy(value: number, { scale, mean, std }: ChannelScaling): number {
  return Math.fround(Math.fround(Math.fround(value * scale) - mean) / std);
}

function sayScale(scale: number, mean: readonly number[], std: readonly number[]): string[] {
  const said: string[] = [];
  if (scale === 1 / 255) said.push('x/255');
  else if (scale !== 1) said.push(`x·${scale}`);
  if (mean.length > 0) said.push(`− mean (${mean.join(', ')})`);
  if (std.length > 0) said.push(`÷ std (${std.join(', ')})`);
  return said;
}

function planIntegers(raw: RawSamples, dtype: DType, { mean, std, scale }: Preprocessing): Values {
  const known = INTEGERS[dtype];
  if (known === undefined) throw new StudioError('UNSUPPORTED', `Data cannot be fed into an input of type ${dtype}`);
  if (mean.length > 0 || std.length > 0 || scale !== null) {
    throw new StudioError('USAGE', `The model's input is ${dtype}: scale, mean and std are for float inputs`);
  }
  const [integers, low, high] = known;
  const isBig = dtype === 'int64' || dtype === 'uint64';
  const toInteger = (value: number | bigint): number | bigint => {
    if (!(typeof value === 'bigint' || Number.isInteger(value)) || value < low || value > high) {
      throw new StudioError(
        'DATA_INVALID',
        `Data '${raw.name}': value ${value} does not fit an input of type ${dtype}`,
      );
    }
    return isBig ? BigInt(value) : Number(value);
  };
  return { said: [], table: undefined, scaled: notScaled, scaling: null, store: undefined, integers, toInteger };
}
