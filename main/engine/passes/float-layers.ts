import { GraphEditor } from '../graph/edit.ts';
import { indexGraph, type GraphIndex } from '../graph/index-graph.ts';
import type { Model, Node, Tensor } from '../graph/ir.ts';
import { makeNode } from '../graph/make.ts';
import { hasTrait, isQdq, roleOf } from '../operators/ask.ts';
import { withoutDeadNodes } from './dead-code.ts';
import { codesBehind, dequantize } from './dequantized-weights.ts';
import { withoutDynamicQuantization } from './dynamic-quantization.ts';
import { isIntegerKernel, writeOut } from './integer-forms.ts';
import { unchanged, type PassResult } from './pass.ts';

/**
 * Takes the quantization around layers out: they read float values where these are there, weights as the float values of
 * their codes, and the runtime neither fuses them with the conversions that stay nor quantizes their weights again. What
 * stands between two such layers is float throughout. Integer kernels of the file are written out first.
 * @param layers names of nodes; undefined: all, so that no activation is quantized any more
 * @param original the float weight that an input of a layer had before quantization, where it is known
 */
export function floatLayers(
  source: Model,
  layers: ReadonlySet<string> | undefined,
  original: OriginalWeight = () => undefined,
): PassResult {
  const still = layers === undefined ? withoutDynamicQuantization(source).model : source;
  const { model, sources } = writeOutKernels(still, layers);
  const index = indexGraph(model.graph);
  const wanted = chosen(index, layers);
  if (wanted.size === 0) return unchanged(source);
  const work = new Floating(index, wanted, original);
  for (const node of wanted) work.feed(node);
  for (const node of model.graph.nodes) if (hasTrait(node, 'quantizes')) work.shield(node);
  work.freeOutputs();
  const graph = withoutDeadNodes(work.editor.build({ dropUnused: true }));
  if (sources.size === 0 && work.changes === 0 && still === source) return unchanged(source);
  const notes = [`${wanted.size} ${wanted.size === 1 ? 'layer computes' : 'layers compute'} in float.`];
  return { model: { ...model, graph }, sources, notes };
}

/** Gives the float weight behind an input of a layer; `codes` is what it became. */
export type OriginalWeight = (layer: string, input: number, codes: Tensor) => Tensor | undefined;

/** Integer kernels among the layers, written out as what they stand for; under the names of the kernels. */
export function writeOutKernels(model: Model, layers: ReadonlySet<string> | undefined): PassResult {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  const sources = new Map<string, readonly string[]>();
  for (const node of model.graph.nodes) {
    if (!isIntegerKernel(node) || (layers !== undefined && !layers.has(node.name))) continue;
    const fresh = (base: string): string => editor.freshValue(editor.freshNode(base));
    const written = writeOut(node, index, { output: node.outputs[0] ?? '', fresh });
    if (written === undefined) continue;
    for (const tensor of written.initializers) editor.setInitializer(tensor);
    const nodes = written.nodes.map((one) => (one === written.operator ? { ...one, name: node.name } : one));
    for (const one of nodes) if (one.name !== node.name) sources.set(one.name, [node.name]);
    editor.insertBefore(node, ...nodes);
    editor.removeNode(node);
  }
  return sources.size === 0 ? unchanged(model) : { model: { ...model, graph: editor.build() }, sources, notes: [] };
}

/** The nodes of these names, each with the Relu or Clip that its output alone goes through. */
function chosen(index: GraphIndex, layers: ReadonlySet<string> | undefined): ReadonlySet<Node> {
  const nodes = index.graph.nodes.filter((node) => !isQdq(node) && !hasTrait(node, 'constant'));
  if (layers === undefined) return new Set(nodes);
  const wanted = new Set(nodes.filter(({ name }) => layers.has(name)));
  for (const node of nodes) {
    if (!wanted.has(node)) continue;
    const output = node.outputs[0] ?? '';
    const [next, ...others] = index.consumers(output);
    if (next !== undefined && others.length === 0 && roleOf(next).kind === 'clip') wanted.add(next);
  }
  return wanted;
}

