/** If, Loop and Scan: operators that hold graphs. */
import { defineOperators, MICROSOFT, type OperatorEntry } from '../../spec.ts';
import { inferLoop } from './loop.ts';
import { inferIf, inferScan } from './shape.ts';

const holdsGraph = { category: 'other', bytes: (): number => 0, traits: ['runsGraphs'] } as const;

/** Decoding loops around a decoder subgraph; nothing is known of their work. */
const decodingLoop: OperatorEntry = {
  category: 'other',
  inputs: ['input_ids'],
  variadic: true,
  traits: ['runsGraphs'],
  gradient: { stops: 'chooses words one after the other' },
  infer: () => [],
  macs: () => null,
};

export const controlOperators = [
  ...defineOperators('', {
    If: { ...holdsGraph, traits: ['runsGraphs', 'choosesGraph'], inputs: ['cond'], settings: [0], infer: inferIf },
    Loop: { ...holdsGraph, inputs: ['M', 'cond', 'v_initial'], settings: [0, 1], variadic: true, infer: inferLoop },
    Scan: { ...holdsGraph, inputs: ['initial_state_and_scan_inputs'], variadic: true, infer: inferScan },
  }),
  ...defineOperators(MICROSOFT, { 'BeamSearch GreedySearch Sampling': decodingLoop }),
];
