import { quietContext } from '../../../main/base/progress.ts';
import { expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import type { Profile, ProfileLayer } from '../../../main/contract/results.ts';
import type { Model } from '../../../main/engine/graph/ir.ts';
import { encodeModelBytes } from '../../../main/engine/onnx/encode-model.ts';
import { compareLayers, type ComparedModel } from '../../../main/services/operations/compare-layers.ts';
import { inspect } from '../../../main/services/operations/inspect.ts';
import { openShared } from '../../../main/services/operations/opened-models.ts';
import { graph } from '../../support/graph-builder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const RELATED = { related: true };

const float = (): Model =>
  graph()
    .input('x', 'float32', [1, 3, 2, 2])
    .conv({ channels: 256, kernel: 1, bias: false, name: 'conv', to: 'c' })
    .node('Sigmoid', ['c'], {}, ['s'], { name: 'sigmoid' })
    .relu({ name: 'relu', to: 'y' })
    .output('y')
    .build();

/** The same, its convolution in int8 with 768 weights of a byte. */
const int8 = (): Model =>
  graph()
    .input('x', 'float32', [1, 3, 2, 2])
    .initializer('s', 'float32', [], [0.1])
    .initializer('z', 'uint8', [], [128])
    .initializer('wz', 'int8', [], [0])
    .initializer('w', 'int8', [256, 3, 1, 1], new Int8Array(768))
    .node('QuantizeLinear', ['x', 's', 'z'], {}, ['xq'], { name: 'x/q' })
    .node('DequantizeLinear', ['xq', 's', 'z'], {}, ['xd'], { name: 'x/d' })
    .node('DequantizeLinear', ['w', 's', 'wz'], {}, ['wd'], { name: 'w/d' })
    .node('Conv', ['xd', 'wd'], {}, ['c'], { name: 'conv' })
    .node('Sigmoid', ['c'], {}, ['sig'], { name: 'sigmoid' })
    .node('Relu', ['sig'], {}, ['y'], { name: 'relu' })
    .output('y')
    .build();

async function side(
  model: Model,
  layers: readonly Partial<ProfileLayer>[] = [],
  sources: ComparedModel['sources'] = new Map(),
): Promise<ComparedModel> {
  using folder = tempFolder();
  const path = folder.file('m.onnx');
  writeFileSync(path, encodeModelBytes(model));
  const rows = (await inspect({ path, dims: {}, scanWeights: false }, quietContext())).layers;
  return { model: (await openShared(path)).model, rows, profile: { layers } as Profile, sources };
}

test('a quantized layer is said by its precision and the bytes of its weights, not as nodes added', async () => {
  const rows = compareLayers(await side(float()), await side(int8()), RELATED);
  expect(rows.map(({ name, status, changes }) => [name, status, changes])).toEqual([
    ['conv', 'changed', ['int8, weights 768 B', 'attributes']],
    ['sigmoid', 'same', []],
    ['relu', 'same', []],
  ]);
  expect(rows[0]).toMatchObject({ parametersA: 768, parametersB: 768, parameterBytesA: 3072, parameterBytesB: 768 });
});

test('a layer that another one’s kernel computes has no time of its own, but names that one with its time', async () => {
  const timed = await side(float(), [
    { name: 'conv', timeMs: 2, fusedInto: null },
    { name: 'sigmoid', timeMs: 1, fusedInto: null },
    { name: 'relu', timeMs: 0, fusedInto: 'conv' },
  ]);
  const [, , relu] = compareLayers(timed, await side(int8()), RELATED);
  expect(relu).toMatchObject({ timeAMs: null, fusedA: { into: 'conv', timeMs: 2 }, timeBMs: null, fusedB: null });
});

test('a layer that went into another is fused, with that one’s time, not removed', async () => {
  const folded = graph()
    .input('x', 'float32', [1, 3, 2, 2])
    .conv({ channels: 256, kernel: 1, bias: false, name: 'conv', to: 's' })
    .relu({ name: 'relu', to: 'y' })
    .output('y')
    .build();
  const rows = compareLayers(
    await side(float()),
    await side(folded, [{ name: 'conv', timeMs: 3, fusedInto: null }]),
    RELATED,
  );
  expect(rows[1]).toMatchObject({
    name: 'sigmoid',
    status: 'changed',
    changes: ['fused into conv'],
    fusedB: { into: 'conv', timeMs: 3 },
  });
});

test('two trials are compared by what each told of its nodes, whatever their names', async () => {
  const named = (conv: string, value: string): Model =>
    graph()
      .input('x', 'float32', [1, 3, 2, 2])
      .conv({ channels: 4, kernel: 1, bias: false, name: conv, to: value })
      .relu({ name: 'relu', to: 'y' })
      .output('y')
      .build();
  const a = await side(named('call/Conv_0', 'u'), [], new Map([['call/Conv_0', ['call']]]));
  const b = await side(named('renamed', 'v'), [], new Map([['renamed', ['call']]]));
  expect(compareLayers(a, b, RELATED).map(({ name, status }) => [name, status])).toEqual([
    ['call/Conv_0', 'same'],
    ['relu', 'same'],
  ]);
  expect(compareLayers(a, { ...b, sources: new Map() }, RELATED).map(({ status }) => status)).toEqual([
    'removed',
    'same',
    'added',
  ]);
});

test('models that nobody relates are matched by what they are, with the reason, and their own names', async () => {
  const renamed = graph()
    .input('image', 'float32', [1, 3, 2, 2])
    .conv({ channels: 256, kernel: 1, bias: false, name: 'features.0', to: 'v' })
    .relu({ name: 'node_1', to: 'out' })
    .output('out')
    .build();
  const rows = compareLayers(await side(float()), await side(renamed), { related: false });
  expect(rows.map(({ name, nameB, matchedBy, status, changes }) => [name, nameB, matchedBy, status, changes])).toEqual([
    ['conv', 'features.0', 'weights', 'same', []],
    ['sigmoid', null, null, 'changed', ['fused into conv']],
    ['relu', 'node_1', 'order', 'same', []],
  ]);
});
