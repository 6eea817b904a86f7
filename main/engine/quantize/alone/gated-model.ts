import type { Model, Node } from '../../graph/ir.ts';
import { makeValueInfo } from '../../graph/make.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import { constantOf } from '../../operators/constant-behind.ts';
import { GraphEditor } from '../../graph/edit.ts';
import {
  castToFloatNode,
  castToHalfNode,
  chooseNode,
  dequantizeNode,
  dynamicQuantizeNode,
  limitNode,
  productNode,
  quotientNode,
  roundNode,
} from '../../operators/nodes.ts';
import type { HostTensor, HostTensors } from '../../tensor/host-tensor.ts';
import { unitOutputs, type Unit } from '../unit.ts';

/** x ≈ scale · code, low ≤ code ≤ high: codes with the zero point taken off. */
export interface Rounding {
  readonly scale: number;
  readonly low: number;
  readonly high: number;
}

/** What a gate does: round to codes that are fed, to half precision, or to 8 bits with the range of the run. */
export type GateKind = 'codes' | 'half' | 'dynamic';

/** A float model in which one layer can be quantized in every way without loading it anew. */
export interface GatedModel {
  readonly model: Model;
  /** The activations that can be rounded: those that the layer takes, and last what it gives. */
  readonly activations: readonly string[];
  /**
   * The inputs beside the model's own.
   * @param roundings one for each of `activations`; null: stays float. What codes there are, gates to codes alone ask
   * @param weights of the layer, as they are to be; absent for a layer without
   */
  feeds(roundings: readonly (Rounding | null)[], weights: HostTensor | null): HostTensors;
}

/**
 * Puts gates around a layer: what it takes and gives can be divided by a scale, rounded half to even, limited and multiplied, as
 * QuantizeLinear and DequantizeLinear do it, and its weights are an input. Other readers of what the layer takes get it as it
 * is; all readers of what it gives get it rounded. Constant operands of a layer without weights stay float.
 */
export function gatedModel(source: Model, unit: Unit, kind: GateKind = 'codes'): GatedModel {
  const editor = new GraphEditor(source.graph);
  const names: string[] = [];
  const gate = (value: string, into: string): readonly Node[] => {
    const name = `lapidary_gate_${names.length}`;
    names.push(name);
    return gateNodes(name, { value, into, kind });
  };
  const parts = kind === 'codes' ? ['scale', 'low', 'high'] : [];
  const activations: string[] = [];
  const inputs = [...unit.node.inputs];
  for (const at of unit.dataInputs) {
    const value = inputs[at]!;
    activations.push(value);
    inputs[at] = editor.freshValue(`${value}_gated`);
    editor.insertBefore(unit.node, ...gate(value, inputs[at]));
  }
  const weightInput = unit.weights?.weightInput;
  if (weightInput !== undefined) inputs[weightInput] = WEIGHTS;
  // The activation that disappears into the output's range is part of the layer.
  const last = unit.absorbed?.node ?? unit.node;
  const output = unitOutputs(unit)[0]!;
  activations.push(output);
  const before = editor.freshValue(`${output}_before`);
  const outputs = last.outputs.map((name) => (name === output ? before : name));
  if (last !== unit.node) editor.replaceNode(unit.node, { ...unit.node, inputs });
  editor.replaceNode(last, last === unit.node ? { ...last, inputs, outputs } : { ...last, outputs });
  editor.insertAfter(last, ...gate(before, output));
  const graph = editor.build();
  const gates = names.flatMap((name) => [
    makeValueInfo(`${name}_on`, 'bool', []),
    ...parts.map((part) => makeValueInfo(`${name}_${part}`, 'float32', [])),
  ]);
  const weights =
    weightInput === undefined
      ? []
      : [makeValueInfo(WEIGHTS, 'float32', constantOf(indexGraph(source.graph), unit.node.inputs[weightInput]!)?.dims)];
  return {
    model: {
      ...source,
      graph: { ...graph, inputs: [...graph.inputs, ...gates, ...weights] },
    },
    activations,
    feeds: (roundings, values) => ({
      ...Object.assign({}, ...names.map((name, at) => gateFeeds(name, parts, roundings[at] ?? null))),
      ...(values === null ? {} : { [WEIGHTS]: values }),
    }),
  };
}

const WEIGHTS = 'lapidary_weights';

/** x, or x rounded, as the gate's inputs say. */
function gateNodes(
  gate: string,
  { value, into, kind }: { readonly value: string; readonly into: string; readonly kind: GateKind },
): readonly Node[] {
  const part = (suffix: string): string => `${gate}_${suffix}`;
  const rounding: Readonly<Record<GateKind, () => readonly Node[]>> = {
    codes: () => [
      quotientNode([value, part('scale')], part('steps')),
      roundNode([part('steps')], part('codes')),
      limitNode([part('codes'), part('low'), part('high')], part('held')),
      productNode([part('held'), part('scale')], part('real')),
    ],
    half: () => [castToHalfNode([value], part('half')), castToFloatNode([part('half')], part('real'))],
    dynamic: () => {
      const made = [part('codes'), part('scale'), part('zero')] as const;
      return [dynamicQuantizeNode(value, made), dequantizeNode([...made], part('real'))];
    },
  };
  const nodes = [...rounding[kind](), chooseNode([part('on'), part('real'), value], into)];
  return nodes.map((node, at) => ({ ...node, name: part(`node_${at}`) }));
}

function gateFeeds(name: string, parts: readonly string[], rounding: Rounding | null): HostTensors {
  const number = (value: number): HostTensor => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
  const values: Readonly<Record<string, number>> = { ...(rounding ?? { scale: 1, low: 0, high: 0 }) };
  return {
    [`${name}_on`]: { dtype: 'bool', dims: [], data: Uint8Array.of(rounding === null ? 0 : 1) },
    ...Object.fromEntries(parts.map((part) => [`${name}_${part}`, number(values[part]!)])),
  };
}
