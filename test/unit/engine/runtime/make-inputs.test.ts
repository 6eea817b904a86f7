import { describe, expect, it } from 'vitest';
import { resolveInputDims } from '../../../../main/engine/runtime/input-dims.ts';
import { makeInputs } from '../../../../main/engine/runtime/make-inputs.ts';
import type { PortInfo } from '../../../../main/engine/runtime/settings.ts';

const port = (name: string, dtype: PortInfo['dtype'], shape: PortInfo['shape']): PortInfo => ({ name, dtype, shape });
const plain = { batch: 1, dims: {} };

describe('resolveInputDims', () => {
  it('takes the first open dimension as batch and gives every input of that name the same', () => {
    const inputs = [port('x', 'float32', ['N', 3]), port('y', 'float32', ['N', 5])];
    expect(resolveInputDims(inputs, { batch: 4, dims: {} })).toEqual({
      batch: 4,
      dims: { N: 4 },
      assumed: [],
      shapes: [
        [4, 3],
        [4, 5],
      ],
    });
  });

  it('assumes what nobody gave and says so', () => {
    const { dims, assumed } = resolveInputDims([port('ids', 'int64', ['batch', 'seq'])], plain);
    expect(dims).toEqual({ batch: 1, seq: 16 });
    expect(assumed).toEqual(['seq = 16']);
  });

  it('prefers what was given, also for dimensions without a name', () => {
    const inputs = [port('ids', 'int64', ['batch', '']), port('x', 'float32', ['batch', 3, 'h', 'w'])];
    const { shapes, assumed } = resolveInputDims(inputs, { batch: 2, dims: { 'ids[1]': 7, h: 32 } });
    expect(shapes).toEqual([
      [2, 7],
      [2, 3, 32, 224],
    ]);
    expect(assumed).toEqual(['w = 224']);
  });

  it('computes sums of named dimensions, wherever they stand', () => {
    const inputs = [port('mask', 'int64', ['batch', 'past + seq']), port('ids', 'int64', ['batch', 'seq'])];
    const { dims } = resolveInputDims(inputs, { batch: 1, dims: { past: 8, seq: 3 } });
    expect(dims['past + seq']).toBe(11);
  });

  it('gives recurrent states the batch', () => {
    const inputs = [port('input', 'float32', ['', 512]), port('state', 'float32', [2, '', 128])];
    expect(resolveInputDims(inputs, { batch: 3, dims: {} }).shapes[1]).toEqual([2, 3, 128]);
  });

  it('refuses a batch that the model does not allow', () => {
    const inputs = [port('x', 'float32', [1, 3, 8, 8])];
    expect(() => resolveInputDims(inputs, { batch: 8, dims: {} })).toThrow(/fixed at 1, got 8/);
    expect(resolveInputDims(inputs, plain).batch).toBe(1);
  });
});

describe('makeInputs', () => {
  it('makes the same inputs for the same seed and others for another', () => {
    const inputs = [port('x', 'float32', [100])];
    const first = makeInputs(inputs, { ...plain, seed: 5 }).feeds['x']!.data;
    expect(makeInputs(inputs, { ...plain, seed: 5 }).feeds['x']!.data).toEqual(first);
    expect(makeInputs(inputs, { ...plain, seed: 6 }).feeds['x']!.data).not.toEqual(first);
  });

  it('makes standard normal floats, and images between 0 and 1', () => {
    const { feeds } = makeInputs([port('x', 'float32', [10_000]), port('image', 'float32', [1, 3, 40, 40])], plain);
    const x = [...(feeds['x']!.data as Float32Array)];
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    // four standard errors: 4 / √10000 for the mean, 4 · √(2 / 10000) for the variance
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(variance - 1)).toBeLessThan(0.06);
    const image = feeds['image']!.data as Float32Array;
    expect(Math.min(...image)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...image)).toBeLessThan(1);
  });

  it('knows masks, positions, token types and small ids by name', () => {
    const { feeds } = makeInputs(
      [
        port('attention_mask', 'int64', [1, 3]),
        port('position_ids', 'int64', [2, 3]),
        port('token_type_ids', 'int64', [1, 2]),
        port('input_ids', 'int32', [1, 200]),
        port('mask', 'bool', [2]),
      ],
      plain,
    );
    expect(feeds['attention_mask']!.data).toEqual(new BigInt64Array([1n, 1n, 1n]));
    expect(feeds['position_ids']!.data).toEqual(new BigInt64Array([0n, 1n, 2n, 0n, 1n, 2n]));
    expect(feeds['token_type_ids']!.data).toEqual(new BigInt64Array([0n, 0n]));
    expect(Math.max(...(feeds['input_ids']!.data as Int32Array))).toBe(7);
    expect(feeds['mask']!.data).toEqual(new Uint8Array([1, 1]));
  });

  it('packs two 4-bit elements in a byte and rounds up', () => {
    expect(makeInputs([port('x', 'int4', [5])], plain).feeds['x']!.data.length).toBe(3);
  });

  it('says which input cannot be made', () => {
    expect(() => makeInputs([port('s', null, null)], plain)).toThrow(/'s' is a sequence/);
    expect(() => makeInputs([port('x', 'float32', null)], plain)).toThrow(/'x' has no declared rank/);
    expect(() => makeInputs([port('x', 'complex64', [1])], plain)).toThrow(/takes no complex64/);
  });
});
