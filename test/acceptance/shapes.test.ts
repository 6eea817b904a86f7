/**
 * Inferred shapes and types against what ONNX Runtime computes, for every value of the main graph of every model that
 * runs: value infos are stripped, all values become outputs, and the model runs once as it is written.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../main/engine/graph/ir.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { substituteDim } from '../../main/engine/operators/dimension.ts';
import { inferModel } from '../../main/engine/operators/infer.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { makeInputs } from '../../main/engine/runtime/make-inputs.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import { measureShapes } from '../../main/engine/runtime/taps.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const assets = join(root, '../shared/assets/models');
const samples = join(root, 'resources/samples');

/** Sizes for symbols that makeInputs cannot choose well; two different ones where a symbol could hide a fixed size. */
const DIMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'llama-dreams-260k': { batch: 2, seq: 5 },
  'llama-dreams-260k-int4': { batch: 2, seq: 5 },
  'silero-vad': { 'input[0]': 1, 'input[1]': 576, 'state[1]': 1 },
};

/** Values whose size only the data tells. */
const OPEN: Readonly<Record<string, number>> = { 'edge-loop-sub-one': 1, 'silero-vad': 4 };

/** Broken on purpose, or of an operator that the runtime does not have. */
const DO_NOT_RUN = /^(broken-|edge-custom-op|edge-string)/;

function modelFiles(): { readonly name: string; readonly path: string }[] {
  const found: { name: string; path: string }[] = [];
  if (existsSync(assets)) {
    for (const name of readdirSync(assets).filter((it) => !DO_NOT_RUN.test(it))) {
      for (const file of readdirSync(join(assets, name))) {
        if (file.endsWith('.onnx')) found.push({ name, path: join(assets, name, file) });
      }
    }
  }
  for (const file of readdirSync(samples)) {
    if (file.endsWith('.onnx')) found.push({ name: file, path: join(samples, file) });
  }
  return found;
}

/** The model without any shape that the exporter wrote down, but those of its inputs. */
function stripShapes(model: Model): Model {
  const outputs = model.graph.outputs.map((info) => ({ ...info, type: undefined }));
  return { ...model, graph: { ...model.graph, valueInfos: [], outputs } };
}

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

describe('inferred shapes agree with the runtime', () => {
  it.each(modelFiles())('$name', async ({ name, path }) => {
    const opened = await openModel(path);
    const model = stripShapes(opened.model);
    const batch = name === 'silero-vad' ? 1 : workableBatch(model, name);
    const { feeds, dims } = makeInputs(inputPorts(model), { batch, dims: DIMS[name] ?? {} });
    const values = model.graph.nodes.flatMap((node) => node.outputs.filter((output) => output !== ''));
    const measured = await measureShapes(runner, { model: opened.model, values, feeds });
    expect(measured.size).toBeGreaterThan(0);

    const inference = inferModel(model, { dims });
    const symbolic = inferModel(model);
    expect(inference.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    const wrong: string[] = [];
    let open = 0;
    for (const [value, { dtype, shape }] of measured) {
      const known = inference.values.get(value);
      if (known?.dtype !== undefined && known.dtype !== dtype) wrong.push(`${value}: ${known.dtype}, is ${dtype}`);
      for (const [kind, inferred] of [
        ['', known?.shape],
        ['symbolic', symbolic.values.get(value)?.shape],
      ] as const) {
        if (inferred === undefined || inferred.includes(null)) {
          if (kind === '') open++;
          if (inferred === undefined) continue;
        }
        const sizes = inferred.map((dim) => substituteDim(dim, dims));
        const agrees = sizes.length === shape.length && sizes.every((dim, axis) => dim === null || dim === shape[axis]);
        if (!agrees) wrong.push(`${value}: inferred ${kind} [${inferred.join()}], is [${shape.join()}]`);
      }
    }
    expect(wrong).toEqual([]);
    expect(open).toBeLessThanOrEqual(OPEN[name] ?? 0);
  });
});

/** A batch of 3 tells a batch axis from a fixed 1 apart, where the model allows it. */
function workableBatch(model: Model, name: string): number {
  try {
    makeInputs(inputPorts(model), { batch: 3, dims: DIMS[name] ?? {} });
    return 3;
  } catch {
    return 1;
  }
}
