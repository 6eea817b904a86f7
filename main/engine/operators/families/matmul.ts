/** Matrix products: MatMul, Gemm, their integer, quantized, fused and 4-bit forms. */
import type { Dim, Shape } from '../../graph/ir.ts';
import type { CostContext } from '../cost-context.ts';
import { sameDim } from '../dimension.ts';
import { tensorFacts, type Facts } from '../facts.ts';
import type { NodeContext } from '../node-context.ts';
import { broadcastShapes, formatShape } from '../shape.ts';
import { defineOperators, MICROSOFT, type QuantizationRole } from '../spec.ts';

function swapLast(shape: Shape): Shape {
  if (shape.length < 2) return shape;
  return [...shape.slice(0, -2), shape.at(-1) ?? null, shape.at(-2) ?? null];
}

/** NumPy's matmul: leading axes broadcast, a vector counts as a row on the left and as a column on the right. */
export function matmulShape(context: NodeContext, a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0)
    context.fail(`matrices ${formatShape(a)} and ${formatShape(b)}: expected rank 1 or more`);
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const inner = left.at(-1) ?? null;
  const rows = right.at(-2) ?? null;
  if (typeof inner === 'number' && typeof rows === 'number' && inner !== rows) {
    context.fail(`${formatShape(a)} times ${formatShape(b)}: inner sizes ${inner} and ${rows} differ`);
  }
  const batch = broadcastShapes([left.slice(0, -2), right.slice(0, -2)]);
  if (batch === undefined)
    context.fail(`leading axes of ${formatShape(a)} and ${formatShape(b)} do not broadcast together`);
  const result: Dim[] = [...batch];
  if (a.length > 1) result.push(left.at(-2) ?? null);
  if (b.length > 1) result.push(right.at(-1) ?? null);
  return result;
}

function inferMatmul(a: number, b: number, dtype: (context: NodeContext) => Facts['dtype']) {
  return (context: NodeContext): Facts[] => [
    tensorFacts(dtype(context), matmulShape(context, context.shape(a), context.shape(b))),
  ];
}

function inferFused(context: NodeContext): Facts[] {
  let a = context.shape(0);
  let b = context.shape(1);
  if (context.int('transBatchA', 0) !== 0) a = undefined;
  if (context.int('transBatchB', 0) !== 0) b = undefined;
  if (a !== undefined && context.int('transA', 0) !== 0) a = swapLast(a);
  if (b !== undefined && context.int('transB', 0) !== 0) b = swapLast(b);
  return [tensorFacts(context.dtype(0), matmulShape(context, a, b))];
}

/** Gemm: A and B are matrices, possibly transposed. */
function gemmShape(context: NodeContext, aInput: number, bInput: number): Shape | undefined {
  const a = context.shapeOfRank(aInput, 2, 'A');
  const b = context.shapeOfRank(bInput, 2, 'B');
  const transA = context.int('transA', 0) !== 0;
  const transB = context.int('transB', 0) !== 0;
  const k = a?.[transA ? 0 : 1];
  const kOfB = b?.[transB ? 1 : 0];
  if (typeof k === 'number' && typeof kOfB === 'number' && k !== kOfB) {
    context.fail(
      `A ${formatShape(a)} and B ${formatShape(b)} with transA ${Number(transA)}, transB ${Number(transB)}: inner sizes ${k} and ${kOfB} differ`,
    );
  }
  if (a === undefined && b === undefined) return undefined;
  return [a?.[transA ? 1 : 0] ?? null, b?.[transB ? 0 : 1] ?? null];
}

function gemmMacs(aInput: number) {
  return (context: CostContext): number | null => {
    const a = context.input(aInput);
    const elements = context.outputElements(0);
    if (a === undefined || elements === null) return null;
    return elements * (a[context.int('transA', 0) !== 0 ? 0 : 1] ?? 0);
  };
}

/** Output elements times the size that is summed over: the last of A (of a vector: its only one). */
function matmulMacs(aInput: number, transposable = false) {
  return (context: CostContext): number | null => {
    const a = context.input(aInput);
    const elements = context.outputElements(0);
    if (a === undefined || elements === null) return null;
    const transposed = transposable && context.int('transA', 0) !== 0 && a.length > 1;
    return elements * (a.at(transposed ? -2 : -1) ?? 0);
  };
}

/** com.microsoft.MatMulNBits and kin: B packed, K × N stated as attributes. */
function inferPacked(context: NodeContext): Facts[] {
  const a = context.shape(0);
  const k = context.int('K', -1);
  const n = context.int('N', -1);
  const inner = a?.at(-1) ?? null;
  if (typeof inner === 'number' && k > 0 && inner !== k)
    context.fail(`A ${formatShape(a)}: inner size ${inner}, expected K = ${k}`);
  return [tensorFacts(context.dtype(0), a === undefined ? undefined : [...a.slice(0, -1), n > 0 ? n : null])];
}

const matmulRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  weightInput: 1,
  biasInput: undefined,
  channelAxis: ({ weightRank }) => (weightRank > 1 ? weightRank - 1 : undefined),
  // Batched weights [B, K, N]: the kernel takes one scale only.
  scaledByChannel: ({ weightRank }) => weightRank === 2,
  kernel: 'matmul',
  givesFloat: true,
  floatBias: false,
  activations: [0, 1],
  refuse: ({ weightRank }) => (weightRank < 2 ? 'its weights are a vector' : undefined),
};

