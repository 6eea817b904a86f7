/**
 * Types, shapes and work of every case of ONNX's backend node suite: `ONNX_NODE_SUITE=folder`, see CONTRIBUTING.md for where the
 * folder comes from. Stated shapes are hidden; what must come out are the suite's reference outputs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectedOutputs, givenValues, judge, readNodeSuite } from '../support/node-suite.ts';

const folder = process.env['ONNX_NODE_SUITE'];

const unchecked = folder === undefined ? ' (not checked here: ONNX_NODE_SUITE names no folder)' : '';

it.skipIf(folder === undefined)(`every case is exact where its inputs are given${unchecked}`, ({ annotate }) => {
  expect(existsSync(join(folder!, 'test_abs', 'model.onnx')), `cases in ${folder}`).toBe(true);
  const failed: object[] = [];
  const count = { cases: 0, exactFromGraph: 0, exactGiven: 0 };
  for (const suiteCase of readNodeSuite(folder!)) {
    const expected = expectedOutputs(suiteCase);
    const alone = judge(suiteCase.model, expected);
    const given = judge(suiteCase.model, expected, givenValues(suiteCase));
    count.cases++;
    if (alone.open.length === 0) count.exactFromGraph++;
    if (given.open.length === 0) count.exactGiven++;
    if (alone.wrong.length + given.wrong.length + given.open.length + given.layersWithoutMacs.length > 0) {
      failed.push({ name: suiteCase.name, alone: alone.wrong, given });
    }
  }
  void annotate(JSON.stringify(count));
  expect(failed).toEqual([]);
  expect(count.exactGiven).toBe(count.cases);
  expect(count.exactFromGraph).toBeGreaterThan(0.8 * count.cases);
});
