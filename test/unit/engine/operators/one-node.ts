/** Infers one node on its own, for tests of operator families. */
import type { AttributeInput } from '../../../../main/engine/graph/attributes.ts';
import type { Shape } from '../../../../main/engine/graph/ir.ts';
import type { DType } from '../../../../main/engine/tensor/dtype.ts';
import { costOfLayers } from '../../../../main/engine/operators/cost.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { graph } from '../../../support/graph-builder.ts';

/** An input: a float32 shape; or a type and shape; or a constant of int64 (or another type); or left out. */
export type Operand =
  | Shape
  | { readonly dtype: DType; readonly shape: Shape }
  | { readonly values: readonly number[]; readonly dtype?: DType; readonly scalar?: true }
  | null;

export interface OneNode {
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly opset?: number;
  readonly domain?: string;
  readonly outputs?: number;
}

/** int64 constant. */
export const int64 = (...values: readonly number[]): Operand => ({ values });

/** float32 constant. */
export const floats = (...values: readonly number[]): Operand => ({ values, dtype: 'float32' });

function isShape(operand: NonNullable<Operand>): operand is Shape {
  return Array.isArray(operand);
}

export function inferOne(opType: string, operands: readonly Operand[], options: OneNode = {}) {
  const builder = graph();
  const names = operands.map((operand, index) => {
    const name = `in${index}`;
    if (operand === null) return '';
    if (isShape(operand)) {
      builder.input(name, 'float32', operand);
    } else if ('values' in operand) {
      const { values, dtype = 'int64', scalar } = operand;
      builder.initializer(name, dtype, scalar ? [] : [values.length], values);
    } else builder.input(name, operand.dtype, operand.shape);
    return name;
  });
  const outputs = Array.from({ length: options.outputs ?? 1 }, (_, index) => `out${index}`);
  const domain = options.domain ?? '';
  builder.node(opType, names, options.attributes ?? {}, outputs, { name: 'node', domain });
  const model = builder.build({ opset: options.opset ?? 21, ...(domain === '' ? {} : { domains: { [domain]: 1 } }) });
  const inference = inferModel(model);
  const values = outputs.map((name) => inference.values.get(name));
  return {
    shapes: values.map((value) => value?.shape),
    dtypes: values.map((value) => value?.dtype),
    constants: values.map((value) => value?.constant?.elements),
    problems: inference.problems.map((problem) => problem.message),
    cost: costOfLayers(model, inference)[0]!,
  };
}

/** The shape of the first output; fails the test when there is a problem. */
export function shapeOf(opType: string, operands: readonly Operand[], options: OneNode = {}): Shape | undefined {
  const { shapes, problems } = inferOne(opType, operands, options);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return shapes[0];
}
