/**
 * Types, shapes and work of every case of ONNX's backend node suite: `ONNX_NODE_SUITE=folder`, see CONTRIBUTING.md for where the
 * folder comes from. Stated shapes are hidden; what must come out are the suite's reference outputs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConstant, type ConstantValue } from '../../main/engine/operators/constant.ts';
import { expectedOutputs, givenValues, judge, readNodeSuite } from '../support/node-suite.ts';

/** The first element that is not as it must be: floats may be off by a rounding step, what is not known by anything. */
function wrongElement(found: ConstantValue, must: ConstantValue): string | undefined {
  const steps: Readonly<Record<string, number>> = { float32: 1e-5, float64: 1e-5, float16: 2 ** -9, bfloat16: 2 ** -7 };
  const sizes = must.elements.map((element) => Math.abs(Number(element))).filter(Number.isFinite);
  const allowed = (steps[must.dtype] ?? 0) * Math.max(1e-2, ...sizes);
  const at = found.elements.findIndex((element, place) => {
    const other = must.elements[place]!;
    return element !== null && !Object.is(element, other) && !(Math.abs(Number(element) - Number(other)) <= allowed);
  });
  return at < 0 ? undefined : `element ${at} is ${must.elements[at]}, not ${found.elements[at]}`;
}

const folder = process.env['ONNX_NODE_SUITE'];

const unchecked = folder === undefined ? ' (not checked here: ONNX_NODE_SUITE names no folder)' : '';

it.skipIf(folder === undefined)(
  `every case is exact where its inputs are given, and every value that follows right${unchecked}`,
  ({ annotate }) => {
    expect(existsSync(join(folder!, 'test_abs', 'model.onnx')), `cases in ${folder}`).toBe(true);
    const failed: object[] = [];
    const count = { cases: 0, exactFromGraph: 0, exactGiven: 0, values: 0 };
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
      for (const [name, constant] of given.constants) {
        const must =
          suiteCase.outputs[suiteCase.model.graph.outputs.findIndex((output) => output.name === name)] ?? null;
        if (must === null) continue;
        count.values++;
        const wrong = wrongElement(constant, readConstant(must)!);
        if (wrong !== undefined) failed.push({ name: suiteCase.name, output: name, wrong });
      }
    }
    void annotate(JSON.stringify(count));
    expect(failed).toEqual([]);
    expect(count.exactGiven).toBe(count.cases);
    expect(count.exactFromGraph).toBeGreaterThan(0.8 * count.cases);
  },
  600_000,
);
