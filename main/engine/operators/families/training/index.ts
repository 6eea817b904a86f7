/** Optimizer steps and gradients as nodes (ai.onnx.preview.training): known by shape; ONNX Runtime has no kernels for them. */
import { defineOperators } from '../../spec.ts';
import { inferGradient, inferOptimizer } from './shape.ts';

/** They are parts of a training themselves. */
const trains = { blocks: 'is a step of a training itself' } as const;

const optimizer = {
  category: 'other',
  inputs: ['R', 'T', 'inputs'],
  variadic: true,
  settings: [0, 1],
  gradient: trains,
} as const;

export const trainingOperators = defineOperators('ai.onnx.preview.training', {
  'Adagrad Momentum': { ...optimizer, infer: inferOptimizer(3) },
  Adam: { ...optimizer, infer: inferOptimizer(4) },
  Gradient: { category: 'other', inputs: ['Inputs'], variadic: true, gradient: trains, infer: inferGradient },
});
