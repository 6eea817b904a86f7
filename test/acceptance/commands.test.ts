/**
 * What every command does on every real model, by the operations under the command line, in one thread: done, or refused with
 * a reason that is the user's to mend. Beside them the command line itself on the models that come with labelled data.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../main/cli/exit-codes.ts';
import { runProgram } from '../../main/cli/program.ts';
import { runSettingsSchema } from '../../main/contract/machine.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import type { Inspect } from '../../main/contract/results.ts';
import { preprocessingSchema } from '../../main/contract/data.ts';
import type { ErrorCode, StudioError } from '../../main/base/errors.ts';
import { quietContext } from '../../main/base/progress.ts';
import { OperationThread } from '../../main/services/operation-thread.ts';
import type {
  DatasetSource,
  OperationName,
  OperationParams,
  OperationResult,
} from '../../main/services/operations/operation-map.ts';
import { npyBytes, npzBytes } from '../support/data-files.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const there = existsSync(join(assets, 'models'));
const models = (there ? readdirSync(join(assets, 'models')) : []).map((name) => {
  const folder = join(assets, 'models', name);
  return {
    name,
    path: join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.onnx'))!,
    ),
  };
});
const BROKEN = /^(?:broken-|edge-custom-op)/u;
const pruning = { prune: { structure: 'element', sparsity: 0.3 } };
const pruned = recipeSchema.parse({ version: 2, steps: [pruning] });
const quantizing = { quantize: { scheme: 'int8-static', samples: 4 } };
const recipe = recipeSchema.parse({ version: 2, steps: [pruning, quantizing] });
const rewritten = recipeSchema.parse({ version: 2, steps: [{ rewrite: { pass: 'remove-dead' } }] });
const quantized = recipeSchema.parse({ version: 2, steps: [quantizing] });
/** What data of arrays may be refused for: strings, inputs with batches of their own. */
const REFUSED = ['DATA_SHAPE', 'UNSUPPORTED'];

const settings = runSettingsSchema.parse({});
const thread = new OperationThread('acceptance');
afterAll(() => thread[Symbol.asyncDispose]());

/** Runs an operation as the command line does; what it throws is what the command line would tell. */
function operate<N extends OperationName>(name: N, params: OperationParams<N>): Promise<OperationResult<N>> {
  return thread.call(name, params, quietContext());
}

const dataAt = (path: string): DatasetSource => ({
  path,
  labelsPath: null,
  preprocessing: preprocessingSchema.parse({}),
});

let directory: string;
let recipeFile: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-commands-'));
  recipeFile = join(directory, 'recipe.json');
  writeFileSync(recipeFile, JSON.stringify(recipe));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly result: unknown;
}

/** Runs a command in this process; its one JSON document is what it printed. */
async function lapidary(...args: readonly string[]): Promise<Outcome> {
  const write = process.stdout.write;
  let text = '';
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  try {
    const code = await runProgram([...args, '--json']);
    const result = JSON.parse(text) as { error?: Outcome['error'] };
    return { code, error: result.error, result };
  } finally {
    process.stdout.write = write;
  }
}

/** A random sample for each input: small integers for integers, so that they are valid ids. */
function randomData(name: string, inputs: Inspect['inputs']): DatasetSource {
  const arrays: Record<string, Uint8Array> = {};
  for (const { name: input, dtype, shape } of inputs) {
    const dims = (shape ?? [1]).map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 4 : 8));
    const count = dims.reduce((product, dim) => product * dim, 1);
    const values = Array.from({ length: count }, (_, index) => ((index * 7919) % 101) / 101);
    const data =
      dtype === 'int64' ? BigInt64Array.from(values, (value) => BigInt(value > 0.5)) : Float32Array.from(values);
    arrays[input] = npyBytes(data, dims);
  }
  const path = join(directory, `${name}.npz`);
  writeFileSync(path, npzBytes(arrays));
  return dataAt(path);
}

