import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../../../main/base/progress.ts';
import { kvCache } from '../../../../main/contract/recipe/quantize-cache.ts';
import { recipeSchema } from '../../../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../../../main/engine/dataset/feed-batches.ts';
import type { Model } from '../../../../main/engine/graph/ir.ts';
import { makeValueInfo } from '../../../../main/engine/graph/make.ts';
import { importing } from '../../../../main/engine/graph/opset-imports.ts';
import { openModel } from '../../../../main/engine/onnx/open.ts';
import { saveModel } from '../../../../main/engine/onnx/save.ts';
import { cacheCodes, cacheScales, Extremes } from '../../../../main/engine/quantize/cache-codes.ts';
import { quantizeCache } from '../../../../main/engine/quantize/quantize-cache.ts';
import { sourceOfModel } from '../../../../main/engine/runtime/model-source.ts';
import { startRunner, type Runner } from '../../../../main/engine/runtime/runner.ts';
import type { HostTensor, HostTensors } from '../../../../main/engine/tensor/host-tensor.ts';
import { makeModel } from '../../../../main/engine/trial/make-model.ts';
import { graph } from '../../../support/graph-builder.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { randomFeed } from './oracle.ts';

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

const [HEADS, KEPT, SIZE, ROOM] = [4, 2, 8, 16];

/** One layer of attention with 4 heads that share 2 of keys and values, and room for 16 positions. */
function decoder(): Model {
  const model = graph()
    .input('q', 'float32', ['B', 'S', HEADS * SIZE])
    .input('k', 'float32', ['B', 'S', KEPT * SIZE])
    .input('v', 'float32', ['B', 'S', KEPT * SIZE])
    .input('past_k', 'float32', ['B', KEPT, 'P', SIZE])
    .input('past_v', 'float32', ['B', KEPT, 'P', SIZE])
    .input('len', 'int32', ['B'])
    .input('total', 'int32', [])
    .node(
      'GroupQueryAttention',
      ['q', 'k', 'v', 'past_k', 'past_v', 'len', 'total'],
      { num_heads: BigInt(HEADS), kv_num_heads: BigInt(KEPT) },
      ['y', 'new_k', 'new_v'],
      { name: 'attention', domain: 'com.microsoft' },
    )
    .output('y', 'float32', ['B', 'S', HEADS * SIZE])
    .build({ opset: 17 });
  const kept = ['new_k', 'new_v'].map((name) => makeValueInfo(name, 'float32', ['B', KEPT, 'T', SIZE]));
  return importing(
    { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...kept] } },
    'com.microsoft',
  );
}

const ints = (dims: readonly number[], ...values: number[]): HostTensor => ({
  dtype: 'int32',
  dims,
  data: Int32Array.from(values),
});

/** A prompt of five positions into an empty cache. */
function prompt(seed: number): HostTensors {
  const some = (name: string, size: number) => randomFeed([1, 5, size], seed, name);
  const empty = (): HostTensor => ({
    dtype: 'float32',
    dims: [1, KEPT, ROOM, SIZE],
    data: new Float32Array(KEPT * ROOM * SIZE),
  });
  const [k, v] = [some('k', KEPT * SIZE), some('v', KEPT * SIZE)];
  // Channels of keys differ much: the first of each head is ten times as large.
  const keys = k['k']!.data as Float32Array;
  for (let at = 0; at < keys.length; at += SIZE) keys[at] = keys[at]! * 10;
  const past = { past_k: empty(), past_v: empty() };
  return { ...some('q', HEADS * SIZE), ...k, ...v, ...past, len: ints([1], 4), total: ints([], 5) };
}

async function* calibration(): FeedBatches {
  for (let seed = 1; seed <= 4; seed++) yield prompt(seed);
}

async function quantized(step: object): ReturnType<typeof quantizeCache> {
  const given = kvCache.parse({ scheme: 'kv-cache', ...step });
  return quantizeCache(decoder(), { step: given, calibration, runner }, quietContext());
}

async function run(model: Model, feeds: HostTensors): Promise<HostTensors> {
  const session = await runner.load(sourceOfModel(model), { provider: 'cpu', threads: 1 });
  const found = await session.run(feeds);
  await session.close();
  return found;
}

/** The same inputs with an empty cache of codes: zero is 0 in int8, and 8 in both halves of a byte. */
function withEmptyCodes(feeds: HostTensors, bits: 8 | 4): HostTensors {
  const [dtype, size] = bits === 8 ? (['int8', SIZE] as const) : (['uint8', SIZE / 2] as const);
  const count = KEPT * ROOM * size;
  const data = bits === 8 ? new Int8Array(count) : new Uint8Array(count).fill(0x88);
  const empty: HostTensor = { dtype, dims: [1, KEPT, ROOM, size], data };
  return { ...feeds, past_k: empty, past_v: empty };
}

async function decibels(bits: 8 | 4, perChannel: boolean): Promise<number> {
  const { model } = await quantized({ cacheBits: bits, perChannel });
  const feeds = prompt(9);
  const [a, b] = [await run(decoder(), feeds), await run(model, withEmptyCodes(feeds, bits))];
  const [x, y] = [a['y']!.data as Float32Array, b['y']!.data as Float32Array];
  const sum = (of: (at: number) => number): number => x.reduce((total, _, at) => total + of(at) ** 2, 0);
  return 10 * Math.log10(sum((at) => x[at]!) / sum((at) => x[at]! - y[at]!));
}

