/** Small models made after public bug reports, where they lie beside the repository; each with the value that is right. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import { preprocessingSchema } from '../../main/contract/data.ts';
import { runSettingsSchema } from '../../main/contract/machine.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import { openDataset } from '../../main/engine/dataset/open-dataset.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { compareOutputs, runOnce } from '../../main/engine/passes/compare-outputs.ts';
import { inputPorts } from '../../main/engine/runtime/input-dims.ts';
import { CalibrationSamples } from '../../main/engine/dataset/finite-samples.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { runOperation } from '../../main/services/operations/operations.ts';
import type { AppliedRecipe } from '../../main/services/operations/operation-map.ts';
import { runners } from '../../main/services/operations/runners.ts';
import { tempFolder } from '../support/temp-folder.ts';

const cases = fileURLToPath(new URL('../../../shared/assets/cases', import.meta.url));
const there = existsSync(cases);
const suite = there ? describe : describe.skip;

const settings = runSettingsSchema.parse({});

suite(`public faults${there ? '' : ' (skipped: ../shared/assets/cases is not there)'}`, () => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await startRunner();
  });
  afterAll(() => {
    runner.kill();
    runners.dispose();
  });

  const modelOf = (name: string): string => join(cases, name, 'model.onnx');

  async function apply(name: string, output: string, steps: readonly object[]): Promise<AppliedRecipe> {
    const recipe = recipeSchema.parse({ version: 1, steps });
    const data = join(cases, name, 'data.npz');
    const calibration = existsSync(data)
      ? { path: data, labelsPath: null, preprocessing: preprocessingSchema.parse({}) }
      : null;
    return runOperation('apply', { path: modelOf(name), recipe, calibration, settings, output }, quietContext());
  }

  /** Quantizes a case into a file and compares it with the model on the finite samples of up to 64. */
  async function quantize(
    name: string,
    exclude: readonly string[] = [],
  ): Promise<{ readonly sqnrDb: number; readonly report: NonNullable<AppliedRecipe['quantize']> }> {
    using folder = tempFolder();
    const output = folder.file('int8.onnx');
    const { quantize: report } = await apply(name, output, [{ quantize: { scheme: 'int8-static', exclude } }]);
    const { model } = await openModel(modelOf(name));
    const dataset = await openDataset(join(cases, name, 'data.npz'), {});
    const feeds = await new CalibrationSamples(
      (limit) => feedsOf(dataset.batches(inputPorts(model), limit)),
      64,
    ).first();
    // The runtime refuses namesakes in the source.
    const float = await runOnce(nameNodes(model).model, feeds, runner, quietContext());
    const int8 = await runOnce({ path: output }, feeds, runner, quietContext());
    const worst = Math.min(...compareOutputs(float, int8).map(({ sqnrDb }) => sqnrDb));
    return { sqnrDb: worst, report: report! };
  }

  const fusedOf = (
    { layers }: { readonly layers: readonly { op: string; fused: boolean | null }[] },
    op: string,
  ): number => layers.filter((layer) => layer.op === op && layer.fused === true).length;

  it.each([
    ['slice-int64max-opset9-sum', 38],
    ['slice-int64max-opset9-conv', 30],
  ])('%s: the end of a slice stays the end in a newer opset', async (name, leastDb) => {
    expect((await quantize(name)).sqnrDb).toBeGreaterThan(leastDb);
  });

  it('int8-pools-3: an integer kernel that computes something else stays float, with the reason', async () => {
    const { sqnrDb, report } = await quantize('int8-pools-3');
    expect(sqnrDb).toBeGreaterThan(34);
    expect(report.layers.find(({ name }) => name === 'op')).toMatchObject({
      quantized: false,
      reason: expect.stringContaining('it computes something else'),
    });
    expect(fusedOf(report, 'Conv')).toBe(2);
  });

  it('int8-pools-3: what is left out between integer layers runs in float', async () => {
    const { sqnrDb, report } = await quantize('int8-pools-3', ['op']);
    expect(sqnrDb).toBeGreaterThan(34);
    expect(report.layers.find(({ name }) => name === 'op')?.reason).toBe('left out by the recipe');
  });

  it('int8-pools-7: attributes that the integer kernel lacks keep the layer in float', async () => {
    const { sqnrDb, report } = await quantize('int8-pools-7');
    expect(sqnrDb).toBeGreaterThan(34);
    expect(fusedOf(report, 'Conv')).toBe(2);
  });

  it('constant-subgraph-weights: 3 of 3 Conv in int8', async () => {
    const { sqnrDb, report } = await quantize('constant-subgraph-weights');
    expect(fusedOf(report, 'Conv')).toBe(3);
    expect(sqnrDb).toBeGreaterThan(29);
  });

  it('functions-ort-ok: the functions are quantized and pruned', async () => {
    const { sqnrDb, report } = await quantize('functions-ort-ok');
    expect(report.layers.map(({ name, fused }) => [name, fused])).toEqual([
      ['blk0', true],
      ['blk1', true],
      ['last', true],
    ]);
    expect(sqnrDb).toBeGreaterThan(30);
    using folder = tempFolder();
    const { prune } = await apply('functions-ort-ok', folder.file('pruned.onnx'), [
      { prune: { structure: 'element', sparsity: 0.5 } },
    ]);
    expect(prune?.layers.map(({ name }) => name)).toEqual(['blk0', 'blk1', 'last']);
    expect(prune?.frozen).toEqual([]);
  });

  it('shared-weight-bias: namesakes are told apart once, and what is written loads', async () => {
    const { sqnrDb, report } = await quantize('shared-weight-bias');
    expect(report.notes.filter((note) => note.includes('share their name'))).toHaveLength(1);
    expect(sqnrDb).toBeGreaterThan(25);
    using folder = tempFolder();
    const output = folder.file('pruned.onnx');
    await apply('shared-weight-bias', output, [{ prune: { structure: 'element', sparsity: 0.5 } }]);
    await (await runner.load({ path: output }, { provider: 'cpu', threads: 1 })).close();
  });

  it('nan-only-data: samples with NaN are left out and counted', async () => {
    const { sqnrDb, report } = await quantize('nan-only-data');
    expect(report.notes).toContain(
      '2 of 16 calibration samples hold NaN or infinite values (193 elements) and were left out.',
    );
    expect(sqnrDb).toBeGreaterThan(30);
  });

  it('reshape-zero and if-loop-outer-weights: parameters and multiply–accumulates are counted right', async () => {
    const inspect = (name: string) =>
      runOperation('inspect', { path: modelOf(name), dims: {}, scanWeights: false }, quietContext());
    expect((await inspect('reshape-zero')).parameters).toBe(0);
    expect((await inspect('if-loop-outer-weights')).macs).toBe(134_784);
  });
});

async function* feedsOf(batches: AsyncIterable<{ readonly feeds: HostTensors }>): AsyncIterable<HostTensors> {
  for await (const { feeds } of batches) yield feeds;
}
