import { filled } from '../../filled.ts';
import type { Dim, Shape } from '../../../graph/ir.ts';
import type { DType } from '../../../tensor/dtype.ts';
import { makeConstant, MAX_CONSTANT_ELEMENTS, storeElement, type ConstantValue, type Element } from '../../constant.ts';
import { productOfDims, subtractDims } from '../../dimension.ts';
import { tensorFacts, type Facts } from '../../facts.ts';
import { isInteger, mapConstant } from '../../fold.ts';
import type { NodeContext } from '../../node-context.ts';
import { elementCount } from '../../shape.ts';

export function inferConstant(context: NodeContext): Facts[] {
  const { attributes } = context;
  const tensor = attributes.get('value', 'tensor');
  if (tensor !== undefined) return [{ ...tensorFacts(tensor.dtype, tensor.dims), initializer: tensor }];
  const sparse = attributes.get('sparse_value', 'sparseTensor');
  if (sparse !== undefined) return [tensorFacts(sparse.values.dtype, sparse.dims)];
  const float = attributes.get('value_float', 'float');
  if (float !== undefined) return [literal('float32', [], [float])];
  const int = attributes.int('value_int');
  if (int !== undefined) return [literal('int64', [], [int])];
  const floats = attributes.get('value_floats', 'floats');
  if (floats !== undefined) return [literal('float32', [floats.length], floats)];
  const ints = attributes.ints('value_ints');
  if (ints !== undefined) return [literal('int64', [ints.length], ints)];
  const string = attributes.text('value_string');
  if (string !== undefined) return [literal('string', [], [string])];
  const strings = attributes.get('value_strings', 'strings');
  if (strings !== undefined) {
    return [
      literal(
        'string',
        [strings.length],
        strings.map((bytes) => new TextDecoder().decode(bytes)),
      ),
    ];
  }
  context.fail('it has none of the attributes value, value_float, value_ints, …');
}

function literal(dtype: DType, shape: readonly number[], elements: readonly Element[]): Facts {
  return tensorFacts(dtype, shape, makeConstant(dtype, shape, elements));
}

export function inferShape(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape === undefined) return [tensorFacts('int64', [null])];
  const place = (at: number): number => Math.min(Math.max(at < 0 ? at + shape.length : at, 0), shape.length);
  const start = place(context.int('start', 0));
  const picked = shape.slice(start, Math.max(start, place(context.int('end', shape.length))));
  return [tensorFacts('int64', [picked.length], makeConstant('int64', [picked.length], picked))];
}

export function inferSize(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  const size = shape === undefined ? null : productOfDims(shape);
  return [tensorFacts('int64', [], makeConstant('int64', [], [size]))];
}

/** A tensor of one value; its shape is the input's value. */
export function inferConstantOfShape(context: NodeContext): Facts[] {
  const tensor = context.attributes.get('value', 'tensor');
  const dtype = tensor?.dtype ?? 'float32';
  const shape = context.dims(0);
  if (shape === undefined) {
    const rank = context.dim(0, 0);
    return [tensorFacts(dtype, typeof rank === 'number' ? filled<Dim>(rank, null) : undefined)];
  }
  if (shape.some((dim) => typeof dim === 'number' && dim < 0))
    context.fail(`shape [${shape.join(', ')}] has a negative size`);
  const count = elementCount(shape);
  const value = tensor === undefined ? 0 : (context.services.readTensor(tensor)?.elements[0] ?? null);
  const small = count !== undefined && count <= MAX_CONSTANT_ELEMENTS && isInteger(dtype);
  const constant = small ? makeConstant(dtype, shape as number[], filled<Dim>(count, value)) : undefined;
  return [tensorFacts(dtype, shape, constant)];
}

/** ⌈(limit − start) / delta⌉ numbers. */
export function inferRange(context: NodeContext): Facts[] {
  const dtype = context.dtype(0);
  const [start = null, limit = null, delta = null] = [0, 1, 2].map((index) => context.dims(index)?.[0] ?? null);
  if (delta === 0) context.fail('delta is 0, expected another number');
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    const small = count <= MAX_CONSTANT_ELEMENTS && dtype !== undefined;
    const values = small ? Array.from({ length: count }, (_, at) => storeElement(dtype, start + at * delta)) : [];
    return [tensorFacts(dtype, [count], small ? makeConstant(dtype, [count], values) : undefined)];
  }
  return [tensorFacts(dtype, [delta === 1 && isInteger(dtype) ? subtractDims(limit, start) : null])];
}

export function castTo(context: NodeContext, dtype: DType | undefined): Facts[] {
  const integers = isInteger(dtype) || dtype === 'bool';
  const constant = mapConstant(foldableConstant(context, dtype), dtype, (element) => {
    if (typeof element !== 'string') return element;
    // A size becomes a truth value only when it is surely not 0, which a symbol does not tell.
    return integers && dtype === 'bool' ? null : element;
  });
  return [tensorFacts(dtype, context.shape(0), constant)];
}

function foldableConstant(context: NodeContext, dtype: DType | undefined): ConstantValue | undefined {
  return dtype === 'string' || dtype === undefined ? undefined : context.constant(0);
}

export function windowFunction(context: NodeContext): Facts[] {
  const size = context.dims(0)?.[0] ?? null;
  return [tensorFacts(context.dtypeAttribute('output_datatype') ?? 'float32', [size])];
}

export function inferMultinomial(context: NodeContext): Facts[] {
  const shape: Shape = [context.dim(0, 0), context.int('sample_size', 1)];
  return [tensorFacts(context.dtypeAttribute('dtype') ?? 'int32', shape)];
}