const gemmRole: QuantizationRole = {
  kind: 'weighted',
  dataInput: 0,
  weightInput: 1,
  biasInput: 2,
  channelAxis: (context) => (context.int('transB', 0) === 0 ? 1 : 0),
  kernel: 'matmul',
  givesFloat: true,
  floatBias: true,
  factors: true,
  dataChannels: (dims, context) =>
    context.int('transA', 0) === 0 ? dims[context.int('transB', 0) === 0 ? 0 : 1] : undefined,
  refuse: (context) => {
    if (context.int('transA', 0) !== 0) return 'it transposes its input';
    const { weightDims, biasElements } = context;
    const width = weightDims[context.int('transB', 0) === 0 ? 1 : 0];
    if (biasElements === undefined || biasElements === 1 || biasElements === width) return undefined;
    return `its bias has ${biasElements} elements, the integer kernel takes one for each of ${width} outputs`;
  },
};

function det(context: NodeContext): Facts[] {
  const shape = context.shape(0);
  if (shape !== undefined && shape.length < 2) context.fail(`X ${formatShape(shape)}: expected rank 2 or more`);
  const [rows, columns] = shape?.slice(-2) ?? [];
  if (typeof rows === 'number' && typeof columns === 'number' && !sameDim(rows, columns)) {
    context.fail(`X ${formatShape(shape)}: the last two sizes differ, expected square matrices`);
  }
  return [tensorFacts(context.dtype(0), shape?.slice(0, -2))];
}

export const matmulOperators = [
  ...defineOperators('', {
    MatMul: {
      category: 'layer',
      inputs: ['A', 'B'],
      parameters: [0, 1],
      prunable: [1],
      quantization: matmulRole,
      infer: inferMatmul(0, 1, (context) => context.dtype(0) ?? context.dtype(1)),
      macs: matmulMacs(0),
    },
    Gemm: {
      category: 'layer',
      inputs: ['A', 'B', 'C'],
      parameters: [1, 2],
      prunable: [1],
      traits: ['needsWeights'],
      quantization: gemmRole,
      infer: (context) => [tensorFacts(context.dtype(0), gemmShape(context, 0, 1))],
      macs: gemmMacs(0),
    },
    MatMulInteger: {
      category: 'layer',
      inputs: ['A', 'B', 'a_zero_point', 'b_zero_point'],
      parameters: [1],
      settings: [2, 3],
      traits: ['integerKernel'],
      infer: inferMatmul(0, 1, () => 'int32'),
      macs: matmulMacs(0),
    },
    QLinearMatMul: {
      category: 'layer',
      inputs: ['a', 'a_scale', 'a_zero_point', 'b', 'b_scale', 'b_zero_point', 'y_scale', 'y_zero_point'],
      parameters: [3],
      settings: [1, 2, 4, 5, 6, 7],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 3, (context) => context.dtype(7) ?? context.dtype(0)),
      macs: matmulMacs(0),
    },
    Det: { category: 'tensor', inputs: ['X'], infer: det },
  }),
  ...defineOperators(MICROSOFT, {
    'FusedMatMul TransposeMatMul': {
      category: 'layer',
      inputs: ['A', 'B'],
      parameters: [1],
      prunable: [1],
      infer: inferFused,
      macs: matmulMacs(0, true),
    },
    FusedGemm: {
      category: 'layer',
      inputs: ['A', 'B', 'C'],
      parameters: [1, 2],
      prunable: [1],
      infer: (context) => [tensorFacts(context.dtype(0), gemmShape(context, 0, 1))],
      macs: gemmMacs(0),
    },
    QGemm: {
      category: 'layer',
      inputs: ['A', 'a_scale', 'a_zero_point', 'B', 'b_scale', 'b_zero_point', 'C', 'y_scale', 'y_zero_point'],
      parameters: [3, 6],
      settings: [1, 2, 4, 5, 7, 8],
      traits: ['integerKernel', 'integerToFloat'],
      infer: (context) => [tensorFacts(context.has(8) ? context.dtype(8) : 'float32', gemmShape(context, 0, 3))],
      macs: gemmMacs(0),
    },
    MatMulIntegerToFloat: {
      category: 'layer',
      inputs: ['A', 'B', 'a_scale', 'b_scale', 'a_zero_point', 'b_zero_point', 'bias'],
      parameters: [1, 6],
      settings: [2, 3, 4, 5],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 1, (context) => context.dtype(3)),
      macs: matmulMacs(0),
    },
    DynamicQuantizeMatMul: {
      category: 'layer',
      inputs: ['A', 'B', 'b_scale', 'b_zero_point', 'bias'],
      parameters: [1, 4],
      settings: [2, 3],
      traits: ['integerKernel', 'integerToFloat'],
      infer: inferMatmul(0, 1, (context) => context.dtype(0)),
      macs: matmulMacs(0),
    },
    'MatMulNBits MatMulBnb4 MatMulFpQ4': {
      category: 'layer',
      inputs: ['A', 'B', 'scales', 'zero_points', 'g_idx', 'bias'],
      packedElements: (input, _, attributes) =>
        input === 1 ? (attributes.int('K') ?? 0) * (attributes.int('N') ?? 0) : undefined,
      parameters: [1, 5],
      settings: [2, 3, 4],
      traits: ['integerKernel'],
      infer: inferPacked,
      macs: matmulMacs(0),
    },
  }),
];
