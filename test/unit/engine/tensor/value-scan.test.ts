import { describe, expect, it } from 'vitest';
import { ValueScan } from '../../../../main/engine/tensor/value-scan.ts';
import type { HostTensor } from '../../../../main/engine/tensor/host-tensor.ts';

const tensor = (dims: readonly number[], values: readonly number[]): HostTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(values),
});

describe('ValueScan', () => {
  it('counts what is not a number, infinite or denormal, and tells the first sample with it', () => {
    const scan = new ValueScan(null);
    scan.add(tensor([1, 3], [1, 2, 0]), { first: 0, batch: 1, count: 1 });
    scan.add(tensor([1, 3], [NaN, -Infinity, NaN]), { first: 1, batch: 1, count: 1 });
    scan.add(tensor([1, 3], [NaN, 1e-40, -1e-40]), { first: 2, batch: 1, count: 1 });
    const { nan, infinite, denormal, elements } = scan.taken();
    expect(elements).toBe(9);
    expect(nan).toEqual({ elements: 3, samples: 2, first: 1 });
    expect(infinite).toEqual({ elements: 1, samples: 1, first: 1 });
    expect(denormal).toEqual({ elements: 2, samples: 1, first: 2 });
  });

  it('takes the least normal number and zero for sound', () => {
    const scan = new ValueScan(null);
    scan.add(tensor([3], [2 ** -126, 0, -0]), { first: 0, batch: 1, count: 1 });
    expect(scan.taken().denormal.elements).toBe(0);
  });

  it('tells rows of a batch apart, without its padding', () => {
    const scan = new ValueScan(null);
    scan.add(tensor([4, 2], [1, 1, 1, NaN, 1, 1, NaN, NaN]), { first: 8, batch: 4, count: 3 });
    expect(scan.taken().nan).toEqual({ elements: 1, samples: 1, first: 9 });
  });

  it('looks at all of a value whose first axis is no batch', () => {
    const scan = new ValueScan(null);
    scan.add(tensor([3, 1], [1, 1, NaN]), { first: 5, batch: 1, count: 1 });
    expect(scan.taken().nan).toEqual({ elements: 1, samples: 1, first: 5 });
  });

  it('keeps the greatest magnitude of each channel over all runs', () => {
    const scan = new ValueScan(1);
    // channels 0, 1 and 2 of 1 × 3 × 2
    scan.add(tensor([1, 3, 2], [0, 1, 0, 0, -4, 0]), { first: 0, batch: 1, count: 1 });
    scan.add(tensor([1, 3, 2], [0, -2, 0, 0, 3, 0]), { first: 1, batch: 1, count: 1 });
    expect([...scan.taken().channelMax!]).toEqual([2, 0, 4]);
  });

  it('has no channels where their number changes', () => {
    const scan = new ValueScan(1);
    scan.add(tensor([1, 2], [0, 1]), { first: 0, batch: 1, count: 1 });
    scan.add(tensor([1, 3], [0, 1, 1]), { first: 1, batch: 1, count: 1 });
    expect(scan.taken().channelMax).toBeNull();
  });

  it('reads half floats', () => {
    const scan = new ValueScan(null);
    // 0x7e00 is NaN, 0xfc00 −∞, 0x0001 the least denormal, 0x3c00 one
    scan.add(
      { dtype: 'float16', dims: [4], data: Uint16Array.of(0x7e00, 0xfc00, 0x0001, 0x3c00) },
      { first: 0, batch: 1, count: 1 },
    );
    const { nan, infinite, denormal } = scan.taken();
    expect([nan.elements, infinite.elements, denormal.elements]).toEqual([1, 1, 1]);
  });
});