class Floating {
  readonly editor: GraphEditor;
  changes = 0;
  readonly #index: GraphIndex;
  readonly #wanted: ReadonlySet<Node>;
  readonly #original: OriginalWeight;
  readonly #weights = new Map<string, string>();

  constructor(index: GraphIndex, wanted: ReadonlySet<Node>, original: OriginalWeight) {
    this.editor = new GraphEditor(index.graph);
    this.#index = index;
    this.#wanted = wanted;
    this.#original = original;
  }

  /** Lets a layer read float values where it read dequantized ones. */
  feed(node: Node): void {
    node.inputs.forEach((value, at) => {
      const real = this.#floatOf(value, (codes) => this.#original(node.name, at, codes));
      if (real === undefined) return;
      this.editor.replaceInput(node, at, real);
      this.changes++;
    });
  }

  /** Between a layer that shall stay float and the conversion of its output that others still need. */
  shield(quantize: Node): void {
    const value = quantize.inputs[0] ?? '';
    const producer = this.#index.producer(value);
    if (producer === undefined || !this.#wanted.has(producer)) return;
    const stays = this.#index
      .consumers(quantize.outputs[0] ?? '')
      .some((reader) => !hasTrait(reader, 'dequantizes') || !this.#isForFloat(reader));
    if (!stays && !this.#index.isOutput(quantize.outputs[0] ?? '')) return;
    const copy = this.editor.freshValue(`${value}_copy`);
    const name = this.editor.freshNode(`${producer.name}/float`);
    this.editor.insertBefore(quantize, makeNode('Max', [value], [copy], { name }));
    this.editor.replaceInput(quantize, 0, copy);
    this.changes++;
  }

  /** Outputs of the model that were dequantized, where what they stand for is there. */
  freeOutputs(): void {
    for (const { name } of this.#index.graph.outputs) {
      const dequantize = this.#index.producer(name);
      const real = this.#floatOf(name);
      if (dequantize === undefined || real === undefined) continue;
      const maker = makeNode('Identity', [real], [name], { name: dequantize.name });
      this.editor.replaceNode(dequantize, maker);
      this.changes++;
    }
  }

  /** Whether every reader of a DequantizeLinear is one of the layers. */
  #isForFloat(dequantize: Node): boolean {
    const value = dequantize.outputs[0] ?? '';
    return !this.#index.isOutput(value) && this.#index.consumers(value).every((reader) => this.#wanted.has(reader));
  }

  /** The float value that a dequantized one stands for; undefined: there is none, or it is float already. */
  #floatOf(value: string, original: (codes: Tensor) => Tensor | undefined = () => undefined): string | undefined {
    const node = this.#index.producer(value);
    if (!hasTrait(node, 'dequantizes')) return undefined;
    const known = this.#weights.get(value);
    if (known !== undefined) return known;
    const stored = codesBehind(this.#index, node!);
    if (stored !== undefined) {
      const name = this.editor.freshValue(`${node!.inputs[0]}_float`);
      const weight = original(stored.codes);
      this.editor.setInitializer(weight === undefined ? dequantize(name, stored) : { ...weight, name });
      this.#weights.set(value, name);
      return name;
    }
    const quantize = this.#index.producer(node!.inputs[0] ?? '');
    if (!hasTrait(quantize, 'quantizes')) return undefined;
    const before = quantize!.inputs[0] ?? '';
    const maker = this.#index.producer(before);
    // Another reader of what an integer layer makes would keep that one from fusing: its codes are read instead.
    if (maker === undefined || this.#wanted.has(maker) || !this.#isIntegerLayer(maker)) return before;
    return undefined;
  }

  /** Whether a node reads codes, perhaps over the layer whose Relu or Clip it is. */
  #isIntegerLayer(node: Node): boolean {
    const reads = (one: Node | undefined): boolean =>
      one !== undefined && one.inputs.some((value) => hasTrait(this.#index.producer(value), 'dequantizes'));
    return reads(node) || (roleOf(node).kind === 'clip' && reads(this.#index.producer(node.inputs[0] ?? '')));
  }
}