describe('the cache of attention as codes', () => {
  it('loses little in 8 bits, more in 4, and less with a scale for each channel', async () => {
    const [fine, coarse] = [await decibels(8, true), await decibels(4, true)];
    expect(fine).toBeGreaterThan(35);
    expect(coarse).toBeGreaterThan(10);
    expect(fine - coarse).toBeGreaterThan(15);
    expect(await decibels(8, false)).toBeLessThan(fine);
  });

  it('has the codes that the runtime itself writes, with its scales', async () => {
    for (const bits of [8, 4] as const) {
      const { model, layers, notes } = await quantized({ cacheBits: bits });
      const feeds = prompt(2);
      const float = await run(decoder(), feeds);
      const coded = await run(model, withEmptyCodes(feeds, bits));
      const scales = model.graph.initializers.find(({ name }) => name === 'attention_key_scale')!;
      expect(scales.dims).toEqual([1, KEPT, 1, SIZE]);
      const largest = new Extremes();
      for await (const each of calibration()) largest.add((await run(decoder(), each))['new_k']!, each['len']);
      const { values } = cacheScales(largest.largest, KEPT, { bits, perChannel: true });
      const expected = cacheCodes(float['new_k']!, values, bits).data as Int8Array;
      const row = bits === 8 ? SIZE : SIZE / 2;
      const got = coded['new_k']!.data as Int8Array;
      // The five rows of the first head that are filled.
      expect(Array.from(got.slice(0, 5 * row))).toEqual(Array.from(expected.slice(0, 5 * row)));
      expect(layers.filter((layer) => layer.quantized).map(({ name }) => name)).toEqual(['attention']);
      expect(notes.join(' ')).toMatch(/past_k/u);
    }
  });

  it('goes on from what a run before has kept', async () => {
    const { model } = await quantized({});
    const first = prompt(3);
    const one = (name: string, size: number) => randomFeed([1, 1, size], 7, name);
    const next = { ...one('q', HEADS * SIZE), ...one('k', KEPT * SIZE), ...one('v', KEPT * SIZE) };
    const places = { len: ints([1], 5), total: ints([], 6) };
    const follow = async (each: Model, feeds: HostTensors): Promise<Float32Array> => {
      const kept = await run(each, feeds);
      const past = { past_k: kept['new_k']!, past_v: kept['new_v']! };
      return (await run(each, { ...next, ...past, ...places }))['y']!.data as Float32Array;
    };
    const [a, b] = [await follow(decoder(), first), await follow(model, withEmptyCodes(first, 8))];
    // Values of up to one, which two runs have rounded to 127 steps.
    expect(Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))).toBeLessThan(0.05);
  });

  it('is written and proved by a recipe, though the model takes other types then', async () => {
    using folder = tempFolder();
    const path = folder.file('decoder.onnx');
    await saveModel(decoder(), path, { overwrite: true });
    const recipe = recipeSchema.parse({ version: 2, steps: [{ quantize: { scheme: 'kv-cache', cacheBits: 4 } }] });
    const sampleFeeds = () => Promise.resolve(prompt(1));
    const surroundings = { calibration, runner, sampleFeeds, vnni: true };
    const output = folder.file('coded.onnx');
    await makeModel(await openModel(path), { recipe, output }, surroundings, quietContext());
    const { model } = await openModel(output);
    const past = model.graph.inputs.find(({ name }) => name === 'past_k')!;
    expect(past.type).toMatchObject({ dtype: 'uint8', shape: ['B', KEPT, 'P', SIZE / 2] });
  });

  it('is refused where there is none, with the reason', async () => {
    const model = graph().input('x', 'float32', [1, 4]).relu({ name: 'r', to: 'y' }).output('y').build();
    const step = kvCache.parse({ scheme: 'kv-cache' });
    const attempt = (of: Model) => quantizeCache(of, { step, calibration, runner }, quietContext());
    await expect(attempt(model)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/GroupQueryAttention/u),
    });
    const whole = decoder();
    const hidden = { ...whole, graph: { ...whole.graph, outputs: whole.graph.outputs.slice(0, 1) } };
    await expect(attempt(hidden)).rejects.toMatchObject({
      message: expect.stringMatching(/not an input and an output/u),
    });
    const { model: coded } = await quantized({});
    await expect(attempt(coded)).rejects.toMatchObject({ message: expect.stringMatching(/codes already/u) });
  });
});

describe('codes of a cache', () => {
  it('are steps of a channel’s scale, two of 4 bits in a byte, the first below', () => {
    // One head of two channels, one row: 1.27 and −0.4 of largest 1.27 and 1.
    const cache: HostTensor = { dtype: 'float32', dims: [1, 1, 1, 2], data: Float32Array.of(1.27, -0.4) };
    const scales = cacheScales(Float32Array.of(1.27, 1), 1, { bits: 8, perChannel: true });
    expect(Array.from(cacheCodes(cache, scales.values, 8).data as Int8Array)).toEqual([127, -51]);
    const coarse = cacheScales(Float32Array.of(1.27, 1), 1, { bits: 4, perChannel: true });
    // 7 and −2.8: 15 below, 5 above.
    expect(cacheCodes(cache, coarse.values, 4)).toMatchObject({ dims: [1, 1, 1, 1], data: Uint8Array.of(0x5f) });
    expect(cacheScales(new Float32Array(4), 2, { bits: 8, perChannel: true }).values).toEqual(
      Float32Array.of(1, 1, 1, 1),
    );
  });

  it('are scaled by the rows that are filled alone', () => {
    const seen = new Extremes();
    // Two rows of one channel; the second is not filled.
    seen.add({ dtype: 'float32', dims: [1, 1, 2, 1], data: Float32Array.of(2, 99) }, ints([1], 0));
    expect(seen.largest).toEqual(Float32Array.of(2));
  });
});
