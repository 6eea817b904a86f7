import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  errorsSchema,
  evaluateSchema,
  inspectSchema,
  profileSchema,
  pruneSchema,
  quantizeSchema,
  repairSchema,
} from '../../main/contract/results.ts';
import { npyBytes, npzBytes } from '../support/data-files.ts';
import { compareSchema } from '../../main/contract/studio.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const samples = join(root, 'resources', 'samples');
const cnn = join(samples, 'glyph-cnn.onnx');
const validation = join(samples, 'glyphs-validation.npz');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-cli-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function lapidary(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'main', 'cli', 'cli-entry.ts'), ...args],
      { env: { ...process.env, LAPIDARY_WORKSPACE: join(directory, 'workspace') }, maxBuffer: 1e8 },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

/** Runs a command with --json, which must succeed with a document of the promised form. */
async function json<S extends z.ZodType>(schema: S, ...args: readonly string[]): Promise<z.output<S>> {
  const { code, stdout, stderr } = await lapidary(...args, '--json');
  expect(code, stderr + stdout.slice(0, 500)).toBe(0);
  return schema.parse(JSON.parse(stdout));
}

describe('with --json', () => {
  test('inspect tells file, interface, costs and layers', async () => {
    const result = await json(inspectSchema, 'inspect', cnn, '--dim', 'batch=2');
    expect(result.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 1, 32, 32] }]);
    expect(result.nodes).toBe(77);
    expect(result.operators).toMatchObject({ Conv: 24, BatchNormalization: 24 });
    // Twice the 17.4 M of one image.
    expect(result.macs).toBe(2 * 17_388_928);
    expect(result.problems).toEqual([]);
  });

  test('inspect --where tells the layers that a query asks for, and refuses one that it does not understand', async () => {
    const { layers } = await json(inspectSchema, 'inspect', cnn, '--where', 'op:Conv @strides:2x2');
    expect(layers.map(({ name }) => name)).toHaveLength(4);
    expect(layers.every(({ op }) => op === 'Conv')).toBe(true);
    const { code, stdout } = await lapidary('inspect', cnn, '--where', 'macs>much', '--json');
    expect(code).toBe(2);
    expect(stdout).toContain('“much” is no amount');
  });

  test('profile measures, and attributes every kernel', async () => {
    const result = await json(profileSchema, 'profile', cnn, '--runs', '10', '--warmup', '2', '--threads', '1');
    expect(result.latency).toMatchObject({ runs: 10, warmup: 2 });
    expect(result.machine).toMatchObject({ provider: 'cpu', threads: 1 });
    expect(result.kernels.filter(({ sources }) => sources.length === 0)).toEqual([]);
    const layers = new Set(result.layers.map(({ name }) => name));
    expect(result.kernels.flatMap(({ sources }) => sources).filter((name) => !layers.has(name))).toEqual([]);
  });

  test('prune, quantize, errors, evaluate and compare follow one another', async () => {
    const pruned = join(directory, 'pruned.onnx');
    const prune = await json(pruneSchema, 'prune', cnn, '-o', pruned, '--sparsity', '0.5');
    expect(prune.sparsity.achieved).toBeCloseTo(0.5, 4);
    const int8 = join(directory, 'int8.onnx');
    const quantize = await json(
      quantizeSchema,
      'quantize',
      pruned,
      '-o',
      int8,
      '--data',
      validation,
      '--samples',
      '32',
      '--speed',
      'all',
    );
    expect(quantize.output.path).toBe(int8);
    expect(quantize.fusedShare).toBe(1);
    const table = await json(errorsSchema, 'errors', pruned, int8, '--data', validation, '--limit', '8');
    expect(table.layers.length).toBeGreaterThan(20);
    const evaluation = await json(
      evaluateSchema,
      'evaluate',
      int8,
      '--data',
      validation,
      '--limit',
      '64',
      '--reference',
      cnn,
    );
    expect(evaluation.samples).toBe(64);
    expect(evaluation.metrics['top1']?.value).toBeGreaterThan(0.5);
    expect(evaluation.agreement?.value).toBeGreaterThan(0.5);
    const comparison = await json(compareSchema, 'compare', cnn, int8);
    expect(comparison.metrics.find(({ metric }) => metric === 'File size')?.ratio).toBeLessThan(0.5);
  });

  test('apply gives the same bytes each time', async () => {
    const recipe = join(directory, 'recipe.json');
    writeFileSync(
      recipe,
      JSON.stringify({
        version: 1,
        steps: [
          { prune: { structure: 'element', sparsity: 0.3 } },
          { quantize: { scheme: 'int8-static', samples: 16 } },
        ],
      }),
    );
    const outputs = [join(directory, 'a.onnx'), join(directory, 'b.onnx')];
    for (const output of outputs) {
      expect((await lapidary('apply', cnn, '-o', output, '--recipe', recipe, '--data', validation)).code).toBe(0);
    }
    const [a, b] = outputs.map((output) => readFileSync(output));
    expect(a!.equals(b!)).toBe(true);
  });

  test('an error is one JSON document too', async () => {
    const { code, stdout } = await lapidary('inspect', join(directory, 'none.onnx'), '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
  });
});

