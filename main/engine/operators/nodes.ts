/** Nodes that rooms above write into models, by what they do. */
import type { Graph, Node } from '../graph/ir.ts';
import { makeAttribute } from '../graph/attributes.ts';
import { makeNode, makeTensor, type NodeParts } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import type { DType } from '../tensor/dtype.ts';
import { MICROSOFT } from './spec.ts';

/** The element type's number in the format. */
const FLOAT32 = 1n;
const FLOAT16 = 10n;

type Make = (inputs: readonly string[], output: string, parts?: NodeParts) => Node;

const maker =
  (opType: string): Make =>
  (inputs, output, parts) =>
    makeNode(opType, inputs, [output], parts);

const contributed =
  (opType: string): Make =>
  (inputs, output, parts) =>
    makeNode(opType, inputs, [output], { ...parts, domain: MICROSOFT });

/** x, scale, zero point → codes. */
export const quantizeNode: Make = maker('QuantizeLinear');
/** codes, scale, zero point → real values. */
export const dequantizeNode: Make = maker('DequantizeLinear');
/** The domain of such a node: the standard's own take codes of 16 bits from opset 21 on only, the runtime's always. */
export function wide(dtype: DType): { readonly domain?: string } {
  return dtype === 'uint16' ? { domain: MICROSOFT } : {};
}

/** x → uint8 codes, scale and zero point of its own range. */
export function dynamicQuantizeNode(
  value: string,
  outputs: readonly [string, string, string],
  parts?: NodeParts,
): Node {
  return makeNode('DynamicQuantizeLinear', [value], outputs, parts);
}
/** codes, codes, zero points → int32 sums of products of matrices. */
export const matrixProductIntegerNode: Make = maker('MatMulInteger');
/** The same of a convolution. */
export const convIntegerNode: Make = maker('ConvInteger');
/** a · b, broadcast. */
export const multiplyNode: Make = maker('Mul');
/** As float32. */
export function castToFloatNode(inputs: readonly string[], output: string, parts?: NodeParts): Node {
  return castNode(inputs, output, { ...parts, attributes: { to: FLOAT32 } });
}
/** As float16. */
export function castToHalfNode(inputs: readonly string[], output: string, parts?: NodeParts): Node {
  return castNode(inputs, output, { ...parts, attributes: { to: FLOAT16 } });
}
/** a = b, bool. */
export const equalNode: Make = maker('Equal');
/** condition → what one of the attributes `then_branch` and `else_branch` gives. */
export const ifNode: Make = maker('If');
/** The value itself. */
export const identityNode: Make = maker('Identity');
/** a + b, broadcast. */
export const addNode: Make = maker('Add');
/** max(0, x). */
export const rectifyNode: Make = maker('Relu');
/** a − b, broadcast. */
export const subtractNode: Make = maker('Sub');
/** a · b, broadcast. */
export const productNode: Make = maker('Mul');
/** a / b, broadcast. */
export const quotientNode: Make = maker('Div');
/** To the nearest whole number, halves to even. */
export const roundNode: Make = maker('Round');
/** x, least, greatest: within them. */
export const limitNode: Make = maker('Clip');
/** condition, a, b: a where it holds, else b; broadcast. */
export const chooseNode: Make = maker('Where');
/** a to the power of b, broadcast. */
export const powerNode: Make = maker('Pow');
/** Remainder of integers a ÷ b, broadcast. */
export const remainderNode: Make = maker('Mod');
/** Whether a ≥ b, broadcast. */
export const atLeastNode: Make = maker('GreaterOrEqual');
/** |x|. */
export const magnitudeNode: Make = maker('Abs');
/** −1, 0 or 1. */
export const signNode: Make = maker('Sign');
/** √x. */
export const rootNode: Make = maker('Sqrt');
/** 1 ÷ (1 + e^−x). */
export const logisticNode: Make = maker('Sigmoid');
/** The value. */
export const sameNode: Make = maker('Identity');
/** trip count, condition, carried values … → carried values at the end; attribute `body`. */
export const repeatNode = (inputs: readonly string[], outputs: readonly string[], body: Graph): Node =>
  makeNode('Loop', inputs, outputs, { attributes: { body } });
/** Number of elements, int64 []. */
export const sizeNode: Make = maker('Size');
/** Smallest element; over `axes` (an attribute before opset 18, then an input), or all. */
export const minimumNode: Make = maker('ReduceMin');
/** Largest element; axes as in {@link minimumNode}. */
export const maximumNode: Make = maker('ReduceMax');
/** Σx²; axes as in {@link minimumNode}. */
export const sumOfSquaresNode: Make = maker('ReduceSumSquare');

/** Σx; `axes` an attribute before opset 13, then an input. */
export const sumNode: Make = maker('ReduceSum');
/** Rows of x by columns of y, for each matrix of a batch. */
export const matrixProductNode: Make = maker('MatMul');
/** Axes in the order of attribute `perm`. */
export const transposeNode: Make = maker('Transpose');
/** value, dimensions: the value broadcast with them. */
export const expandNode: Make = maker('Expand');
/** value, dimensions (0: as it is, −1: what is left). */
export const reshapeNode: Make = maker('Reshape');
/** Values one after the other along attribute `axis`. */
export const concatNode: Make = maker('Concat');
/** value, starts, ends, axes, steps: from opset 10 on. */
export const sliceNode: Make = maker('Slice');
/** value, indices along attribute `axis`. */
export const gatherNode: Make = maker('Gather');
/** Largest element of each window. */
export const maxPoolNode: Make = maker('MaxPool');
/** Largest element of each channel. */
export const globalMaxPoolNode: Make = maker('GlobalMaxPool');
/** The largest of several values at each place, broadcast. */
export const largestNode: Make = maker('Max');
/** To the element type of attribute `to`. */
export const castNode: Make = maker('Cast');

/**
 * A float copy of a value: the largest of one. The runtime neither fuses it with its neighbours nor moves quantization over
 * it, as it does with Identity and with operators that move values.
 */
export const floatCopyNode: Make = maker('Max');
/** data, indices, updates → data with some elements replaced, along axis 0 unless given otherwise. */
export const replaceElementsNode: Make = maker('ScatterElements');

/** data, packed codes, scales, zero points ('' for none), '', bias: a matrix product whose weights are codes in blocks. */
export const blockProductNode: Make = contributed('MatMulNBits');
/** packed codes, indices, scales, zero points (may be left out): rows of a table of codes in blocks. */
export const blockLookupNode: Make = contributed('GatherBlockQuantized');

/**
 * The node with float16 where its attributes name float32: the type that it converts to or makes, the value that it fills with.
 */
export function convertsToHalf(node: Node): Node {
  const attributes = node.attributes.map((attribute) => {
    const { name } = attribute;
    if (attribute.type === 'int' && (name === 'to' || name === 'dtype') && attribute.value === FLOAT32) {
      return makeAttribute(name, FLOAT16);
    }
    if (attribute.type === 'tensor' && name === 'value' && attribute.value.dtype === 'float32') {
      const { name: own, dims } = attribute.value;
      return makeAttribute(name, makeTensor(own, 'float16', dims, tensorValues(attribute.value)));
    }
    return attribute;
  });
  return { ...node, attributes };
}
