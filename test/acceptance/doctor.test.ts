/** The doctor on real models: no false alarms, and what is known to be wrong is found. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import type { DoctorReport } from '../../main/contract/doctor.ts';
import { examine } from '../../main/engine/doctor/examine.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';

const assets = fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const models = existsSync(assets)
  ? readdirSync(join(assets, 'models')).filter((name) => !name.startsWith('broken'))
  : [];

let runner: Runner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.kill());

async function report(name: string, measured: boolean): Promise<DoctorReport> {
  const folder = join(assets, 'models', name);
  const file = readdirSync(folder).find((one) => one.endsWith('.onnx')) ?? '';
  const { model } = await openModel(join(folder, file));
  const machine = { cpu: 'test', arch: 'x64', vnni: true };
  const origin = { sources: new Map<string, readonly string[]>(), quantizes: false };
  return examine({ model, origin, machine, runner: measured ? runner : undefined }, quietContext());
}

const codes = ({ findings }: DoctorReport): readonly string[] => findings.map(({ code }) => code);

describe.skipIf(models.length === 0)('real models', () => {
  it.each(models)('%s: a look at the file raises no error', async (name) => {
    const { findings, checks } = await report(name, false);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
  });

  it('a quantized MobileNet: integer kernels are right, one scale does not fit its channels', async () => {
    const found = await report('mobilenetv1-025-128-qdq', true);
    expect(found.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(codes(found)).toContain('weights-waste');
    expect(found.integerLayers).toEqual({ fused: 29, of: 30 });
  });

  it('a language model: the output layer is the embedding, transposed', async () => {
    const found = await report('llama-dreams-260k', false);
    expect(found.findings.find(({ code }) => code === 'weights-doubled')).toMatchObject({ severity: 'warning' });
  });

  it('a dynamically quantized net: constants that are left, and integer kernels in all its layers', async () => {
    const found = await report('antispoof-int8', true);
    expect(codes(found)).toContain('constants-left');
    expect(found.integerLayers).toEqual({ fused: 57, of: 57 });
  });
});
