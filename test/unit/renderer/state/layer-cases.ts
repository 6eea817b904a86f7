import type { LayerFacts } from '../../../../renderer/state/layer-facts.ts';

/** A layer with the given facts, the rest unknown. */
export function layerCase(facts: Partial<LayerFacts> & Pick<LayerFacts, 'name'>): LayerFacts {
  return {
    index: 0,
    op: 'Conv',
    domain: '',
    category: 'layer',
    part: 'other',
    scope: '',
    parent: null,
    inputs: [],
    outputs: [],
    dtype: 'float32',
    shape: null,
    parameters: 0,
    parameterBytes: 0,
    macs: null,
    bytes: null,
    timeMs: null,
    folded: false,
    fusedInto: null,
    share: null,
    gmacsPerSecond: null,
    sparsity: null,
    keptShare: null,
    frozen: null,
    sqnrDb: null,
    localSqnrDb: null,
    cosine: null,
    mse: null,
    ...facts,
  };
}
