import { GraphEditor } from '../graph/edit.ts';
import { intAttribute, makeAttribute } from '../graph/attributes.ts';
import { indexGraph } from '../graph/index-graph.ts';
import type { Attribute, Model, Node, OpsetImport, Shape } from '../graph/ir.ts';
import { makeGraph, makeModel, makeNode, makeTensor, makeValueInfo } from '../graph/make.ts';
import { inferModel } from '../operators/infer.ts';
import { NCHWC } from '../operators/spec.ts';
import type { Runner } from '../runtime/runner.ts';
import { encodeModel } from '../onnx/encode-model.ts';
import { keepBlocked } from './keep-blocked.ts';

/**
 * From this many channels on both sides on, plain kernels are as fast as blocked ones with their reordering. Of one place, measured: 64 channels of
 * 28 × 28 alike; depthwise 96 of 28 × 28 a sixth of the time, 576 of 14 × 14 half. Of several places, which plain kernels cut out of the data first: 16
 * channels of 32 × 32 a third, 32 of 16 × 16 half, 64 of 8 × 8 two thirds, 128 of 28 × 28 nine tenths, 256 of 14 × 14 the same.
 */
const ENOUGH_CHANNELS = { onePlace: 64, severalPlaces: 192 };

/** Kernels of this many places are as large as their picture: more values than the data, and too many to reorder. */
const HUGE_KERNEL = 49;

/**
 * How many channels the runtime's blocked layout puts together on this machine; undefined where it has none. Asked of its own
 * reordering: of channels with two places each, place 1 of channel 0 comes after the first block.
 */
export async function channelBlock(runner: Runner): Promise<number | undefined> {
  const channels = 64;
  const model = makeModel(
    makeGraph({
      nodes: [makeNode('ReorderInput', ['x'], ['y'], { domain: NCHWC })],
      inputs: [makeValueInfo('x', 'float32', [1, channels, 1, 2])],
      outputs: [makeValueInfo('y', 'float32', [1, channels, 1, 2])],
    }),
    { opsetImports: [DEFAULT, BLOCKED] },
  );
  const data = Float32Array.from({ length: channels * 2 }, (_, at) => at);
  try {
    const session = await runner.load({ bytes: encodeModel(model) }, { provider: 'cpu', threads: 1 });
    const { y } = await session.run({ x: { dtype: 'float32', dims: [1, channels, 1, 2], data } });
    await session.close();
    const block = (y!.data as Float32Array).indexOf(1);
    return block > 1 ? block : undefined;
  } catch (error) {
    if (!runner.alive) throw error;
    return undefined;
  }
}

const DEFAULT: OpsetImport = { domain: '', version: 21, unknown: [] };
const BLOCKED: OpsetImport = { domain: NCHWC, version: 1, unknown: [] };

/**
 * Writes convolutions whose weights are computed in the runtime's blocked layout, which it uses by itself only where weights are
 * constant: data and kernels are reordered before, the result after. For a model that runs on this machine alone; a Relu that
 * follows is computed on the way.
 * @param block of `channelBlock`
 */
