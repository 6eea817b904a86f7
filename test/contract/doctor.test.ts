/** `lapidary doctor`: its document, its exit code, and the model that its fixes make. */
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { doctorReportSchema } from '../../main/contract/doctor.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import { encodeModelBytes } from '../../main/engine/onnx/encode-model.ts';
import { npyBytes } from '../support/data-files.ts';
import { graph } from '../support/graph-builder.ts';
import { quantizedConv } from '../support/quantized-graphs.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());
const careless = folder.file('careless.onnx');
writeFileSync(careless, encodeModelBytes(quantizedConv({ biasFactor: 2 })));

function doctor(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const entry = join(root, 'main', 'cli', 'cli-entry.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'doctor', ...args], (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
    );
  });
}

test('prints findings, checks and the fixes as a recipe', async () => {
  const { code, stdout } = await doctor(careless, '--quick', '--json');
  expect(code).toBe(0);
  const document = JSON.parse(stdout) as { readonly recipe: unknown };
  expect(doctorReportSchema.parse(document).findings[0]).toMatchObject({ code: 'stays-float', severity: 'warning' });
  expect(recipeSchema.parse(document.recipe).steps).toEqual([{ rewrite: { pass: 'fusable-quantization' } }]);
});

test('exits with 6 where something as bad as was named is found, and not otherwise', async () => {
  expect((await doctor(careless, '--quick', '--quiet', '--fail-on', 'warning')).code).toBe(6);
  expect((await doctor(careless, '--quick', '--quiet', '--fail-on', 'error')).code).toBe(0);
});

test('makes a model with its fixes, in which the next examination finds nothing of that kind', async () => {
  const fixed = folder.file('fixed.onnx');
  expect((await doctor(careless, '--quick', '--fix', '-o', fixed, '--quiet')).code).toBe(0);
  expect(existsSync(fixed)).toBe(true);
  expect((await doctor(fixed, '--quick', '--quiet', '--fail-on', 'hint')).code).toBe(0);
});

test('puts fixes into the recipe as it was found to be, its slow layers named, so that they are not timed anew', async () => {
  const model = graph()
    .input('x', 'float32', ['N', 3, 8, 8])
    .node('Identity', ['x'], {}, ['same'], { name: 'idle' })
    .conv({ name: 'c', channels: 8 })
    .output()
    .build();
  const [path, data, recipe] = [folder.file('float.onnx'), folder.file('data.npy'), folder.file('measured.json')];
  writeFileSync(path, encodeModelBytes(model));
  writeFileSync(
    data,
    npyBytes(
      Float32Array.from({ length: 768 }, (_, at) => Math.sin(at)),
      [4, 3, 8, 8],
    ),
  );
  writeFileSync(recipe, JSON.stringify({ version: 2, steps: [{ quantize: { speed: 'measured' } }] }));
  const { code, stdout } = await doctor(path, '--quick', '--json', '--recipe', recipe, '--data', data);
  expect(code).toBe(0);
  const { steps } = (JSON.parse(stdout) as { readonly recipe: { readonly steps: readonly object[] } }).recipe;
  expect(steps.at(-1)).toMatchObject({ quantize: { speed: 'measured', slow: expect.any(Array) } });
});

test('looks at a model that the runtime does not take, and says so', async () => {
  const custom = graph()
    .input('x', 'float32', [1])
    .node('Nothing', ['x'], {}, ['y'], { domain: 'nobody' })
    .output()
    .build();
  const path = folder.file('custom.onnx');
  writeFileSync(path, encodeModelBytes(custom));
  const { code, stdout } = await doctor(path, '--json');
  expect(code).toBe(0);
  const { checks } = doctorReportSchema.parse(JSON.parse(stdout));
  expect(checks.at(-1)).toMatchObject({ id: 'run', status: 'skipped' });
});

test('says what is missing: --fix without a file, a file without --fix', async () => {
  expect((await doctor(careless, '--quick', '--fix')).code).toBe(2);
  expect((await doctor(careless, '--quick', '-o', folder.file('x.onnx'))).code).toBe(2);
});
