/** Trees, linear models and encoders: what is inferred against what ONNX Runtime gives. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttributeInput } from '../../../../main/engine/graph/attributes.ts';
import type { Shape } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { makeInputs } from '../../../../main/engine/runtime/make-inputs.ts';
import { inputPorts } from '../../../../main/engine/runtime/input-dims.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { DType } from '../../../../main/engine/tensor/dtype.ts';
import { graph } from '../../../support/graph-builder.ts';
import { inferOne, shapeOf } from './one-node.ts';

const ML = 'ai.onnx.ml';
const words = (...texts: readonly string[]): AttributeInput => texts;

interface Case {
  readonly name: string;
  readonly op: string;
  readonly input: readonly [DType, Shape];
  readonly attributes: Readonly<Record<string, AttributeInput>>;
  readonly outputs: readonly (readonly [DType, Shape])[];
  readonly version?: number;
}

/** One tree: x₀ ≤ 0.5 gives the first leaf, else the second. */
const tree = {
  nodes_treeids: [0n, 0n, 0n],
  nodes_nodeids: [0n, 1n, 2n],
  nodes_featureids: [0n, 0n, 0n],
  nodes_modes: words('BRANCH_LEQ', 'LEAF', 'LEAF'),
  nodes_values: [0.5, 0, 0],
  nodes_truenodeids: [1n, 0n, 0n],
  nodes_falsenodeids: [2n, 0n, 0n],
};

const CASES: readonly Case[] = [
  { name: 'a threshold', op: 'Binarizer', input: ['float32', [2, 3]], attributes: {}, outputs: [['float32', [2, 3]]] },
  {
    name: 'scaled integers',
    op: 'Scaler',
    input: ['int64', [2, 3]],
    attributes: { offset: [0.5], scale: [2] },
    outputs: [['float32', [2, 3]]],
  },
  { name: 'a norm', op: 'Normalizer', input: ['float32', [2, 3]], attributes: {}, outputs: [['float32', [2, 3]]] },
  {
    name: 'filled gaps',
    op: 'Imputer',
    input: ['float32', [2, 3]],
    attributes: { imputed_value_floats: [1], replaced_value_float: 0 },
    outputs: [['float32', [2, 3]]],
  },
  {
    name: 'numbers for numbers',
    op: 'LabelEncoder',
    input: ['int64', [4]],
    attributes: { keys_int64s: [0n, 1n], values_floats: [0.5, 1.5] },
    outputs: [['float32', [4]]],
    version: 2,
  },
  {
    name: 'one of three',
    op: 'OneHotEncoder',
    input: ['int64', [2, 2]],
    attributes: { cats_int64s: [0n, 1n, 2n], zeros: 1n },
    outputs: [['float32', [2, 2, 3]]],
  },
  {
    name: 'a linear classifier of two classes',
    op: 'LinearClassifier',
    input: ['float32', [4, 3]],
    attributes: { coefficients: [1, 2, 3, -1, -2, -3], intercepts: [0.5, -0.5], classlabels_ints: [0n, 1n] },
    outputs: [
      ['int64', [4]],
      ['float32', [4, 2]],
    ],
  },
  {
    name: 'a linear regressor',
    op: 'LinearRegressor',
    input: ['float32', [4, 3]],
    attributes: { coefficients: [1, 2, 3, -1, -2, -3], intercepts: [0, 1], targets: 2n },
    outputs: [['float32', [4, 2]]],
  },
  {
    name: 'support vectors',
    op: 'SVMRegressor',
    input: ['float32', [4, 3]],
    attributes: {
      coefficients: [1, -1],
      kernel_params: [0.5, 0, 3],
      kernel_type: 'RBF',
      n_supports: 2n,
      rho: [0.1],
      support_vectors: [0, 0, 0, 1, 1, 1],
    },
    outputs: [['float32', [4, 1]]],
  },
  {
    name: 'support vectors for each pair of three classes',
    op: 'SVMClassifier',
    input: ['float32', [4, 2]],
    attributes: {
      classlabels_ints: [0n, 1n, 2n],
      coefficients: [1, -1, 1, -1, 1, -1],
      kernel_params: [0.5, 0, 3],
      kernel_type: 'LINEAR',
      rho: [0, 0, 0],
      support_vectors: [0, 1, 1, 0, 1, 1],
      vectors_per_class: [1n, 1n, 1n],
    },
    outputs: [
      ['int64', [4]],
      ['float32', [4, 3]],
    ],
  },
  {
    name: 'a regression tree of two targets',
    op: 'TreeEnsembleRegressor',
    input: ['float32', [4, 3]],
    attributes: {
      ...tree,
      n_targets: 2n,
      target_treeids: [0n, 0n],
      target_nodeids: [1n, 2n],
      target_ids: [0n, 1n],
      target_weights: [1, 2],
    },
    outputs: [['float32', [4, 2]]],
  },
  {
    name: 'a classification tree of three classes',
    op: 'TreeEnsembleClassifier',
    input: ['float32', [4, 3]],
    attributes: {
      ...tree,
      classlabels_int64s: [0n, 1n, 2n],
      class_treeids: [0n, 0n],
      class_nodeids: [1n, 2n],
      class_ids: [0n, 2n],
      class_weights: [1, 1],
    },
    outputs: [
      ['int64', [4]],
      ['float32', [4, 3]],
    ],
  },
];