export function blockConvolutions(model: Model, block: number): Model {
  const { graph } = model;
  const index = indexGraph(graph);
  const { values } = inferModel(model);
  const editor = new GraphEditor(graph);
  let blocked = 0;
  for (const node of graph.nodes) {
    if (node.opType !== 'Conv' || node.domain !== '') continue;
    const [data = '', weight = '', bias = ''] = node.inputs;
    if (index.initializer(weight) !== undefined) continue;
    const shape = values.get(weight)?.shape;
    const layout = kernelLayout(node, shape, block);
    if (layout === undefined) continue;
    const [outputs, , ...kernel] = shape as readonly [number, number, number, number];
    const named = (suffix: string): string => editor.freshValue(`${node.outputs[0]}/${suffix}`);
    const constant = (dims: readonly number[]): string => {
      const name = named('shape');
      editor.setInitializer(makeTensor(name, 'int64', [dims.length], BigInt64Array.from(dims, BigInt)));
      return name;
    };
    const [kernels, ordered, result] = ['kernels', 'ordered', 'blocked'].map(named) as [string, string, string];
    const kernelsInBlocks = (from: string): Node[] => {
      const [picture, reordered] = [named('picture'), named('reordered')];
      const nodes = [
        makeNode('Reshape', [from, constant(layout.picture)], [picture]),
        makeNode('ReorderInput', [picture], [reordered], { domain: NCHWC }),
      ];
      const whole = constant(shape as readonly number[]);
      if (layout.blocks === undefined) return [...nodes, makeNode('Reshape', [reordered, whole], [kernels])];
      const { cut, perm } = layout.blocks;
      const [apart, turned] = [named('cut'), named('turned')];
      return [
        ...nodes,
        makeNode('Reshape', [reordered, constant(cut)], [apart]),
        makeNode('Transpose', [apart], [turned], { attributes: { perm } }),
        makeNode('Reshape', [turned, whole], [kernels]),
      ];
    };
    const relu = onlyRelu(index, node);
    const attributes = node.attributes.filter(({ name }) => name !== 'kernel_shape');
    const convolution: Node = {
      ...makeNode('Conv', [ordered, kernels, ...(bias === '' ? [] : [bias])], [result], {
        name: node.name,
        domain: NCHWC,
      }),
      attributes: [
        ...attributes,
        makeAttribute('kernel_shape', kernel.map(BigInt)),
        ...(relu === undefined ? [] : [makeAttribute('activation', 'Relu')]),
      ] satisfies Attribute[],
    };
    editor.insertBefore(
      node,
      ...kernelsInBlocks(weight),
      makeNode('ReorderInput', [data], [ordered], { domain: NCHWC }),
      convolution,
    );
    const output = relu?.outputs[0] ?? node.outputs[0]!;
    editor.replaceNode(
      node,
      makeNode('ReorderOutput', [result], [output], { domain: NCHWC, attributes: { channels: BigInt(outputs) } }),
    );
    if (relu !== undefined) editor.removeNode(relu);
    blocked++;
  }
  if (blocked === 0) return model;
  const known = model.opsetImports.some(({ domain }) => domain === NCHWC);
  const opsetImports = known ? model.opsetImports : [...model.opsetImports, BLOCKED];
  return keepBlocked({ ...model, opsetImports, graph: editor.build() }, { block, values });
}

/**
 * How kernels come into blocks: outputs by the runtime's own reordering, as if they were channels of a picture, then whole blocks of them are moved. Both are
 * fast, where one transposition of six axes took four times as long (64 × 64 × 3 × 3: 0.12 ms).
 */
interface KernelLayout {
  readonly picture: readonly number[];
  /** How that is cut then, and the order of its axes; undefined: it stays. */
  readonly blocks: { readonly cut: readonly number[]; readonly perm: readonly bigint[] } | undefined;
}

/**
 * Two axes, whole blocks of channels: one group and few enough of them, [M/b, C/b, kH, kW, b of C, b of M]; or each channel on
 * its own, [C/b, 1, kH, kW, b]. undefined: it stays as it is.
 */
function kernelLayout(node: Node, shape: Shape | undefined, block: number): KernelLayout | undefined {
  if (shape?.length !== 4 || shape.some((dim) => typeof dim !== 'number')) return undefined;
  const [outputs, inputs, ...kernel] = shape as readonly [number, number, number, number];
  const group = intAttribute(node, 'group', 1);
  if (outputs % block !== 0) return undefined;
  if (inputs === 1 && group === outputs && group > 1) return { picture: [1, outputs, ...kernel], blocks: undefined };
  const places = kernel[0]! * kernel[1]!;
  const enough = places === 1 ? ENOUGH_CHANNELS.onePlace : ENOUGH_CHANNELS.severalPlaces;
  if (group !== 1 || inputs % block !== 0 || Math.min(inputs, outputs) >= enough || places >= HUGE_KERNEL) {
    return undefined;
  }
  const cut = [outputs / block, inputs / block, block, places, block];
  return { picture: [1, outputs, inputs, places], blocks: { cut, perm: [0n, 1n, 3n, 2n, 4n] } };
}

/** The Relu that alone uses the node's output. */
function onlyRelu(index: ReturnType<typeof indexGraph>, node: Node): Node | undefined {
  const output = node.outputs[0]!;
  const [consumer, other] = index.consumers(output);
  if (consumer?.opType !== 'Relu' || other !== undefined || index.isOutput(output)) return undefined;
  return consumer;
}