describe('bad input ends with exit code 3 and one line', () => {
  const external = (location: string): Uint8Array => {
    // ModelProto { ir_version 8, graph { node Identity x→y, initializer x (external), output y }, opset 13 }
    const field = (tag: number, bytes: readonly number[]): number[] => [(tag << 3) | 2, bytes.length, ...bytes];
    const text = (tag: number, value: string): number[] => field(tag, [...Buffer.from(value)]);
    const entry = (key: string, value: string): number[] => field(13, [...text(1, key), ...text(2, value)]);
    const tensor = [
      (1 << 3) | 0,
      4,
      (2 << 3) | 0,
      1,
      ...text(8, 'x'),
      ...entry('location', location),
      (14 << 3) | 0,
      1,
    ];
    const node = [...text(1, 'x'), ...text(2, 'y'), ...text(3, 'copy'), ...text(4, 'Identity')];
    const graph = [...field(1, node), ...text(2, 'g'), ...field(5, tensor), ...field(12, text(1, 'y'))];
    return Uint8Array.from([(1 << 3) | 0, 8, ...field(7, graph), ...field(8, [(2 << 3) | 0, 13])]);
  };

  const cases: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['an empty file', 'NOT_ONNX', () => new Uint8Array()],
    ['a truncated model', 'ONNX_TRUNCATED', () => readFileSync(cnn).subarray(0, 400_000)],
    ['a JPEG', 'NOT_ONNX', () => Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1])],
    [
      'an LFS pointer',
      'NOT_ONNX',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
    ],
    ['missing external data', 'EXTERNAL_DATA_MISSING', () => external('none.bin')],
    ['external data above the folder', 'EXTERNAL_DATA_OUTSIDE', () => external('../secret.bin')],
    ['external data at an absolute path', 'EXTERNAL_DATA_OUTSIDE', () => external('/etc/hostname')],
    ['external data behind a link that leaves the folder', 'EXTERNAL_DATA_OUTSIDE', () => external('link.bin')],
    ['external data that is too short', 'EXTERNAL_DATA_MISSING', () => external('short.bin')],
  ];

  test.each(cases)('%s: %s', async (name, expected, bytes) => {
    const folder = join(directory, name.replaceAll(' ', '-'));
    mkdirSync(folder);
    writeFileSync(join(directory, 'secret.bin'), Buffer.alloc(64));
    writeFileSync(join(folder, 'short.bin'), Buffer.alloc(3));
    symlinkSync(join(directory, 'secret.bin'), join(folder, 'link.bin'));
    const path = join(folder, 'model.onnx');
    writeFileSync(path, bytes());
    const { code, stderr, stdout } = await lapidary('profile', path, '--runs', '1');
    expect(code, stdout).toBe(3);
    expect(stderr).toMatch(/^lapidary: /u);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`lapidary: ${expected}: `);
  });

  test('a truncated model among two to compare', async () => {
    const path = join(directory, 'cut.onnx');
    writeFileSync(path, readFileSync(cnn).subarray(0, 400_000));
    const { code, stderr } = await lapidary('compare', cnn, path);
    expect(stderr).toMatch(/^lapidary: ONNX_TRUNCATED: /u);
    expect(code).toBe(3);
  });

  test('a batch that no memory holds', async () => {
    const { code, stderr } = await lapidary('profile', cnn, '--runs', '1', '--batch', '100000000');
    expect(stderr).toMatch(/^lapidary: SHAPE_MISMATCH: Input 'image' would be \[100000000, 1, 32, 32\]/u);
    expect(code).toBe(3);
  });

  test('an output that is a pipe, which stays one', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const { code, stderr } = await lapidary('prune', cnn, '-o', path, '--sparsity', '0.5');
    expect(stderr).toContain('WRITE_FAILED');
    expect(code).toBe(3);
    expect(statSync(path).isFIFO()).toBe(true);
  });

  test('data of another shape', async () => {
    const path = join(directory, 'wide.npy');
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 5, 7), }`.padEnd(117) + '\n';
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([118, 0]),
      Buffer.from(header),
      Buffer.alloc(70),
    ]);
    writeFileSync(path, npy);
    const { code, stderr } = await lapidary('evaluate', cnn, '--data', path, '--reference', cnn);
    expect(stderr).toContain('DATA_SHAPE');
    expect(code).toBe(3);
  });

  test('missing labels', async () => {
    const path = join(directory, 'unlabelled.npy');
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 32, 32), }`.padEnd(117) + '\n';
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([118, 0]),
      Buffer.from(header),
      Buffer.alloc(2048),
    ]);
    writeFileSync(path, npy);
    const { code, stderr } = await lapidary('evaluate', cnn, '--data', path);
    expect(stderr).toContain('DATA_LABELS_MISSING');
    expect(code).toBe(3);
  });

  test('a recipe with an unknown step', async () => {
    const path = join(directory, 'bad-recipe.json');
    writeFileSync(path, JSON.stringify({ version: 1, steps: [{ polish: {} }] }));
    const { code, stderr } = await lapidary('apply', cnn, '-o', join(directory, 'never.onnx'), '--recipe', path);
    expect(stderr).toContain('RECIPE_INVALID');
    expect(code).toBe(3);
  });

  test('a model is never written over itself', async () => {
    const copy = join(directory, 'copy.onnx');
    writeFileSync(copy, readFileSync(cnn));
    const { code, stderr } = await lapidary('prune', copy, '-o', copy, '--sparsity', '0.5');
    expect(stderr).toContain('WRITE_FAILED');
    expect(code).toBe(3);
    expect(readFileSync(copy).equals(readFileSync(cnn))).toBe(true);
  });
});

