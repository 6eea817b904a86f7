/** Costs of real models against published counts, and their parameters against the index of the assets. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../main/engine/onnx/open.ts';
import { costOfLayers, totalCost } from '../../main/engine/operators/cost.ts';
import { inferModel } from '../../main/engine/operators/infer.ts';

const assets = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/assets');

async function totalOf(name: string, dims: Record<string, number> = {}) {
  const folder = join(assets, 'models', name);
  const file = readdirSync(folder).find((it) => it.endsWith('.onnx'))!;
  const { model } = await openModel(join(folder, file));
  return totalCost(costOfLayers(model, inferModel(model, { dims })));
}

/** Parameters of the index table, by model. */
function indexedParameters(): readonly (readonly [string, number])[] {
  if (!existsSync(join(assets, 'INDEX.md'))) return [];
  const rows = readFileSync(join(assets, 'INDEX.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.flatMap((cells) => {
    const [, name = '', kind = '', , , , parameters = ''] = cells;
    const real = /^\d+$/.test(parameters) && Number(parameters) > 10_000;
    return real && kind !== 'broken' ? [[name, Number(parameters)] as const] : [];
  });
}

describe.skipIf(!existsSync(assets))('costs of real models', () => {
  it('agree with published multiply–accumulates', async () => {
    // ResNet-20 with shortcuts that subsample and pad (the index has 269,034 parameters; projections would add 3,440):
    // 3→16 at 32², six 16→16 at 32², 16→32 and five 32→32 at 16², 32→64 and five 64→64 at 8², and 64→10
    const resnet20 = 9 * (3 * 16 * 1024 + 6 * 256 * 1024 + (512 + 5 * 1024) * 256 + (2048 + 5 * 4096) * 64) + 640;
    expect((await totalOf('resnet20-cifar10', { batch: 1 })).macs).toBe(resnet20);
    // Sandler et al. 2018, table 4: 300 M; ResNet-50: 4.1 G (torchvision)
    expect((await totalOf('mobilenetv2-100-224', { N: 1 })).macs / 1e6).toBeCloseTo(300, -1);
    expect((await totalOf('light-resnet50')).macs / 1e9).toBeCloseTo(4.1, 1);
  });

  /** What the index counts and is no parameter: shapes, slices and axes; scales and zero points; and 4-bit weights by bytes. */
  const numbersThatAreNone: Readonly<Record<string, number>> = {
    'antispoof-fp32': 3,
    'antispoof-int8': 337,
    'dtln-1': 64,
    'edge-qdq-multi-consumer': 42,
    'llama-dreams-260k-int4': 160512 - 265792,
    'mobilenetv1-025-128': 54,
    'mobilenetv1-025-128-qdq': 226,
    'mobilenetv2-100-224': 70,
    'resnet20-cifar10-dynamo': 24,
    'yolox-nano': 18,
  };

  it.each(indexedParameters())(
    '%s has the parameters of the index, less numbers that are none',
    async (name, count) => {
      expect((await totalOf(name)).parameters).toBe(count - (numbersThatAreNone[name] ?? 0));
    },
  );

  it('counts the same for a model and its quantized pair', async () => {
    for (const pair of [
      ['antispoof-fp32', 'antispoof-int8'],
      ['mobilenetv1-025-128', 'mobilenetv1-025-128-qdq'],
      ['llama-dreams-260k', 'llama-dreams-260k-int4'],
      ['resnet20-cifar10', 'resnet20-cifar10-dynamo'],
    ]) {
      const [float, other] = [await totalOf(pair[0]!), await totalOf(pair[1]!)];
      expect(other.parameters).toBe(float.parameters);
    }
  });
});
