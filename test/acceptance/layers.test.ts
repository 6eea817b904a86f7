/** Layers of real models: what is one, and that a quantized model has those of its source. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { groupLayers } from '../../main/engine/layers/group-layers.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { layerRows } from '../../main/judge/layer-table.ts';
import { layers } from '../../main/services/operations/layers.ts';
import { tempFolder } from '../support/temp-folder.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const entry = fileURLToPath(new URL('../../main/cli/cli-entry.ts', import.meta.url));
const modelPath = (name: string): string => {
  const folder = join(assets, 'models', name);
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.onnx')) ?? '');
};
const rowsOf = async (path: string, source: string | null = null) =>
  layerRows(await layers({ path, source, sources: null }));

describe.skipIf(!existsSync(assets))('layers of real models', () => {
  // Nodes that compute on what is fed. Of ResNet-20's 102 nodes, 32 are Constants and 14 compute pads of constants.
  it.each([
    ['resnet20-cifar10', 102, 56],
    ['resnet20-cifar10-dynamo', 56, 56],
    ['mobilenetv1-025-128', 59, 59],
    ['mobilenetv1-025-128-qdq', 175, 59],
    ['llama-dreams-260k', 594, 265],
    ['llama-dreams-260k-int4', 594, 265],
    ['light-densenet121', 1746, 668],
    ['yolox-nano', 369, 369],
    ['silero-vad', 689, 167],
  ])('%s: %i nodes, %i layers, no node lost', async (name, nodes, expected) => {
    const { all } = groupLayers((await openModel(modelPath(name))).model);
    expect(all).toHaveLength(expected);
    const members = all.flatMap((layer) => layer.nodes.map(({ layer: node }) => node));
    expect(new Set(members).size).toBe(nodes);
    expect(members).toHaveLength(nodes);
  });

  it('light-densenet121 starts with its convolution, not with the arithmetic of its weights', async () => {
    const { all } = groupLayers((await openModel(modelPath('light-densenet121'))).model);
    expect(all.slice(0, 6).map(({ main }) => main.node.opType)).toEqual([
      'Conv',
      'BatchNormalization',
      'Mul',
      'Add',
      'Relu',
      'MaxPool',
    ]);
  });

  it('4-bit weights show as what they are', async () => {
    const rows = await rowsOf(modelPath('llama-dreams-260k-int4'));
    expect(rows.filter(({ precision }) => precision === 'int4 weights').map(({ parameters }) => parameters)[0]).toBe(
      4096,
    );
  });

  it('a quantized ResNet-20 has the layers of the float one, with the weights they had', async () => {
    using folder = tempFolder();
    const source = modelPath('resnet20-cifar10');
    const path = folder.file('int8.onnx');
    const data = join(assets, 'data', 'cifar10-raw-242');
    const npz = join(
      data,
      readdirSync(data).find((file) => file.endsWith('.npz'))!,
    );
    const norm = ['--mean', '0.485,0.456,0.406', '--std', '0.229,0.224,0.225'];
    execFileSync(
      // In int8 as a whole: which layers are worth it is measured, and not the same at every run.
      process.execPath,
      [entry, 'quantize', source, '-o', path, '--data', npz, ...norm, '--samples', '32', '--speed', 'all', '--quiet'],
      { stdio: 'pipe' },
    );
    const float = await rowsOf(source);
    const int8 = await rowsOf(path, source);
    expect(int8.map(({ name }) => name)).toEqual(float.map(({ name }) => name));
    expect(int8.every(({ state }) => state === 'present')).toBe(true);
    expect(int8.map(({ parameters }) => parameters)).toEqual(float.map(({ parameters }) => parameters));
    const convs = int8.filter(({ op }) => op === 'Conv');
    expect(convs.map(({ precision }) => precision)).toEqual(convs.map(() => 'int8'));
    // 16 filters of 16 × 3 × 3 in a byte each, and 16 biases in four
    expect(convs[1]).toMatchObject({ parameters: 2320, parameterBytes: 2304 + 64 });
  }, 60_000);
});