describe('pruning that cannot be done', () => {
  const output = (): string => join(directory, 'never-pruned.onnx');

  test('a flag without effect, data that are missing: exit code 2', async () => {
    const idle = await lapidary('prune', cnn, '-o', output(), '--structure', '2:4', '--sparsity', '0.5');
    expect(idle.stderr).toMatch(/^lapidary: USAGE: --sparsity has no effect with --structure 2:4 --score magnitude/u);
    const missing = await lapidary('prune', cnn, '-o', output(), '--sparsity', '0.5', '--score', 'wanda');
    expect(missing.stderr).toContain('--data is missing');
    expect([idle.code, missing.code]).toEqual([2, 2]);
  });

  test('a quantized model, and data that do not fit: exit code 3, nothing written', async () => {
    const int8 = join(directory, 'codes.onnx');
    await json(quantizeSchema, 'quantize', cnn, '-o', int8, '--data', validation, '--samples', '8', '--speed', 'all');
    const codes = await lapidary('prune', int8, '-o', output(), '--sparsity', '0.5');
    expect(codes.stderr).toContain('its weights are integers behind DequantizeLinear');
    const gru = join(samples, 'glyph-gru.onnx');
    const wide = join(directory, 'narrow.npz');
    writeFileSync(wide, npzBytes({ x: npyBytes(new Float32Array(12), [2, 2, 3]) }));
    const misfit = await lapidary(
      'prune',
      gru,
      '-o',
      output(),
      '--structure',
      '2:4',
      '--score',
      'wanda',
      '--data',
      wide,
    );
    expect(misfit.stderr).toMatch(/DATA_SHAPE|SHAPE_MISMATCH/u);
    expect([codes.code, misfit.code]).toEqual([3, 3]);
    expect(existsSync(output())).toBe(false);
  });

  test('repair follows pruning, on the same data', async () => {
    const repaired = join(directory, 'repaired.onnx');
    const args = ['prune', cnn, '-o', repaired, '--structure', '2:4', '--repair', 'bias'];
    const missing = await lapidary(...args);
    expect([missing.code, existsSync(repaired)]).toEqual([2, false]);
    const told = await json(pruneSchema.extend({ repair: repairSchema }), ...args, '--data', validation);
    expect(told.repair.method).toBe('bias');
    expect(told.repair.layers.length).toBeGreaterThan(0);
    expect(told.sparsity.achieved).toBeCloseTo(0.5, 1);
  });

  test('scores from data: the same bytes each time, and what calibrated is told', async () => {
    const [one, two] = ['one.onnx', 'two.onnx'].map((name) => join(directory, name)) as [string, string];
    for (const file of [one, two]) {
      const args = ['--structure', '2:4', '--score', 'sparsegpt', '--samples', '32', '--data', validation];
      const told = await json(pruneSchema, 'prune', cnn, '-o', file, ...args);
      expect(told.sparsity.requested).toBe(0.5);
      expect(told.packed!.after).toBeLessThan(told.packed!.before);
      expect(told.frozen.map(({ reason }) => reason)).toContain(
        'its 1 input channels for each output do not divide into groups of 4',
      );
    }
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
  });
});

test('wrong usage ends with exit code 2', async () => {
  for (const args of [
    ['polish'],
    ['inspect'],
    ['profile', cnn, '--threads', '0'],
    ['profile', cnn, '--dim', 'bach=4'],
    ['serve', '--port', '65536'],
    ['quantize', cnn, '-o', join(directory, 'x.onnx')],
  ]) {
    const { code, stderr } = await lapidary(...args);
    expect(code, args.join(' ')).toBe(2);
    expect(stderr).toContain('lapidary: USAGE: ');
  }
});

describe('report', () => {
  test('measures a model as the studio measures a baseline, and tells what else calibrated it', async () => {
    const file = join(directory, 'report.md');
    const data = ['--data', validation, '--limit', '40', '--calibration-data', validation];
    const { code, stderr } = await lapidary('report', cnn, '-o', file, ...data, '--quiet');
    expect(code, stderr).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/Top-1 accuracy \| [\d.]+ % .*\(40 samples\) \| –/u);
    expect(text).toMatch(/Latency \(p50\) \| [\d.]+ /u);
    // The same set: the part that did not calibrate is evaluated, which shares nothing with the other.
    expect(text).toContain('--calibration-share 0.2');
    expect(text).not.toContain('Agreement with the baseline');
    expect(text).not.toContain('samples that calibrated');
  });
});
