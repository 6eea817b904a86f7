import { expect, it } from 'vitest';
import { splitWeights } from '../../../../main/engine/quantize/split-inputs.ts';

it('puts weights for the rest of each channel, a sixteenth of the others, behind those of all channels', () => {
  // Two outputs, two channels, a kernel of one.
  const { values, dims } = splitWeights(Float32Array.of(16, 32, 48, 64), [2, 2, 1, 1]);
  expect(dims).toEqual([2, 4, 1, 1]);
  expect([...values]).toEqual([16, 32, 1, 2, 48, 64, 3, 4]);
});
