import { GraphEditor } from '../graph/edit.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Graph, Model, Node, ValueInfo } from '../graph/ir.ts';
import { makeNode, makeTensor, makeValueInfo } from '../graph/make.ts';
import { isIntegerKernel, writeOut } from './integer-forms.ts';

/** An integer kernel beside itself written out, and the outputs that tell how far the two are apart. */
export interface ComparedKernel {
  readonly node: Node;
  /** Of codes: mean and largest distance, and the share that is more than two codes apart. Of floats: undefined. */
  readonly codes: { readonly mean: string; readonly most: string; readonly far: string } | undefined;
  /** Of floats: Σ of squares of the value written out, and of the difference. */
  readonly floats: { readonly reference: string; readonly difference: string } | undefined;
}

/** Codes that roundings of correct kernels are apart at most; more counts as far. */
const FAR = 2.5;

/**
 * A graph as the runtime executes it, in which each integer kernel stands beside the same written out on the same codes; run
 * without optimisation, the second computes in float32. Its only outputs tell how far they are apart.
 * @param executed with integer kernels as nodes
 */
export function besideKernels(executed: Model): { readonly model: Model; readonly kernels: readonly ComparedKernel[] } {
  const { graph } = executed;
  const index = indexGraph(graph);
  const editor = new GraphEditor(graph);
  const fresh = (base: string): string => editor.freshValue(editor.freshNode(base));
  const outputs: ValueInfo[] = [];
  const kernels: ComparedKernel[] = [];
  const limit = editor.freshValue('lapidary_far');
  editor.setInitializer(makeTensor(limit, 'float32', [], Float32Array.of(FAR)));
  for (const node of graph.nodes) {
    const value = node.outputs[0] ?? '';
    if (!isIntegerKernel(node) || value === '') continue;
    const written = fresh(`${value}_written`);
    const form = writeOut(node, index, { output: written, fresh });
    if (form === undefined) continue;
    const added: Node[] = [];
    const make = (op: string, inputs: readonly string[], attributes: Record<string, bigint> = {}): string => {
      const made = fresh(`${value}_${op}`);
      added.push(makeNode(op, inputs, [made], { name: made, attributes }));
      return made;
    };
    const tell = (name: string): string => {
      outputs.push(makeValueInfo(name, 'float32', []));
      return name;
    };
    const real = (codes: string): string => (form.givesCodes ? make('Cast', [codes], { to: 1n }) : codes);
    const difference = make('Sub', [real(value), real(written)]);
    const once = { keepdims: 0n };
    if (form.givesCodes) {
      const distance = make('Abs', [difference]);
      const far = make('Cast', [make('Greater', [distance, limit])], { to: 1n });
      const codes = {
        mean: tell(make('ReduceMean', [distance], once)),
        most: tell(make('ReduceMax', [distance], once)),
        far: tell(make('ReduceMean', [far], once)),
      };
      kernels.push({ node, codes, floats: undefined });
    } else {
      const floats = {
        reference: tell(make('ReduceSumSquare', [written], once)),
        difference: tell(make('ReduceSumSquare', [difference], once)),
      };
      kernels.push({ node, codes: undefined, floats });
    }
    for (const tensor of form.initializers) editor.setInitializer(tensor);
    editor.insertAfter(node, ...form.nodes, ...added);
  }
  editor.setOutputs(outputs);
  const built: Graph = editor.build();
  return { model: { ...executed, graph: built }, kernels };
}

/** A quantized activation, and the outputs that tell how its range fits it. */
export interface RangeTaps {
  readonly low: string;
  readonly high: string;
  /** Share of the values that lie beyond the range. */
  readonly beyond: string;
  /** Σ of squares of the values, and of what is cut off them. */
  readonly signal: string;
  readonly cut: string;
}

/** A value and the range that its codes hold. */
export interface TappedRange {
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** The model with nothing but the numbers that tell how ranges fit their values as outputs. */
export function besideRanges(
  model: Model,
  ranges: readonly TappedRange[],
): { readonly model: Model; readonly taps: readonly RangeTaps[] } {
  const editor = new GraphEditor(model.graph);
  const outputs: ValueInfo[] = [];
  const taps = ranges.map(({ value, from, to }): RangeTaps => {
    const make = (op: string, inputs: readonly string[], attributes: Record<string, bigint> = {}): string => {
      const made = editor.freshValue(editor.freshNode(`${value}_${op}`));
      editor.append(makeNode(op, inputs, [made], { name: made, attributes }));
      return made;
    };
    const number = (base: string, size: number): string => {
      const name = editor.freshValue(`${value}_${base}`);
      editor.setInitializer(makeTensor(name, 'float32', [], Float32Array.of(size)));
      return name;
    };
    const once = { keepdims: 0n };
    const [least, most] = [number('from', from), number('to', to)];
    const outside = make('Or', [make('Less', [value, least]), make('Greater', [value, most])]);
    const kept = make('Min', [make('Max', [value, least]), most]);
    const told = {
      low: make('ReduceMin', [value], once),
      high: make('ReduceMax', [value], once),
      beyond: make('ReduceMean', [make('Cast', [outside], { to: 1n })], once),
      signal: make('ReduceSumSquare', [value], once),
      cut: make('ReduceSumSquare', [make('Sub', [value, kept])], once),
    };
    for (const name of Object.values(told)) outputs.push(makeValueInfo(name, 'float32', []));
    return told;
  });
  editor.setOutputs(outputs);
  return { model: { ...model, graph: editor.build() }, taps };
}
