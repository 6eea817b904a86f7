import { expect, it } from 'vitest';
import type { LayerTable } from '../../../../main/contract/layers.ts';
import type { TrialDetails } from '../../../../main/contract/studio.ts';
import { STATES } from '../../../../main/judge/query/fields.ts';
import type { Suspects } from '../../../../main/contract/suspects.ts';
import { layerFacts } from '../../../../renderer/state/layer-facts.ts';
import { overlayData } from '../../../../renderer/state/overlay-data.ts';

/** conv (8 × 3 × 3 × 3 weights) → relu, as a baseline has them or quantized. */
const TABLE: LayerTable = {
  names: ['conv', 'relu'],
  texts: ['', 'Conv', 'Relu', 'float32', 'int8'],
  shapes: [null, ['N', 8, 30, 30]],
  op: Uint32Array.of(1, 2),
  domain: Uint32Array.of(0, 0),
  scope: Uint32Array.of(0, 0),
  precision: Uint32Array.of(4, 3),
  category: Uint8Array.of(0, 1),
  state: Uint8Array.of(0, 0),
  part: Uint8Array.of(1, 11),
  parent: Int32Array.of(-1, -1),
  fusedInto: Int32Array.of(-1, -1),
  values: { names: ['x', 'y', 'z'], dtype: Uint32Array.of(3, 3, 3), shape: Uint32Array.of(0, 1, 0) },
  inputs: { starts: Uint32Array.of(0, 1, 2), items: Uint32Array.of(0, 1) },
  outputs: { starts: Uint32Array.of(0, 1, 2), items: Uint32Array.of(1, 2) },
  graphInputs: Uint32Array.of(0),
  graphOutputs: Uint32Array.of(2),
  parameters: Float64Array.of(216, 0),
  parameterBytes: Float64Array.of(864, 0),
  sourceParameters: Float64Array.of(216, 0),
  macs: Float64Array.of(10, 0),
  bytes: Float64Array.of(20, NaN),
  nodes: { starts: Uint32Array.of(0, 2, 3), items: Uint32Array.of(0, 1, 2) },
  nodeNames: ['conv', 'conv/dequantize', 'relu'],
};

it('joins layers, profile, errors and pruning; what was not measured stays null', () => {
  const [conv, relu] = layerFacts({
    table: TABLE,
    profile: {
      layers: [{ name: 'conv', op: 'Conv', timeMs: 1.5, share: 0.9, kernels: ['k'], macs: 10, gmacsPerSecond: 2 }],
    } as never,
    errors: { samples: 1, notes: [], layers: [{ name: 'relu', sqnrDb: 30, localSqnrDb: null, cosine: 0.99 }] } as never,
    suspects: null,
    details: {
      prune: { layers: [{ name: 'conv', op: 'Conv', sparsity: 0.25, channels: null }] },
      quantize: null,
    } as never as TrialDetails,
  });
  expect(conv).toMatchObject({
    parameters: 216,
    parameterBytes: 864,
    timeMs: 1.5,
    sparsity: 0.25,
    sqnrDb: null,
    shape: ['N', 8, 30, 30],
  });
  expect(relu).toMatchObject({ parameters: 0, timeMs: null, sqnrDb: 30, sparsity: null, shape: null });
});

const quantizedTrial = (fused: boolean): TrialDetails =>
  ({
    prune: null,
    quantize: { layers: [{ name: 'conv', op: 'Conv', quantized: true, fused, reason: null }] },
  }) as never;

it.each([
  [true, 'int8'],
  [false, 'float32'],
])('calls a quantized layer int8 only when the runtime fused it (%s)', (fused, dtype) => {
  const sources = { table: TABLE, profile: null, errors: null, suspects: null, details: quantizedTrial(fused) };
  expect(layerFacts(sources)[0]?.dtype).toBe(dtype);
});

it('gives an overlay only the layers that have a value', () => {
  const layers = layerFacts({
    table: TABLE,
    profile: { layers: [{ name: 'conv', timeMs: 1.5 }] } as never,
    errors: null,
    suspects: null,
    details: null,
  });
  expect([...(overlayData('time', layers, 'here').values ?? [])]).toEqual([['conv', 1.5]]);
});

it('says of a layer without time of its own that it is fused', () => {
  const layers = layerFacts({
    table: TABLE,
    profile: {
      layers: [
        { name: 'conv', timeMs: 1.5 },
        { name: 'relu', timeMs: 0 },
      ],
    } as never,
    errors: null,
    suspects: null,
    details: null,
  });
  expect(overlayData('time', layers, 'here').values.get('relu')).toBe('fused');
});

it('adds up the times of the nodes that compute a layer, and names the layer that a fused one is in', () => {
  const [conv, relu] = layerFacts({
    table: TABLE,
    profile: {
      layers: [
        { name: 'conv', timeMs: 1.5, share: 0.75, fusedInto: null },
        { name: 'conv/dequantize', timeMs: 0.5, share: 0.25, fusedInto: null },
        { name: 'relu', timeMs: 0, share: 0, fusedInto: 'conv/dequantize' },
      ],
    } as never,
    errors: null,
    suspects: null,
    details: null,
  });
  expect(conv).toMatchObject({ timeMs: 2, share: 1, folded: false, fusedInto: null });
  expect(relu).toMatchObject({ folded: true, fusedInto: 'conv' });
});

it('what a step tells of a node that stands for a layer is told of that layer, unless the layer is named itself', () => {
  const told = (names: readonly string[]) =>
    layerFacts({
      table: TABLE,
      profile: null,
      errors: { samples: 1, notes: [], layers: names.map((name, at) => ({ name, sqnrDb: 30 + at })) } as never,
      suspects: null,
      details: null,
    })[0]?.sqnrDb;
  expect(told(['conv/dequantize'])).toBe(30);
  expect(told(['conv', 'conv/dequantize'])).toBe(30);
});

it('says what looked wrong in the values of a layer, and lets it be asked for', () => {
  const suspects: Suspects = {
    on: 'set',
    samples: 9,
    values: 2,
    elements: 10,
    rows: [
      {
        value: 'y',
        layer: 'conv/dequantize',
        op: 'DequantizeLinear',
        shape: [1],
        nan: { elements: 2, samples: 1, first: 4, begins: true },
        infinite: null,
        denormal: null,
        dead: { axis: 1, count: 1, of: 8, channels: [5] },
      },
    ],
  };
  const [conv, relu] = layerFacts({ table: TABLE, profile: null, errors: null, suspects, details: null });
  expect(conv!.suspect).toBe('2 NaN in sample 4, begins here; 1 of 8 channels (axis 1) always 0: 5');
  expect(relu!.suspect).toBeNull();
  expect(STATES.get('suspect')!.holds(conv!)).toBe(true);
  expect(STATES.get('suspect')!.holds(relu!)).toBe(false);
});
