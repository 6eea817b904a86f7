/** Computes element-wise operators on small constants, symbols included. */
import { filled } from './filled.ts';
import { broadcastShapes, elementCount } from './shape.ts';
import {
  makeConstant,
  MAX_CONSTANT_ELEMENTS,
  storeElement,
  stridesOf,
  type ConstantValue,
  type Element,
} from './constant.ts';
import type { DType } from '../tensor/dtype.ts';

/** Applies a function to every element; the result has the given type. */
export function mapConstant(
  constant: ConstantValue | undefined,
  dtype: DType | undefined,
  operation: (element: Element) => Element,
): ConstantValue | undefined {
  if (constant === undefined || dtype === undefined || constant.dtype === 'string') return undefined;
  return makeConstant(
    dtype,
    constant.shape,
    constant.elements.map((element) => storeElement(dtype, operation(element))),
  );
}

/** Applies a function to the elements of several constants, broadcast against each other. */
export function zipConstants(
  constants: readonly (ConstantValue | undefined)[] | undefined,
  dtype: DType | undefined,
  operation: (elements: readonly Element[]) => Element,
): ConstantValue | undefined {
  if (dtype === undefined || constants === undefined) return undefined;
  const known: ConstantValue[] = [];
  for (const constant of constants) {
    if (constant === undefined || constant.dtype === 'string') return undefined;
    known.push(constant);
  }
  const shape = broadcastShapes(known.map((constant) => constant.shape)) as number[] | undefined;
  const count = elementCount(shape);
  if (shape === undefined || count === undefined || count > MAX_CONSTANT_ELEMENTS) return undefined;
  const strides = known.map((constant) => broadcastStrides(constant.shape, shape.length));
  const own = stridesOf(shape);
  const elements: Element[] = [];
  for (let i = 0; i < count; i++) {
    const operands = known.map((constant, operand) => {
      let offset = 0;
      for (let axis = 0; axis < shape.length; axis++) {
        const position = Math.floor(i / own[axis]!) % shape[axis]!;
        offset += position * strides[operand]![axis]!;
      }
      return constant.elements[offset] ?? null;
    });
    elements.push(storeElement(dtype, operation(operands)));
  }
  return makeConstant(dtype, shape, elements);
}

/** Strides that stand still along axes of size 1 and along missing leading axes. */
function broadcastStrides(shape: readonly number[], rank: number): number[] {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return [...filled<number>(rank - shape.length, 0), ...strides];
}

/** Whether elements of this type are integers. */
export function isInteger(dtype: DType | undefined): boolean {
  return dtype !== undefined && /^u?int/.test(dtype);
}
