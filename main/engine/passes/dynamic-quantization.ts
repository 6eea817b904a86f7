import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node } from '../graph/ir.ts';
import { makeNode, makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { MICROSOFT } from '../operators/spec.ts';
import { dequantize, storedCodes } from './dequantized-weights.ts';
import { unchanged, type PassResult } from './pass.ts';

const FLOAT_OPERATORS: Readonly<Record<string, string>> = { ConvInteger: 'Conv', MatMulInteger: 'MatMul' };

/**
 * Takes dynamic quantization out: layers that quantized their data at each run take them as they are, and their weights as
 * floats without the scale, which the multiplication behind them still applies. What cannot be told apart stays.
 */
export function withoutDynamicQuantization(model: Model): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  const changed = new Set<string>();
  for (const node of model.graph.nodes) {
    if (node.opType === 'DynamicQuantizeLinear') takeOut(node, index, { editor, changed });
    else if (node.opType === 'DynamicQuantizeMatMul' && node.domain === MICROSOFT)
      writeProduct(node, index, { editor, changed });
  }
  if (changed.size === 0) return unchanged(model);
  const graph = editor.build({ dropUnused: true });
  const valueInfos = graph.valueInfos.filter(({ name }) => !changed.has(name));
  return { model: { ...model, graph: { ...graph, valueInfos } }, sources: new Map(), notes: [] };
}

interface Change {
  readonly editor: GraphEditor;
  /** Values that are of another type now. */
  readonly changed: Set<string>;
}

function takeOut(node: Node, index: GraphIndex, { editor, changed }: Change): void {
  const [codes = '', scale = '', zero = ''] = node.outputs;
  const readers = index.consumers(codes);
  const layers = readers.map((reader) => floatLayer(reader, index, { codes, zero }));
  const onlyThere = index.consumers(zero).every((reader) => readers.includes(reader));
  if (!onlyThere || layers.includes(undefined) || [codes, scale, zero].some((value) => index.isOutput(value))) return;
  for (const [at, reader] of readers.entries()) {
    const { operator, weight } = layers[at]!;
    const name = editor.freshValue(`${reader.inputs[1]}_float`);
    editor.setInitializer({ ...weight, name });
    const float = makeNode(operator, [node.inputs[0] ?? '', name], reader.outputs, { name: reader.name });
    editor.replaceNode(reader, { ...float, attributes: reader.attributes });
    changed.add(reader.outputs[0] ?? '');
  }
  const one = editor.freshValue(`${scale}_one`);
  editor.setInitializer(makeTensor(one, 'float32', [], Float32Array.of(1)));
  editor.replaceUses(scale, one);
  editor.removeNode(node);
}

/** An integer layer that reads these codes with its float operator and weight; undefined for others. */
function floatLayer(
  reader: Node,
  index: GraphIndex,
  { codes, zero }: { readonly codes: string; readonly zero: string },
) {
  const operator = FLOAT_OPERATORS[reader.opType];
  const [data, weightName = '', dataZero = '', weightZero = ''] = reader.inputs;
  const weight = constantOf(index, weightName);
  if (operator === undefined || data !== codes || weight === undefined || (dataZero !== '' && dataZero !== zero))
    return undefined;
  const zeroTensor = weightZero === '' ? undefined : constantOf(index, weightZero);
  if (weightZero !== '' && zeroTensor === undefined) return undefined;
  const [values, zeros] = [tensorValues(weight), zeroTensor === undefined ? undefined : tensorValues(zeroTensor)];
  if (zeros !== undefined && zeros.length !== 1) return undefined;
  const offset = Number(zeros?.[0] ?? 0);
  const real = Float32Array.from({ length: values.length }, (_, i) => Number(values[i]) - offset);
  return { operator, weight: makeTensor(weightName, 'float32', weight.dims, real) };
}

function writeProduct(node: Node, index: GraphIndex, { editor, changed }: Change): void {
  const [data = '', weight = '', scale = '', zero = '', bias = ''] = node.inputs;
  const rank = constantOf(index, weight)?.dims.length ?? 2;
  const stored = storedCodes(index, [weight, scale, zero], { axis: rank - 1 });
  if (stored === undefined) return;
  const name = editor.freshValue(`${weight}_float`);
  editor.setInitializer(dequantize(name, stored));
  const output = node.outputs[0] ?? '';
  const product = bias === '' ? output : editor.freshValue(`${output}_product`);
  editor.replaceNode(node, makeNode('MatMul', [data, name], [product], { name: node.name }));
  if (bias !== '') {
    editor.insertAfter(
      node,
      makeNode('Add', [product, bias], [output], { name: editor.freshNode(`${node.name}/bias`) }),
    );
  }
  changed.add(product);
}
