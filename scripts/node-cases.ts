/**
 * Writes `test/fixtures/onnx-suite/cases.jsonl` from the folder of ONNX's backend node suite (see CONTRIBUTING.md for how to get
 * it): `node scripts/run24.mjs scripts/node-cases.ts FOLDER`. What must come out is what the suite's own reference outputs are;
 * of the inputs' values those are kept without which a type or size would stay open.
 */
import { writeFileSync } from 'node:fs';
import type { Tensor } from '../main/engine/graph/ir.ts';
import { readCases, writeCases } from '../test/support/node-cases.ts';
import { expectedOutputs, givenValues, judge, readNodeSuite, type SuiteCase } from '../test/support/node-suite.ts';
import { inRoot } from './paths.mjs';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Usage: node scripts/run24.mjs scripts/node-cases.ts FOLDER');

/** The inputs whose values are needed: without any one of them something stays open. */
function neededValues(suiteCase: SuiteCase): ReadonlyMap<string, Tensor> {
  const { model, inputs } = suiteCase;
  const expected = expectedOutputs(suiteCase);
  const open = (values: ReturnType<typeof givenValues>): number => {
    const verdict = judge(model, expected, values);
    return verdict.open.length + verdict.layersWithoutMacs.length;
  };
  const all = givenValues(suiteCase);
  const needed = new Map(all);
  const least = open(needed);
  for (const [name, value] of all) {
    needed.delete(name);
    if (open(needed) > least) needed.set(name, value);
  }
  return new Map(
    model.graph.inputs.flatMap(({ name }, at) => {
      const tensor = inputs[at] ?? null;
      return needed.has(name) && tensor !== null ? [[name, tensor] as const] : [];
    }),
  );
}

const cases = [...readNodeSuite(folder)];
const text = writeCases(
  cases.map((suiteCase) => ({
    ...suiteCase,
    expected: expectedOutputs(suiteCase),
    values: neededValues(suiteCase),
  })),
);
// What was written must say the same as what was read.
readCases(text).forEach((read, at) => {
  const suiteCase = cases[at]!;
  for (const given of [true, false]) {
    const [was, is] = [
      judge(suiteCase.model, expectedOutputs(suiteCase), given ? givenValues(suiteCase) : new Map()),
      judge(read.model, read.expected, given ? read.values : new Map()),
    ];
    if (was.open.length !== is.open.length || was.wrong.length !== is.wrong.length) {
      throw new Error(`${read.name} is not what it was when read back: ${JSON.stringify({ was, is })}`);
    }
  }
});
const file = inRoot('test', 'fixtures', 'onnx-suite', 'cases.jsonl');
writeFileSync(file, text);
console.log(`${cases.length} cases in ${file}`);
