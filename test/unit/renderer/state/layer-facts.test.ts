import { expect, it } from 'vitest';
import type { GraphView, TrialDetails } from '../../../../main/contract/studio.ts';
import { layerFacts } from '../../../../renderer/state/layer-facts.ts';
import { overlayData } from '../../../../renderer/state/overlay-data.ts';

const node = { domain: '', category: 'layer' as const, brings: null, scope: '', parent: null, attributes: [] };
const GRAPH: GraphView = {
  nodes: [
    {
      ...node,
      name: 'conv',
      op: 'Conv',
      inputs: ['x', 'w'],
      outputs: ['y'],
      weights: [{ role: 'W', tensor: 'w', dtype: 'float32', shape: [8, 3, 3, 3], bytes: 864 }],
    },
    { ...node, name: 'relu', op: 'Relu', inputs: ['y'], outputs: ['z'], weights: [] },
  ],
  values: [
    { name: 'y', dtype: 'float32', shape: ['N', 8, 30, 30] },
    { name: 'z', dtype: 'float32', shape: null },
  ],
  inputs: ['x'],
  outputs: ['z'],
};

it('joins graph, profile, errors and pruning by name; what was not measured stays null', () => {
  const [conv, relu] = layerFacts({
    graph: GRAPH,
    inspect: null,
    profile: {
      layers: [{ name: 'conv', op: 'Conv', timeMs: 1.5, share: 0.9, kernels: ['k'], macs: 10, gmacsPerSecond: 2 }],
    } as never,
    errors: { samples: 1, notes: [], layers: [{ name: 'relu', sqnrDb: 30, localSqnrDb: null, cosine: 0.99 }] } as never,
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
  const sources = { graph: GRAPH, inspect: null, profile: null, errors: null, details: quantizedTrial(fused) };
  expect(layerFacts(sources)[0]?.dtype).toBe(dtype);
});

it('gives an overlay only the layers that have a value', () => {
  const layers = layerFacts({
    graph: GRAPH,
    inspect: null,
    profile: { layers: [{ name: 'conv', timeMs: 1.5 }] } as never,
    errors: null,
    details: null,
  });
  expect([...(overlayData('time', layers, 'here')?.values ?? [])]).toEqual([['conv', 1.5]]);
  expect(overlayData('none', layers, '')).toBeNull();
});

it('says of a layer without time of its own that it is fused', () => {
  const layers = layerFacts({
    graph: GRAPH,
    inspect: null,
    profile: {
      layers: [
        { name: 'conv', timeMs: 1.5 },
        { name: 'relu', timeMs: 0 },
      ],
    } as never,
    errors: null,
    details: null,
  });
  expect(overlayData('time', layers, 'here')?.values.get('relu')).toBe('fused');
});