describe('classical models', () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => runner.kill());

  it.each(CASES)('$op: $name', async ({ op, input: [dtype, shape], attributes, outputs, version = 1 }) => {
    const names = outputs.map((_, index) => `out${index}`);
    const builder = graph().input('x', dtype, shape).node(op, ['x'], attributes, names, { name: 'node', domain: ML });
    for (const [index, [type]] of outputs.entries()) builder.output(names[index]!, type);
    const model = builder.build({ opset: 17, domains: { [ML]: version } });
    const inferred = inferModel(model).values;
    expect(names.map((name) => [inferred.get(name)?.dtype, inferred.get(name)?.shape])).toEqual(outputs);

    const session = await runner.load({ bytes: encodeModelBytes(model) }, SETTINGS);
    const { feeds } = makeInputs(inputPorts(model), { batch: 1, dims: {} });
    const got = await session.run(feeds);
    expect(names.map((name) => [got[name]?.dtype, got[name]?.dims])).toEqual(outputs);
    await session.close();
  });

  it('picks columns, and takes a vector for one row', () => {
    const index = { dtype: 'int64', shape: [2] } as const;
    expect(shapeOf('ArrayFeatureExtractor', [['N', 4], index], { domain: ML })).toEqual(['N', 2]);
    expect(shapeOf('ArrayFeatureExtractor', [[4], index], { domain: ML })).toEqual([1, 2]);
  });

  it('knows the encoded type of categories, and the width of features side by side', () => {
    expect(inferOne('CategoryMapper', [{ dtype: 'string', shape: [3] }], { domain: ML }).dtypes).toEqual(['int64']);
    expect(
      shapeOf(
        'FeatureVectorizer',
        [
          ['N', 2],
          ['N', 3],
        ],
        { domain: ML },
      ),
    ).toEqual(['N', 5]);
  });

  it('counts the products of linear models and of kernels with every support vector', () => {
    const linear = { domain: ML, attributes: { coefficients: [1, 2, 3, 4, 5, 6] } };
    expect(inferOne('LinearRegressor', [[5, 3]], linear).cost.macs).toBe(30);
    const vectors = { domain: ML, attributes: { coefficients: [1, -1], support_vectors: [0, 0, 0, 1, 1, 1] } };
    expect(inferOne('SVMRegressor', [[5, 3]], vectors).cost.macs).toBe(5 * (6 + 2));
  });
});

const SETTINGS = { provider: 'cpu', threads: 1 } as const;

describe('optimizer steps', () => {
  const domain = 'ai.onnx.preview.training';

  it('give the new values and their state, in the shapes of what came in', () => {
    // two tensors: values, gradients, squared gradients
    const operands = [[], { dtype: 'int64' as const, shape: [] }, [2], [3, 3], [2], [3, 3], [2], [3, 3]];
    expect(inferOne('Adagrad', operands, { domain, outputs: 4 }).shapes).toEqual([[2], [3, 3], [2], [3, 3]]);
    const adam = [[], { dtype: 'int64' as const, shape: [] }, [2], [2], [2], [2]];
    expect(inferOne('Adam', adam, { domain, outputs: 3 }).shapes).toEqual([[2], [2], [2]]);
  });

  it('say when tensors are missing', () => {
    const operands = [[], { dtype: 'int64' as const, shape: [] }, [2], [2]];
    expect(inferOne('Momentum', operands, { domain }).problems[0]).toContain(
      '2 tensors are given, expected a multiple of 3',
    );
  });
});
