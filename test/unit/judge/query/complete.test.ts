import { expect, it } from 'vitest';
import { completeQuery } from '../../../../main/judge/query/complete.ts';
import { queriedCase } from './queried-case.ts';

const LAYERS = [
  queriedCase({ name: 'conv1', op: 'Conv', scope: 'layer 1', shape: [1, 8] }),
  queriedCase({ name: 'conv2', op: 'Conv', scope: 'layer 1', shape: [1, 8] }),
  queriedCase({ name: 'relu', op: 'Relu', scope: 'head', shape: [1, 4] }),
];
const AROUND = { layers: LAYERS, attributes: () => [{ name: 'kernel_shape', text: '[3, 3]' }] };

function offered(text: string, cursor = text.length): readonly string[] {
  return completeQuery(text, cursor, AROUND).map(({ label }) => label);
}

/** The text once the first offer is taken. */
function taken(text: string, cursor = text.length): string {
  const { insert, start, end } = completeQuery(text, cursor, AROUND)[0]!;
  return text.slice(0, start) + insert + text.slice(end);
}

it('offers fields by their beginning, with the comparison that they take', () => {
  expect(offered('ti')).toEqual(['time>']);
  expect(offered('conv sc')).toEqual(['scope:']);
  expect(offered('nothing like it')).toEqual([]);
});

it('offers the values that the model has, the frequent first, with their count', () => {
  expect(completeQuery('op:', 3, AROUND).map(({ label, note }) => [label, note])).toEqual([
    ['Conv', '2 layers'],
    ['Relu', '1 layer'],
  ]);
  expect(offered('shape:1x4')).toEqual([]);
  expect(offered('after:rel')).toEqual(['relu']);
});

it('offers attributes and their values as they are asked for', () => {
  expect(offered('@k')).toEqual(['@kernel_shape']);
  expect(offered('@kernel_shape:')).toEqual(['3x3']);
});

it('replaces the term at the cursor alone, quoted where it holds a blank', () => {
  expect(taken('op:Re time>1ms', 5)).toBe('op:Relu  time>1ms');
  expect(taken('scope:lay')).toBe('scope:"layer 1" ');
  expect(taken('-(op:c')).toBe('-(op:Conv ');
});

it('offers nothing inside quotes, between terms, or for what is complete', () => {
  expect(offered('"op')).toEqual([]);
  expect(offered('op:Conv ')).toEqual([]);
  expect(offered('op:Conv')).toEqual([]);
});
