import { expect, it } from 'vitest';
import { knownOperators } from '../../../../main/engine/operators/table.ts';

/** Operators that nobody has written a gradient, an expansion, or a reason why there is none, for. Take out what you add. */
const MISSING: readonly string[] = [
  'If',
  'Loop',
  'MaxRoiPool',
  'Scan',
  'com.microsoft:LinearAttention',
  'com.microsoft:MoE',
  'com.microsoft:RelativePositionBias',
];

it('has a gradient for every operator, or says why none passes, or lists it as missing', () => {
  const missing = knownOperators()
    .filter(({ gradient, expansion }) => gradient === undefined && expansion === undefined)
    .map(({ domain, opType }) => (domain === '' ? opType : `${domain}:${opType}`));
  expect(missing.toSorted()).toEqual(MISSING.toSorted());
});

it('gives each operator without gradient a reason that reads behind its name', () => {
  for (const { gradient, opType } of knownOperators()) {
    if (gradient === undefined || typeof gradient === 'function') continue;
    expect(`${opType} ${'stops' in gradient ? gradient.stops : gradient.blocks}`).toMatch(/^\w+ [a-z][^.]+$/);
  }
});
