import { intAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeTensor } from '../graph/make.ts';
import { tensorValues } from '../graph/tensor-data.ts';
import { hasTrait } from '../operators/ask.ts';
import { constantOf } from '../operators/constant-behind.ts';
import { roundHalfEven } from '../tensor/rounding.ts';
import { splitAtAxis } from '../tensor/axis.ts';
import { unchanged, type PassResult } from './pass.ts';

const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** QuantizeLinear nodes of constant float32 values: the file holds floats, and the runtime quantizes them at each load. */
export function lateQuantized(index: GraphIndex): readonly Node[] {
  return index.graph.nodes.filter(
    (node) =>
      hasTrait(node, 'quantizes') &&
      constantOf(index, node.inputs[0] ?? '')?.dtype === 'float32' &&
      !index.isOutput(node.outputs[0] ?? ''),
  );
}

/** Stores the codes of {@link lateQuantized} weights in place of the floats. The same values are computed. */
export function storeCodes(model: Model): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  let stored = 0;
  for (const node of lateQuantized(index)) {
    const codes = codesOf(node, index);
    if (codes === undefined) continue;
    editor.setInitializer(codes);
    editor.removeNode(node);
    stored++;
  }
  if (stored === 0) return unchanged(model);
  const graph = editor.build({ dropUnused: true });
  return { model: { ...model, graph }, sources: new Map(), notes: [`${stored} weights are stored as their codes.`] };
}

/** Codes as QuantizeLinear makes them: round half to even of x/scale, plus the zero point, within the type. */
function codesOf(node: Node, index: GraphIndex): Tensor | undefined {
  const [x, scale, zero] = node.inputs.map((name) => (name === '' ? undefined : constantOf(index, name)));
  if (x === undefined || scale === undefined || (node.inputs[2] && zero === undefined)) return undefined;
  if (intAttribute(node, 'block_size', 0) !== 0 || intAttribute(node, 'output_dtype', 0) !== 0) return undefined;
  const dtype = zero?.dtype ?? 'uint8';
  const limits = LIMITS[dtype];
  if (limits === undefined) return undefined;
  const [values, scales] = [tensorValues(x), tensorValues(scale)];
  const zeros = zero === undefined ? undefined : tensorValues(zero);
  const axis = intAttribute(node, 'axis', 1);
  const { channels, inner } =
    scales.length === 1 ? { channels: 1, inner: 1 } : splitAtAxis(x.dims, axis < 0 ? axis + x.dims.length : axis);
  if (scales.length !== channels) return undefined;
  const codes = new Float64Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    const at = Math.floor(i / inner) % channels;
    const offset = zeros === undefined ? 0 : Number(zeros.length === 1 ? zeros[0] : zeros[at]);
    const code = roundHalfEven(Math.fround(Number(values[i]) / Number(scales[at]))) + offset;
    codes[i] = Math.min(limits[1], Math.max(limits[0], code));
  }
  return makeTensor(node.outputs[0]!, dtype, x.dims, codes);
}