describe.skipIf(!there)(`every command on real models${there ? '' : ' (skipped: no ../shared/assets)'}`, () => {
  it.each(models.filter(({ name }) => BROKEN.test(name)))('$name is refused by each', async ({ name, path }) => {
    const output = join(directory, `${name}.onnx`);
    const data = dataAt(join(assets, 'data/coco-20'));
    const once = { settings, runs: 1, warmup: 0, inputs: null, trace: null };
    for (const attempt of [
      () => operate('profile', { path, ...once }),
      () => operate('apply', { path, recipe, calibration: data, settings, output }),
      () => operate('evaluate', { path, data, settings, limit: 1, reference: path }),
      () => operate('errors', { float: path, quantized: path, data, limit: 1 }),
      () => operate('latency', { paths: [path, path], settings }),
    ]) {
      const code: ErrorCode = await (attempt() as Promise<unknown>).then(
        () => 'INTERNAL',
        (error: StudioError) => error.code,
      );
      expect(exitCodeOf(code), code).toBe(3);
    }
    expect(existsSync(output)).toBe(false);
    expect((await lapidary('inspect', path)).code).toBe(3);
  });

  it.each(models.filter(({ name }) => !BROKEN.test(name)))('$name', async ({ name, path }) => {
    const inspect = await operate('inspect', { path, dims: {}, scanWeights: true });
    const data = randomData(name, inspect.inputs);
    const output = join(directory, `${name}.onnx`);
    await operate('profile', { path, settings, runs: 2, warmup: 0, inputs: null, trace: null });
    const { layers } = await operate('prunePlan', { path });
    const prune = () => operate('apply', { path, recipe: pruned, calibration: null, settings, output });
    if (layers.length > 0) await prune();
    else {
      await expect(prune()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/^Nothing/u) });
      expect(existsSync(output)).toBe(false);
      await operate('apply', { path, recipe: rewritten, calibration: null, settings, output });
    }
    const both = layers.length > 0 ? recipe : quantized;
    const apply = () => operate('apply', { path, recipe: both, calibration: data, settings, output });
    const evaluate = () => operate('evaluate', { path: output, data, settings, limit: 4, reference: path });
    const errors = () => operate('errors', { float: path, quantized: output, data, limit: 2 });
    for (const attempt of [apply, evaluate, errors]) {
      await attempt().catch((error: StudioError) => expect(REFUSED, error.message).toContain(error.code));
    }
    const side = { id: '', name, sources: null, profile: null, measurements: [] };
    await operate('compare', {
      a: { ...side, path },
      b: { ...side, path: output },
      related: true,
      pairs: [],
      keys: [],
    });
  });

  it('the networks with labels keep their accuracy through recipe, comparison and report', async () => {
    const labelled = [
      ['cnn-mnist-pytorch', 'mnist-2k/x_test.npz', ['--mean', '0.1307', '--std', '0.3081']],
      ['fashion-mnist-mlp', 'fashion-mnist-2k/x_test.npz', []],
    ] as const;
    for (const [name, file, options] of labelled) {
      const { path } = models.find((model) => model.name === name)!;
      const out = join(directory, `${name}.trimmed.onnx`);
      const data = ['--data', join(assets, 'data', file), ...options];
      expect((await lapidary('apply', path, '-o', out, '--recipe', recipeFile, ...data)).error).toBeUndefined();
      const compared = await lapidary('compare', path, out, ...data, '--limit', '200');
      const metrics = (compared.result as { metrics: { metric: string; a: number; b: number }[] }).metrics;
      const top1 = metrics.find(({ metric }) => metric === 'top1')!;
      expect(top1.b).toBeGreaterThan(top1.a - 0.05);
      for (const extension of ['html', 'md']) {
        const report = join(directory, `${name}.${extension}`);
        const { code } = await lapidary('report', out, '-o', report, ...data, '--limit', '100');
        expect(code).toBe(0);
        expect(existsSync(report)).toBe(true);
      }
    }
  });
});
