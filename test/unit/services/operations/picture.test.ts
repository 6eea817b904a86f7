import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MOST_DETAILED } from '../../../../main/contract/layer-words.ts';
import type { GraphView } from '../../../../main/contract/studio.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../../main/engine/onnx/encode-model.ts';
import { graph as graphOf } from '../../../../main/services/operations/graph-view.ts';
import { layers } from '../../../../main/services/operations/layers.ts';
import { picture } from '../../../../main/services/operations/picture.ts';
import { layerGraph, pictureGraph } from '../../../../renderer/state/graph-of-layers.ts';
import { graph } from '../../../support/graph-builder.ts';
import { largeTransformer } from '../../../support/large-graph.ts';
import { SAMPLE_GRAPHS } from '../../../support/sample-graphs.ts';
import { tempFolder } from '../../../support/temp-folder.ts';

/** The graph of a model's first picture, and the one that the window draws when all is known. */
async function graphsOf(model: Model): Promise<{ readonly first: GraphView; readonly full: GraphView }> {
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const first = pictureGraph(await picture({ path }));
  const table = await layers({ path, source: null, sources: null });
  const written = table.nodeNames.length <= MOST_DETAILED ? await graphOf({ path }) : null;
  return { first, full: layerGraph(table, written) };
}

describe('picture', () => {
  test.each(Object.entries(SAMPLE_GRAPHS))(
    '%s: is the graph that is drawn later, but for types and shapes',
    async (_, make) => {
      const { first, full } = await graphsOf(make());
      expect(first).toEqual({ ...full, values: [] });
    },
  );

  test('goes without details where there are too many nodes', async () => {
    const { first, full } = await graphsOf(largeTransformer(MOST_DETAILED + 100));
    expect(first).toEqual({ ...full, values: [] });
    expect(first.nodes.every(({ weights, attributes }) => weights.length + attributes.length === 0)).toBe(true);
  });

  test('tells the weights of nodes that serve a layer, and its own attributes', async () => {
    const { first } = await graphsOf(
      graph()
        .input('x', 'float32', [1, 2])
        .weights('w', [2, 3])
        .node('Transpose', ['w'], {}, ['t'])
        .node('Gemm', ['x', 't'], { alpha: 0.5 }, ['y'], { name: 'gemm' })
        .output('y')
        .build(),
    );
    expect(first.nodes).toMatchObject([
      {
        name: 'gemm',
        op: 'Gemm',
        weights: [{ tensor: 'w', shape: [2, 3] }],
        attributes: [{ name: 'alpha', text: '0.5' }],
      },
    ]);
  });
});
