/** Shapes that follow from what a run gives, against those that the runtime shows. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import type { AttributeInput } from '../../../../main/engine/graph/attributes.ts';
import { inferModel } from '../../../../main/engine/operators/infer.ts';
import { runOnce } from '../../../../main/engine/passes/compare-outputs.ts';
import { heldValues } from '../../../../main/engine/profile/held-values.ts';
import { openValues } from '../../../../main/engine/profile/layer-facts.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../../../main/engine/tensor/random.ts';
import { graph } from '../../../support/graph-builder.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const random = seededRandom(5);
const uniform = (dims: readonly number[], scale = 1): HostTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() * scale),
});
const few = (dims: readonly number[], different: number): HostTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.floor(random() * different)),
});
const float = (value: number): HostTensor => ({ dtype: 'float32', dims: [1], data: Float32Array.of(value) });
const int = (value: number): HostTensor => ({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) });
const words = (...data: readonly string[]): HostTensor => ({ dtype: 'string', dims: [data.length], data });

/** One node: no shape of its outputs stays open, and shapes and values are those of the runtime. */
async function follows(
  opType: string,
  given: readonly HostTensor[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputs: readonly HostTensor['dtype'][] = ['float32'],
): Promise<void> {
  const builder = graph();
  const names = given.map((_, at) => `in${at}`);
  given.forEach(({ dtype, dims }, at) =>
    builder.input(
      names[at]!,
      dtype,
      dims.map(() => null),
    ),
  );
  const out = outputs.map((_, at) => `out${at}`);
  builder.node(opType, names, attributes, out);
  outputs.forEach((dtype, at) => builder.output(out[at]!, dtype));
  const model = builder.build({ opset: 20 });
  const feeds: HostTensors = Object.fromEntries(given.map((tensor, at) => [names[at]!, tensor]));
  expect(openValues(model, {}, {})).toContain('out0');
  expect(openValues(model, {}, feeds)).toEqual([]);
  const found = inferModel(model, heldValues(feeds)).values;
  const measured = await runOnce(model, feeds, runner, quietContext());
  for (const name of out) {
    const { dims, data } = measured[name]!;
    expect(found.get(name)?.shape, name).toEqual(dims);
    const elements = data instanceof BigInt64Array ? Array.from(data, Number) : Array.from<unknown>(data);
    expect(found.get(name)?.constant?.elements, name).toEqual(elements);
  }
}

it.each([0, 0.3, 0.6])('NonMaxSuppression of random boxes above %s', async (overlap) => {
  const boxes = uniform([2, 60, 4], 4);
  const inputs = [boxes, uniform([2, 3, 60]), int(20), float(overlap), float(0.2)];
  await follows('NonMaxSuppression', inputs, {}, ['int64']);
  await follows('NonMaxSuppression', inputs, { center_point_box: 1n }, ['int64']);
});

it('Unique of elements and of slices', async () => {
  const outputs = ['float32', 'int64', 'int64', 'int64'] as const;
  await follows('Unique', [few([50], 12)], {}, outputs);
  await follows('Unique', [few([50], 12)], { sorted: 0n }, outputs);
  for (const axis of [0n, 1n, -1n]) await follows('Unique', [few([6, 7, 2], 2)], { axis }, outputs);
});

it('texts that are split and filtered', async () => {
  const given = words('a  bc d', ' e ', 'f', 'ghi  j k l m ');
  const outputs = ['string', 'int64'] as const;
  await follows('StringSplit', [given], {}, outputs);
  await follows('StringSplit', [given], { maxsplit: 2n }, outputs);
  await follows('StringSplit', [words('a,b,,c', ',', 'd')], { delimiter: ',' }, outputs);
  await follows('StringSplit', [words('a,b,,c', ',', 'd')], { delimiter: ',', maxsplit: 1n }, outputs);
  const stopwords = ['Und', 'oder'];
  // The one that is there everywhere.
  const locale = 'C';
  for (const is_case_sensitive of [0n, 1n]) {
    const attributes = { stopwords, locale, is_case_sensitive, case_change_action: 'LOWER' };
    await follows('StringNormalizer', [words('Hund', 'und', 'Katze', 'Oder', 'Und')], attributes, ['string']);
  }
  await follows('StringNormalizer', [words('und', 'Und')], { stopwords, locale }, ['string']);
});

it('reads half floats, and the head of a file that is long', () => {
  const range = graph()
    .input('start', 'float16', [])
    .input('limit', 'float16', [])
    .input('delta', 'float16', [])
    .node('Range', ['start', 'limit', 'delta'], {}, ['y'])
    .build({ opset: 27 });
  const half = (bits: number): HostTensor => ({ dtype: 'float16', dims: [], data: Uint16Array.of(bits) });
  // 1, 4, 0.5
  expect(openValues(range, {}, { start: half(0x3c00), limit: half(0x4400), delta: half(0x3800) })).toEqual([]);
  const decoder = graph().input('file', 'uint8', [null]).node('ImageDecoder', ['file'], {}, ['y']).build({ opset: 20 });
  const data = new Uint8Array(20_000);
  data.set(Buffer.from('P6 30 20 255\n'));
  const file: HostTensor = { dtype: 'uint8', dims: [data.length], data };
  expect(inferModel(decoder, heldValues({ file })).values.get('y')?.shape).toEqual([20, 30, 3]);
  expect(openValues(decoder, {}, { file })).toEqual([]);
});
