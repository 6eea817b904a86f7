import { UNMEASURED, type Queried } from '../../../../main/judge/query/fields.ts';

/** A layer with the given facts, the rest unknown. */
export function queriedCase(facts: Partial<Queried> & Pick<Queried, 'name'>): Queried {
  return {
    index: 0,
    op: 'Conv',
    domain: '',
    category: 'layer',
    scope: '',
    inputs: [],
    outputs: [],
    dtype: 'float32',
    shape: null,
    parameters: 0,
    parameterBytes: 0,
    macs: null,
    bytes: null,
    ...UNMEASURED,
    ...facts,
  };
}
