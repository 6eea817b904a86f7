/** Optimizer steps and gradients as nodes (ai.onnx.preview.training): known by shape; ONNX Runtime has no kernels for them. */
import { defineOperators } from '../../spec.ts';
import { inferGradient, inferOptimizer } from './shape.ts';

const optimizer = { category: 'other', inputs: ['R', 'T', 'inputs'], variadic: true, settings: [0, 1] } as const;

export const trainingOperators = defineOperators('ai.onnx.preview.training', {
  'Adagrad Momentum': { ...optimizer, infer: inferOptimizer(3) },
  Adam: { ...optimizer, infer: inferOptimizer(4) },
  Gradient: { category: 'other', inputs: ['Inputs'], variadic: true, infer: inferGradient },
});
