import { GraphEditor } from '../../graph/edit.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model } from '../../graph/ir.ts';
import { makeTensor } from '../../graph/make.ts';
import { layerWeights, outputChannels } from '../../operators/axes.ts';
import { floatDims } from '../../operators/constant-behind.ts';

/** The model with a bias of zeros where a layer with constant weights could take one and has none: room for a correction. */
export function withBiases(model: Model): Model {
  const index = indexGraph(model.graph);
  const editor = new GraphEditor(model.graph);
  let added = false;
  for (const node of model.graph.nodes) {
    const weights = layerWeights(node);
    if (weights?.bias === undefined || (node.inputs[weights.bias] ?? '') !== '') continue;
    const dims = floatDims(index, node.inputs[weights.input] ?? '');
    const shape = dims === undefined ? undefined : outputChannels(node, dims);
    if (dims === undefined || shape === undefined) continue;
    const channels = (dims[shape.axis] ?? 0) * shape.groups;
    const name = editor.freshValue(`${node.name}/bias`);
    editor.setInitializer(makeTensor(name, 'float32', [channels], new Float32Array(channels)));
    const inputs = Array.from({ length: weights.bias + 1 }, (_, at) =>
      at === weights.bias ? name : (node.inputs[at] ?? ''),
    );
    editor.replaceNode(node, { ...node, inputs });
    added = true;
  }
  return added ? { ...model, graph: editor.build() } : model;
}
