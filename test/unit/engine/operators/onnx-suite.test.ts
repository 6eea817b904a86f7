/** Types, shapes and work of ONNX's own node cases, from what is kept of them; see `test/fixtures/onnx-suite`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readCases } from '../../../support/node-cases.ts';
import { judge } from '../../../support/node-suite.ts';

const file = fileURLToPath(new URL('../../../fixtures/onnx-suite/cases.jsonl', import.meta.url));
const cases = readCases(readFileSync(file, 'utf8'));

it('follow in all 1,802 cases where the inputs are given', () => {
  expect(cases).toHaveLength(1802);
  const missed = cases.flatMap(({ name, model, expected, values }) => {
    const { wrong, open, layersWithoutMacs } = judge(model, expected, values);
    return wrong.length + open.length + layersWithoutMacs.length === 0
      ? []
      : [{ name, wrong, open, layersWithoutMacs }];
  });
  expect(missed).toEqual([]);
});

it('are open in 319 cases where they are not, and wrong in none', () => {
  const verdicts = cases.map(({ name, model, expected }) => ({ name, ...judge(model, expected) }));
  expect(verdicts.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  const open = verdicts.filter((verdict) => verdict.open.length > 0);
  expect(open).toHaveLength(319);
  // What is needed is kept, and nothing else.
  const kept = cases.filter(({ values }) => values.size > 0).map(({ name }) => name);
  expect(open.filter(({ name }) => !kept.includes(name))).toEqual([]);
});
