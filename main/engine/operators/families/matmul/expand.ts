/** Products with what follows them in one node, in operators of their own. */
import { activate } from '../activation/expand.ts';
import type { Expansion } from '../../node-writer.ts';

/** activation(α·A·B + β·C). */
export const expandFusedGemm: Expansion = (context) => {
  const { write, node } = context;
  const product = write.op('Gemm', node.inputs, {
    alpha: context.float('alpha', 1),
    beta: context.float('beta', 1),
    transA: BigInt(context.int('transA', 0)),
    transB: BigInt(context.int('transB', 0)),
  });
  return [
    activate(context, product, context.attributes.text('activation'), {
      alpha: context.attributes.get('activation_alpha', 'float'),
      beta: context.attributes.get('activation_beta', 'float'),
    }),
  ];
};

/** Distances of the rows of A [m, k] and B [n, k]: √Σ(a − b)², or its square. */
export const expandDistances: Expansion = (context) => {
  const { write } = context;
  const difference = write.sub(write.unsqueeze(context.input(0), [1]), write.unsqueeze(context.input(1), [0]));
  const squares = write.reduce('ReduceSumSquare', difference, [2], false);
  const metric = context.attributes.text('metric') ?? 'sqeuclidean';
  if (metric !== 'euclidean' && metric !== 'sqeuclidean') context.refuse(`the metric ${metric} has no form here`);
  return [metric === 'euclidean' ? write.sqrt(squares) : squares];
};
