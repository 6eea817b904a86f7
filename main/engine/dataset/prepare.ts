import { StudioError } from '../../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import { float16ToFloat32 } from '../tensor/half.ts';
import type { Preprocessing } from '../../contract/data.ts';
import type { InputSpec } from './dataset.ts';
import { copySample, copyScaledSample } from './copy-sample.ts';
import { planMove } from './move.ts';
import type { MakeFloats, NumericData, RawSamples } from './raw-samples.ts';
import { planValues } from './values.ts';

/** How raw samples of one shape become one input of a model. */
export interface Preparation {
  /** Dimensions of one prepared sample; the batch comes before them, unless `unbatched`. */
  readonly dims: readonly number[];
  readonly dtype: DType;
  /** The input has no batch dimension: every sample is a run of its own. */
  readonly unbatched: boolean;
  /** What is done, as said to people. */
  readonly sentence: string;
  /**
   * Prepares the samples of a part into a new tensor's data.
   * @param source samples in a row
   * @param count  samples in `source`
   * @param rows   samples in the result; those after `count` repeat the last one, so that nothing new is seen
   * @param floats where the values of a float input are made; what it holds before does not matter
   * @throws DATA_INVALID for values that the input's type cannot hold
   */
  convert(source: NumericData, count: number, rows: number, floats?: MakeFloats): NumericData;
}

/**
 * Decides how samples fit an input: as they are, transposed between channels-first and channels-last, flattened, with
 * channels repeated or merged; and how their values are scaled.
 * @throws DATA_SHAPE when they do not fit, saying both shapes; USAGE for a mean or std of the wrong length
 */
export function planPreparation(raw: RawSamples, input: InputSpec, settings: Preprocessing): Preparation {
  const { dtype, shape } = input;
  if (dtype === null || shape === null || dtype === 'string' || raw.dtype === 'string') {
    throw mismatch(raw, input, 'only tensors of numbers can be fed from data');
  }
  const plan = planMove(raw, shape, settings);
  if (plan === undefined) throw mismatch(raw, input, undefined);
  const channels = plan.to.channels;
  const values = planValues({ raw, dtype, channels, settings });
  const size = plan.dims.reduce((product, dim) => product * dim, 1);
  const rawSize = raw.dims.reduce((product, dim) => product * dim, 1);
  const shown = plan.unbatched ? plan.dims : ['N', ...plan.dims];
  return {
    dims: plan.dims,
    dtype,
    unbatched: plan.unbatched,
    sentence: `${[...plan.said, ...values.said].join(', ') || 'values as they are'} → ${dtype} [${shown.join(', ')}]`,
    convert(source, count, rows, floats = (size) => new Float32Array(size)) {
      const numbers = raw.dtype === 'float16' ? float16ToFloat32(source as Uint16Array) : source;
      const sourceAt = (row: number): number => Math.min(row, count - 1) * rawSize;
      if (values.store === undefined) {
        const target = values.integers(rows * size);
        for (let row = 0; row < rows; row++) {
          const places = { source: numbers, sourceAt: sourceAt(row), target, targetAt: row * size };
          copySample(plan, places, values.toInteger);
        }
        return target;
      }
      const target = floats(rows * size);
      for (let row = 0; row < rows; row++) {
        copyScaledSample(plan, { source: numbers, sourceAt: sourceAt(row), target, targetAt: row * size }, values);
      }
      return values.store(target);
    },
  };
}

function mismatch(raw: RawSamples, input: InputSpec, reason: string | undefined): StudioError {
  const shape = input.shape?.map((dim) => dim ?? '?').join(', ') ?? 'unknown';
  const expected = input.dtype === null ? 'no tensor' : `${input.dtype} [${shape}]`;
  return new StudioError(
    'DATA_SHAPE',
    `Data '${raw.name}': got samples of ${raw.dtype} [${raw.dims.join(', ')}], expected what fits the input ` +
      `'${input.name}', ${expected}${reason === undefined ? '' : `: ${reason}`}`,
    { hint: 'Choose the data that the model was made for, or save it in that size; images in folders are resized.' },
  );
}
