import type { LayerFacts } from '../../../../renderer/state/layer-facts.ts';
import { queriedCase } from '../../judge/query/queried-case.ts';

/** A layer with the given facts, the rest unknown. */
export function layerCase(facts: Partial<LayerFacts> & Pick<LayerFacts, 'name'>): LayerFacts {
  return { ...queriedCase(facts), part: 'other', parent: null, fusedInto: null, ...facts };
}
