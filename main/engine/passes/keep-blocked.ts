import { intsAttribute } from '../graph/attributes.ts';
import { GraphEditor } from '../graph/edit.ts';
import type { Model, Node, Shape } from '../graph/ir.ts';
import { makeNode, makeTensor } from '../graph/make.ts';
import { isElementwise } from '../operators/ask.ts';
import { sameDim } from '../operators/dimension.ts';
import type { InferredValue } from '../operators/inference.ts';
import { topologicalOrder } from '../operators/order.ts';
import { NCHWC } from '../operators/spec.ts';
import { removeDeadCode } from './dead-code.ts';

/**
 * Lets values stay in the runtime's blocked layout between kernels that want it: nothing is reordered twice, what is computed element by element is so in
 * blocks, and channels are brought last from there, which moves whole blocks (nothing at all where there is one).
 * @param given `block`: channels in one; `values`: what is known of values in their plain layout
 */
export function keepBlocked(
  model: Model,
  given: { readonly block: number; readonly values: ReadonlyMap<string, InferredValue> },
): Model {
  return removeDeadCode(new Keeper(model, given).run()).model;
}

class Keeper {
  readonly #model: Model;
  readonly #editor: GraphEditor;
  readonly #block: number;
  readonly #values: ReadonlyMap<string, InferredValue>;
  /** Values that there are in blocks too, each with the name of those. */
  readonly #blocked = new Map<string, string>();
  /** Those of them that are made in blocks. */
  readonly #made = new Set<string>();

  constructor(
    model: Model,
    { block, values }: { readonly block: number; readonly values: ReadonlyMap<string, InferredValue> },
  ) {
    this.#model = model;
    this.#editor = new GraphEditor(model.graph);
    this.#block = block;
    this.#values = values;
  }

  run(): Model {
    for (const node of topologicalOrder(this.#model.graph.nodes)) {
      const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
      if (node.domain === NCHWC && node.opType === 'ReorderOutput') {
        this.#blocked.set(output, input);
        this.#made.add(output);
      }
      if (node.domain === NCHWC && node.opType === 'ReorderInput') this.#reorder(node);
      else if (this.#staysBlocked(node)) this.#compute(node);
      else if (this.#bringsChannelsLast(node)) this.#bringLast(node);
    }
    return { ...this.#model, graph: this.#editor.build({ dropUnused: true }) };
  }

  #reorder(node: Node): void {
    const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
    const known = this.#blocked.get(input);
    if (known === undefined) return void this.#blocked.set(input, output);
    this.#editor.replaceUses(output, known);
    this.#editor.removeNode(node);
  }

  /** Element by element over operands of one shape that lie in blocks, one of them from the start; or of one element. */
  #staysBlocked(node: Node): boolean {
    const [output = '', other] = node.outputs;
    if (other !== undefined || !isElementwise(node)) return false;
    const shape = this.#inBlocks(output);
    if (shape === undefined) return false;
    const large = node.inputs.filter((input) => !this.#isOne(input));
    const lies = (input: string): boolean => this.#blocked.has(input) && sameShape(this.#inBlocks(input), shape);
    return large.every(lies) && large.some((input) => this.#made.has(input));
  }

  #compute(node: Node): void {
    const inputs = node.inputs.map((input) => (this.#isOne(input) ? input : this.#blocked.get(input)!));
    const output = node.outputs[0]!;
    const result = this.#editor.freshValue(`${output}/blocked`);
    const channels = this.#inBlocks(output)![1] as number;
    this.#editor.replaceNode(node, { ...node, inputs, outputs: [result] });
    this.#editor.insertAfter(
      node,
      makeNode('ReorderOutput', [result], [output], { domain: NCHWC, attributes: { channels: BigInt(channels) } }),
    );
    this.#blocked.set(output, result);
    this.#made.add(output);
  }

  #bringsChannelsLast(node: Node): boolean {
    const [input = ''] = node.inputs;
    if (node.opType !== 'Transpose' || node.domain !== '' || !this.#blocked.has(input)) return false;
    return intsAttribute(node, 'perm')?.join() === '0,2,3,1' && this.#inBlocks(input) !== undefined;
  }

  /** [N, C/b, H, W, b] → [N, H, W, C]. */
  #bringLast(node: Node): void {
    const blocked = this.#blocked.get(node.inputs[0]!)!;
    const output = node.outputs[0]!;
    const [, channels, height, width] = this.#inBlocks(node.inputs[0]!) as [unknown, number, number, number];
    const reshape = (from: string, dims: readonly number[], to: string): Node => {
      const shape = this.#editor.freshValue(`${output}/shape`);
      this.#editor.setInitializer(makeTensor(shape, 'int64', [dims.length], BigInt64Array.from(dims, BigInt)));
      return makeNode('Reshape', [from, shape], [to]);
    };
    const last = [0, height, width, channels];
    if (channels === this.#block) return this.#editor.replaceNode(node, reshape(blocked, last, output));
    const [apart, turned] = [this.#editor.freshValue(`${output}/apart`), this.#editor.freshValue(`${output}/turned`)];
    this.#editor.insertBefore(
      node,
      reshape(blocked, [0, channels / this.#block, height, width, this.#block], apart),
      makeNode('Transpose', [apart], [turned], { attributes: { perm: [0n, 2n, 3n, 1n, 4n] } }),
    );
    this.#editor.replaceNode(node, reshape(turned, last, output));
  }

  /** Its shape [N, C, H, W] where it can lie in blocks: float32, all sizes but that of the batch known. */
  #inBlocks(value: string): Shape | undefined {
    const { dtype, shape } = this.#values.get(value) ?? {};
    if (dtype !== 'float32' || shape?.length !== 4) return undefined;
    const known = shape.slice(1).every((dim) => typeof dim === 'number');
    return known && (shape[1] as number) % this.#block === 0 ? shape : undefined;
  }

  #isOne(value: string): boolean {
    return value === '' || this.#values.get(value)?.shape?.every((dim) => dim === 1) === true;
  }
}

function sameShape(a: Shape | undefined, b: Shape): boolean {
  return a?.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis]!));
}
