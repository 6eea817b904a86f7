import { StudioError } from '../../base/errors.ts';
import type { InputSpec } from './dataset.ts';

/**
 * How many samples a run takes: the model's own number where its batch dimension is fixed, else what is asked for.
 * @returns size, and whether the model insists on it
 * @throws DATA_SHAPE when inputs insist on different numbers
 */
export function batchSizeFor(
  inputs: readonly InputSpec[],
  asked: number,
): { readonly size: number; readonly fixed: boolean } {
  const sizes = new Set(inputs.map(({ shape }) => shape?.[0]).filter((dim) => typeof dim === 'number'));
  if (sizes.size > 1) {
    throw new StudioError('DATA_SHAPE', `The model's inputs want different batch sizes (${[...sizes].join(', ')})`, {
      hint: 'Models like this one are fed from ONNX .pb test data.',
    });
  }
  const [only] = sizes;
  return only === undefined ? { size: asked, fixed: false } : { size: only, fixed: true };
}

/**
 * The only input of a model that takes one.
 * @throws DATA_SHAPE naming the inputs when there are several
 */
export function onlyInput(inputs: readonly InputSpec[], name: string): InputSpec {
  const [input, ...more] = inputs;
  if (input !== undefined && more.length === 0) return input;
  throw new StudioError(
    'DATA_SHAPE',
    `Data '${name}' holds one array, the model has ${inputs.length} inputs: ${inputs.map((each) => each.name).join(', ')}`,
    { hint: 'Use an .npz with one array for each input, named as the inputs are.' },
  );
}
