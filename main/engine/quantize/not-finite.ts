import { StudioError } from '../../base/errors.ts';

/** The error for a weight that is NaN or infinite. */
export function notFinite(what: string, index: number, value: number): StudioError {
  return new StudioError('QUANTIZE_NOT_FINITE', `${what}: element ${index} is ${value}, expected finite weights`, {
    hint: 'Leave this layer out of quantization, or repair the model: a weight that is not a number makes every output of the layer meaningless.',
  });
}
