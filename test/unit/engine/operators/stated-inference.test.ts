import { expect, test } from 'vitest';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { statedInference } from '../../../../main/engine/operators/stated-inference.ts';
import { assumeDims } from '../../../../main/engine/runtime/assume-dims.ts';
import { graph } from '../../../support/graph-builder.ts';

const relu = (batch: number | string) =>
  graph().input('x', 'float32', [batch, 3]).relu({ to: 'y' }).output('y').build();

test('is the inference without sizes, made once for a model', () => {
  const model = relu('N');
  const stated = statedInference(model);
  expect(stated.values).toEqual(inferModel(model).values);
  expect(stated.values.get('y')?.shape).toEqual(['N', 3]);
  expect(statedInference(model)).toBe(stated);
  expect(statedInference(relu('M')).values.get('y')?.shape).toEqual(['M', 3]);
  expect(statedInference(model).values.get('y')?.shape).toEqual(['N', 3]);
});

test('is taken for the sizes of a run where the file leaves none open, and only there', () => {
  const [fixed, open] = [relu(2), relu('N')];
  expect(assumeDims(fixed, { batch: 2, dims: {} }).inference).toBe(statedInference(fixed));
  expect(assumeDims(open, { batch: 4, dims: {} }).inference.values.get('y')?.shape).toEqual([4, 3]);
});
