import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { layerJson } from '../../../main/services/operations/layers.ts';
import { graph } from '../../support/graph-builder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('a layer is told as plain data, its attributes with their values, its inputs with roles, types and bytes', async () => {
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  const model = graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .conv({ channels: 4, kernel: 3, pad: 1, name: 'conv', to: 'c' })
    .node('LeakyRelu', ['c'], { alpha: 0.25 }, ['y'], { name: 'leaky' })
    .output('y')
    .build({ opset: 17 });
  writeFileSync(path, encodeModelBytes(model));
  const told = await layerJson({ path, source: null, sources: null, layer: 'conv' });
  expect(JSON.parse(JSON.stringify(told))).toMatchObject({
    layer: 'conv',
    source: { path, sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) as string },
    nodes: [
      {
        name: 'conv',
        op: 'Conv',
        opset: 17,
        within: null,
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
        inputs: [
          { name: 'x', role: 'X', dtype: 'float32', shape: ['N', 3, 8, 8], stored: false },
          { role: 'W', dtype: 'float32', shape: [4, 3, 3, 3], stored: true, bytes: 432 },
          { role: 'B', shape: [4], stored: true, bytes: 16 },
        ],
        outputs: [{ name: 'c', dtype: 'float32', shape: ['N', 4, 8, 8], stored: false }],
      },
    ],
  });
  const leaky = await layerJson({ path, source: null, sources: null, layer: 'leaky' });
  expect(leaky.nodes[0]!.attributes).toEqual({ alpha: 0.25 });
  await expect(layerJson({ path, source: null, sources: null, layer: 'none' })).rejects.toMatchObject({
    code: 'MODEL_UNKNOWN_LAYER',
  });
});
