import { MOST_DETAILED } from '../../contract/layer-words.ts';
import type { ModelPicture } from '../../contract/model-picture.ts';
import { groupLayers } from '../../engine/layers/group-layers.ts';
import { layerStructure } from '../../engine/layers/layer-structure.ts';
import { writtenGraph } from './graph-view.ts';
import { openShared } from './opened-models.ts';

/** What the first picture of a model is drawn from: the file alone. Shapes and costs take longer than reading it. */
export async function picture({ path }: { path: string }): Promise<ModelPicture> {
  const { model } = await openShared(path);
  const layers = layerStructure(model).columns;
  const grouped = groupLayers(model).all;
  const nodes = grouped.reduce((sum, layer) => sum + layer.nodes.length, 0);
  if (nodes > MOST_DETAILED) return { layers, details: null };
  const written = writtenGraph(model);
  const byName = new Map(written.nodes.map((node) => [node.name, node]));
  const boxes = grouped.map((layer) => {
    const [main, ...others] = layer.nodes.flatMap(({ layer: name }) => byName.get(name) ?? []);
    return {
      weights: [...(main?.weights ?? []), ...others.flatMap(({ weights }) => weights)],
      attributes: main?.attributes ?? [],
    };
  });
  return { layers, details: { boxes, inner: [...written.inner.nodes], bodies: [...written.inner.bodies] } };
}
