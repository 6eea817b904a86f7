/** Integer kernels as what they stand for: DequantizeLinear, float operator, QuantizeLinear. */
import { floatAttribute, intAttribute } from '../graph/attributes.ts';
import type { GraphIndex } from '../graph/index-graph.ts';
import type { Node, Tensor } from '../graph/ir.ts';
import { makeNode, makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { MICROSOFT } from '../operators/spec.ts';

/** Places of codes, scale and zero point among the inputs. */
type Operand = readonly [codes: number, scale: number, zeroPoint: number];

interface Form {
  readonly op: string;
  readonly operands: (inputs: number) => readonly Operand[];
  /** Place of the bias: int32 with scale s₀·s₁, or float32 that is added. */
  readonly bias?: { readonly at: number; readonly kind: 'codes' | 'float' };
  /** Places of the output's scale and zero point; absent, or not given by the node: the output is float32. */
  readonly output?: readonly [scale: number, zeroPoint: number];
  /** Axis of the second operand with scales by channel: of a convolution 0, of a product the last. */
  readonly weightAxis?: 'first' | 'last';
  readonly dropped?: readonly string[];
}

const two = (): readonly Operand[] => [
  [0, 1, 2],
  [3, 4, 5],
];
const one = (): readonly Operand[] => [[0, 1, 2]];
const pool = (op: string): Form => ({ op, operands: one, output: [3, 4], dropped: ['channels_last'] });

const FORMS: Readonly<Record<string, Form>> = {
  ':QLinearConv': {
    op: 'Conv',
    operands: two,
    bias: { at: 8, kind: 'codes' },
    output: [6, 7],
    weightAxis: 'first',
  },
  ':QLinearMatMul': { op: 'MatMul', operands: two, output: [6, 7], weightAxis: 'last' },
  [`${MICROSOFT}:QGemm`]: { op: 'Gemm', operands: two, bias: { at: 6, kind: 'codes' }, output: [7, 8] },
  [`${MICROSOFT}:QLinearAdd`]: { op: 'Add', operands: two, output: [6, 7] },
  [`${MICROSOFT}:QLinearMul`]: { op: 'Mul', operands: two, output: [6, 7] },
  [`${MICROSOFT}:QLinearSigmoid`]: { op: 'Sigmoid', operands: one, output: [3, 4] },
  [`${MICROSOFT}:QLinearLeakyRelu`]: { op: 'LeakyRelu', operands: one, output: [3, 4] },
  [`${MICROSOFT}:QLinearSoftmax`]: { op: 'Softmax', operands: one, output: [3, 4], dropped: ['opset'] },
  [`${MICROSOFT}:QLinearAveragePool`]: pool('AveragePool'),
  [`${MICROSOFT}:QLinearGlobalAveragePool`]: pool('GlobalAveragePool'),
  [`${MICROSOFT}:QLinearConcat`]: {
    op: 'Concat',
    operands: (inputs) =>
      Array.from({ length: Math.floor((inputs - 2) / 3) }, (_, k) => [2 + 3 * k, 3 + 3 * k, 4 + 3 * k] as const),
    output: [0, 1],
  },
  [`${MICROSOFT}:MatMulIntegerToFloat`]: {
    op: 'MatMul',
    operands: () => [
      [0, 2, 4],
      [1, 3, 5],
    ],
    bias: { at: 6, kind: 'float' },
    weightAxis: 'last',
  },
};

/** An integer kernel written out. */
export interface WrittenOut {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  /** The float operator among the nodes. */
  readonly operator: Node;
  /** Whether the output is codes. */
  readonly givesCodes: boolean;
}

/** Whether the node is a kernel that can be written out. */
export function isIntegerKernel({ domain, opType }: Node): boolean {
  return `${domain}:${opType}` in FORMS;
}

/**
 * Writes an integer kernel out as DequantizeLinear on each operand, the float operator, and QuantizeLinear.
 * @param output name of its value
 * @param fresh gives names that nothing has
 * @returns undefined for other nodes, and where a scale that must be known is computed
 */
export function writeOut(
  node: Node,
  index: GraphIndex,
  { output, fresh }: { readonly output: string; readonly fresh: (base: string) => string },
): WrittenOut | undefined {
  const form = FORMS[`${node.domain}:${node.opType}`];
  if (form === undefined || intAttribute(node, 'channels_last', 0) !== 0) return undefined;
  if (form.op === 'Softmax' && intAttribute(node, 'opset', 13) < 13) return undefined;
  const [nodes, initializers]: [Node[], Tensor[]] = [[], []];
  const input = (at: number): string => node.inputs[at] ?? '';
  const reals = form.operands(node.inputs.length).map(([codes, scale, zero], place) => {
    const real = fresh(`${input(codes)}_real`);
    const axis = place === 1 ? weightAxis(form, node, index, input(codes)) : undefined;
    const operands = [input(codes), input(scale), input(zero)];
    while (operands.at(-1) === '') operands.pop();
    nodes.push(dequantizeNode(operands, real, axis, fresh));
    return real;
  });
  const added = form.bias === undefined ? '' : input(form.bias.at);
  if (added !== '' && form.bias?.kind === 'codes') {
    const [, [, scale]] = form.operands(node.inputs.length) as [Operand, Operand];
    const scales = biasScales(index, [input(1), input(scale)], floatAttribute(node, 'alpha', 1));
    if (scales === undefined) return undefined;
    const [name, real] = [fresh(`${added}_scale`), fresh(`${added}_real`)];
    initializers.push(makeTensor(name, 'float32', scales.length === 1 ? [] : [scales.length], scales));
    nodes.push(dequantizeNode([added, name], real, scales.length === 1 ? undefined : 0, fresh));
    reals.push(real);
  }
  const quantized = form.output !== undefined && input(form.output[0]) !== '';
  const floatAdded = added !== '' && form.bias?.kind === 'float';
  const result = quantized || floatAdded ? fresh(`${output}_float`) : output;
  const attributes = node.attributes.filter(({ name }) => !(form.dropped ?? []).includes(name));
  const operator = { ...makeNode(form.op, reals, [result], { name: fresh(`${node.name}/float`) }), attributes };
  nodes.push(operator);
  if (floatAdded) {
    nodes.push(makeNode('Add', [result, added], [output], { name: fresh(`${node.name}/bias`) }));
  }
  if (quantized) {
    const parameters = form.output!.map(input).filter((name) => name !== '');
    nodes.push(makeNode('QuantizeLinear', [result, ...parameters], [output], { name: fresh(`${node.name}/codes`) }));
  }
  return { nodes, initializers, operator, givesCodes: quantized };
}

function dequantizeNode(
  inputs: readonly string[],
  output: string,
  axis: number | undefined,
  fresh: (base: string) => string,
): Node {
  const attributes = axis === undefined ? {} : { axis: BigInt(axis) };
  return makeNode('DequantizeLinear', inputs, [output], { name: fresh(`${output}/node`), attributes });
}

function weightAxis(form: Form, node: Node, index: GraphIndex, codes: string): number | undefined {
  if (form.op === 'Gemm') return intAttribute(node, 'transB', 0) === 1 ? 0 : 1;
  if (form.weightAxis === 'first') return 0;
  const rank = constantOf(index, codes)?.dims.length;
  return form.weightAxis === 'last' && rank !== undefined ? rank - 1 : undefined;
}

function biasScales(index: GraphIndex, names: readonly [string, string], alpha: number): Float32Array | undefined {
  const [data, weights] = names.map((name) => constantOf(index, name));
  if (data === undefined || weights === undefined) return undefined;
  const factor = Number(tensorValues(data)[0]) * alpha;
  const scales = tensorValues(weights);
  return Float32Array.from({ length: scales.length }, (_, at) => factor * Number(scales[at]));
}
