import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { methods, type EventName, type MethodName, type ParamsIn, type Result } from '../../main/contract/methods.ts';
import type { Job } from '../../main/contract/studio.ts';
import { LAYER_STATES } from '../../main/contract/layer-words.ts';
import { quantizeStepSchema } from '../../main/contract/recipe/quantize.ts';
import type { Recipe } from '../../main/contract/recipe/recipe.ts';
import { events } from '../../main/contract/methods.ts';
import { isStartedJob } from '../../main/services/handlers.ts';
import { createStudio, type Studio } from '../../main/services/studio.ts';
import { channelStep, pruneStep } from '../support/recipes.ts';
import { channelCut, channelsAt } from '../../main/judge/predict/channel-cut.ts';
import { openWorkspace, type Workspace } from '../../main/workspace/workspace.ts';

let directory: string;
let workspace: Workspace;
let studio: Studio;
const seen: { event: EventName; payload: unknown }[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'lapidary-studio-'));
  await open();
});
afterAll(async () => {
  await close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(): Promise<void> {
  workspace = await openWorkspace(join(directory, 'workspace'));
  studio = await createStudio({
    workspace,
    version: '0.0.0',
    // Whatever is told must be what the contract says.
    emit: (event, payload) => void seen.push({ event, payload: events[event].parse(payload) }),
  });
}

async function close(): Promise<void> {
  await studio[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
}

/** Calls a handler as a window does: parameters and result are checked against the contract. */
async function call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
  const checked = methods[method].params.parse(params);
  const answer = await Promise.resolve((studio.handlers[method] as (p: unknown) => unknown)(checked));
  const result = isStartedJob(answer) ? await answer.result : answer;
  return methods[method].result.parse(result) as Result<M>;
}

async function openSample(): Promise<{ modelId: string; baseline: string; test: string; validation: string }> {
  const { entry, baselineTrialId } = await call('model.open', { sample: 'glyph-cnn' });
  const datasets = await call('dataset.list', {});
  const named = (part: string): string => datasets.find(({ name }) => name.includes(part))!.id;
  return { modelId: entry.id, baseline: baselineTrialId, test: named('(test)'), validation: named('(validation)') };
}

const prune = (sparsity: number): Recipe => ({
  version: 2,
  steps: [{ prune: pruneStep({ sparsity }) }],
});

test('tells of this machine and the samples', async () => {
  const info = await call('app.info', {});
  expect(info.providers.find(({ name }) => name === 'cpu')).toMatchObject({ available: true, reason: null });
  expect(info.samples.map(({ id }) => id)).toEqual(['glyph-cnn', 'glyph-vit', 'glyph-gru']);
});

test('a sample opens with its data, its graph and its baseline', async () => {
  const { modelId, baseline, test: data } = await openSample();
  const graph = await call('trial.graph', { trialId: baseline });
  expect(graph.nodes).toHaveLength(77);
  const conv = graph.nodes.find(({ op }) => op === 'Conv')!;
  expect(await call('model.problems', { modelId })).toEqual([]);
  const stats = await call('trial.tensor', { trialId: baseline, tensor: conv.weights[0]!.tensor });
  expect(stats.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(stats.elements);
  expect((await call('trial.list', { modelId })).map(({ id }) => id)).toEqual([baseline]);
  expect((await call('dataset.list', {})).find(({ id }) => id === data)).toMatchObject({
    labelled: true,
    samples: 1728,
  });
});

test('a trial is made, measured against its baseline, and kept', async () => {
  const { modelId, baseline, test: data, validation } = await openSample();
  const steps = [...prune(0.3).steps, { quantize: { scheme: 'int8-static' as const, samples: 32 } }];
  const trial = await call('trial.run', {
    modelId,
    recipe: { version: 2, steps },
    calibrationDatasetId: validation,
    datasetId: data,
    limit: 128,
  });
  expect(trial).toMatchObject({ status: 'done', baseline: false, name: 'Prune 30 % + int8' });
  expect(trial.sparsity).toBeCloseTo(0.3, 3);
  expect(trial.evaluation?.samples).toBe(128);
  expect(trial.measurements.map(({ metric }) => metric)).toEqual(
    expect.arrayContaining(['latency', 'top1', 'agreement', 'sqnr']),
  );
  // The recipe that is kept leaves nothing to the machine.
  expect(trial.recipe.steps[1]).toMatchObject({ quantize: { reduceRange: expect.any(Boolean) } });
  // The baseline was timed in the same turns.
  expect((await workspace.trial(baseline)).latency).not.toBeNull();

  const again = await call('trial.run', {
    modelId,
    recipe: trial.recipe,
    calibrationDatasetId: validation,
    latency: false,
  });
  const paths = await Promise.all([trial.id, again.id].map((id) => workspace.trialOutput(id)));
  const outputs = paths.map((path) => readFileSync(path!));
  expect(outputs[0]!.equals(outputs[1]!)).toBe(true);
});

test('the errors of a quantized trial are measured and kept', async () => {
  const { modelId, validation } = await openSample();
  const recipe = { version: 2 as const, steps: [{ quantize: { scheme: 'int8-static' as const, samples: 16 } }] };
  const trial = await call('trial.run', { modelId, recipe, calibrationDatasetId: validation, latency: false });
  const table = await call('trial.errors.run', { trialId: trial.id, datasetId: validation, limit: 8 });
  expect(table.samples).toBe(8);
  expect(table.layers.every(({ sqnrDb }) => sqnrDb > 0)).toBe(true);
  expect(await call('trial.errors', { trialId: trial.id })).toEqual(table);
  expect((await workspace.trial(trial.id)).hasErrors).toBe(true);
});

test('errors of a pruned and quantized trial are those of quantization alone', async () => {
  const { modelId, validation } = await openSample();
  const quantize = { quantize: { scheme: 'int8-static' as const, samples: 16 } };
  const recipe = { version: 2 as const, steps: [...prune(0.8).steps, quantize] };
  const trial = await call('trial.run', { modelId, recipe, calibrationDatasetId: validation, latency: false });
  const table = await call('trial.errors.run', { trialId: trial.id, datasetId: validation, limit: 8 });
  // Against the unpruned model, four fifths of the weights gone leave less than 10 dB.
  expect(table.layers.find(({ op }) => op === 'Conv')!.sqnrDb).toBeGreaterThan(20);
  expect(readdirSync(await workspace.folder('trials')).filter((name) => name.includes('.float'))).toEqual([]);
});

test('errors behind a step that takes data are measured on the data that the trial was made with', async () => {
  const { modelId, validation } = await openSample();
  const repair = { repair: { method: 'bias' as const, samples: 16 } };
  const quantize = { quantize: { scheme: 'int8-static' as const, samples: 16 } };
  const recipe = { version: 2 as const, steps: [...prune(0.5).steps, repair, quantize] };
  const trial = await call('trial.run', { modelId, recipe, calibrationDatasetId: validation, latency: false });
  const table = await call('trial.errors.run', { trialId: trial.id, datasetId: validation, limit: 8 });
  expect(table.layers.find(({ op }) => op === 'Conv')!.sqnrDb).toBeGreaterThan(20);
});

test('a profile is kept with its trace', async () => {
  const { baseline } = await openSample();
  const profile = await call('trial.profile.run', { trialId: baseline, runs: 5, warmup: 1 });
  expect(await call('trial.profile', { trialId: baseline })).toEqual(profile);
  expect(existsSync(join(workspace.directory, 'traces', profile.trace!))).toBe(true);
});

test('the pruning plan counts the weights that the pruning then removes', async () => {
  const { modelId } = await openSample();
  const plan = await call('prune.plan', { modelId });
  const trial = await call('trial.run', { modelId, recipe: prune(0.5), latency: false });
  const weights = plan.layers.reduce((sum, layer) => sum + layer.weights, 0);
  const { prune: result } = await call('trial.details', { trialId: trial.id });
  const zeros = result!.layers.reduce(
    (sum, { name, sparsity }) => sum + sparsity * plan.layers.find((layer) => layer.name === name)!.weights,
    0,
  );
  expect(zeros / weights).toBeCloseTo(0.5, 3);
});

test('the plan of channel pruning knows what the cut model will be worth', async () => {
  const { modelId } = await openSample();
  const plan = await call('prune.channels', { modelId });
  const step = channelStep({ target: { macs: 0.5 } });
  const trial = await call('trial.run', { modelId, recipe: { version: 2, steps: [{ prune: step }] }, latency: false });
  const cut = channelCut(plan, step)!;
  expect(trial.prune).toMatchObject({ macs: { before: cut.full.macs, after: cut.totals.macs } });
  expect(trial.parameters).toBe(cut.totals.parameters);
  expect(trial.macs).toBe(cut.totals.macs);
  const { prune: told } = await call('trial.details', { trialId: trial.id });
  const planned = plan.layers.map((layer) => [layer.name, channelsAt(layer, cut.kept)]);
  expect(planned).toEqual(told!.layers.map(({ name, channels }) => [name, channels!.after]));
});

test('the sensitivity of every group comes piece by piece, is kept, and is not measured twice', async () => {
  const { modelId, validation, test: data } = await openSample();
  expect(await call('prune.sensitivity', { modelId })).toBeNull();
  const params = { modelId, calibrationDatasetId: validation, datasetId: data, limit: 4 };
  const table = await call('prune.sensitivity.run', params);
  const plan = await call('prune.channels', { modelId });
  expect(table.rows.map(({ group }) => group)).toEqual(plan.widths.groups.map(({ name }) => name));
  expect(table).toMatchObject({ measure: 'divergence', samples: 4, score: 'l2' });
  for (const { cells } of table.rows) expect(cells.every(({ loss }) => loss !== null && loss > -1e-6)).toBe(true);
  expect(seen.some(({ event }) => event === 'sensitivity')).toBe(true);
  expect(await call('prune.sensitivity', { modelId })).toEqual(table);
});

test('times of widths are learnt once, kept for this machine, and taken by a cut that is aimed at a latency', async () => {
  const { modelId } = await openSample();
  const { shapes } = await call('prune.channels', { modelId });
  expect(await call('prune.times', { shapes, align: 8 })).toBeNull();
  const times = await call('prune.times.run', { modelId, align: 8, minimum: 8 });
  expect(times).toMatchObject({ shapes, align: 8 });
  expect(times.cuts).toBeGreaterThan(10);
  expect(times.fullMs).toBeGreaterThan(0);
  expect(await call('prune.times', { shapes, align: 8 })).toEqual(times);
  expect(await call('prune.times', { shapes, align: 16 })).toBeNull();
  expect(seen.some(({ event }) => event === 'prune.times')).toBe(true);
  const step = channelStep({ target: { latency: 0.9 } });
  await call('trial.run', { modelId, recipe: { version: 2, steps: [{ prune: step }] }, latency: false });
  const stages = seen.flatMap(({ event, payload }) =>
    event === 'job' && (payload as Job).kind === 'trial' ? [(payload as Job).stage] : [],
  );
  expect(stages).not.toContain('Timing widths');
  expect(await workspace.widthTimes()).toEqual([times]);
});

test('a cancelled trial is told as cancelled and leaves no half-written model', async () => {
  const { modelId, test: data } = await openSample();
  const running = call('trial.run', { modelId, recipe: prune(0.61), datasetId: data });
  const job = await waitForJob((one) => one.status === 'running' && one.title.startsWith('Prune 61 %'));
  studio.cancelJob(job.id);
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  const trial = (await call('trial.list', { modelId })).find(({ name }) => name === 'Prune 61 %');
  expect(trial?.status).toBe('cancelled');
  expect(readdirSync(await workspace.folder('trials')).filter((name) => !/\.onnx(\.data)?$/u.test(name))).toEqual([]);
});

test('a measured trial stays measured when measuring it again is cancelled', async () => {
  const { modelId, test: data } = await openSample();
  const params = { modelId, recipe: prune(0.62), datasetId: data, latency: false };
  const before = await call('trial.run', { ...params, limit: 100 });
  const jobs = new Set((await call('job.list', {})).map(({ id }) => id));
  const again = call('trial.run', params);
  const job = await waitForJob((one) => one.status === 'running' && !jobs.has(one.id));
  studio.cancelJob(job.id);
  await expect(again).rejects.toMatchObject({ code: 'CANCELLED' });
  const after = (await call('trial.list', { modelId })).find(({ id }) => id === before.id);
  expect(after).toMatchObject({ status: 'done', error: null, evaluation: before.evaluation });
});

test('data are looked at before they are added: what the model seems to want, and what it would see', async () => {
  const { modelId } = await openSample();
  const path = fileURLToPath(new URL('../../resources/samples/glyphs-test.npz', import.meta.url));
  const preview = await call('dataset.preview', { modelId, path });
  expect(preview).toMatchObject({ labelled: true, problem: null, guess: { preset: 'unit' } });
  expect(preview.sentence).toContain('x/255');
  expect(preview.pictures).toHaveLength(4);
  expect(preview.pictures[0]).toMatchObject({ width: 32, height: 32 });
  expect(preview.pictures[0]!.high).toBeLessThanOrEqual(1);
  const raw = await call('dataset.preview', { modelId, path, preprocessing: { scale: 1 } });
  expect(raw.pictures[0]!.high).toBeGreaterThan(1);
});

test('a weight and a value between layers are looked into, page by page, and saved as NumPy reads them', async () => {
  const { baseline, validation } = await openSample();
  const { nodes } = await call('trial.graph', { trialId: baseline });
  const conv = nodes.find(({ op }) => op === 'Conv')!;
  const weight = { kind: 'weight', tensor: conv.weights[0]!.tensor } as const;
  const view = await call('trial.tensorView', { trialId: baseline, source: weight });
  expect(view).toMatchObject({ shape: [16, 1, 3, 3], elements: 144, users: [conv.name], duplicates: [], on: null });
  expect(view.channels).toMatchObject({ axis: 0 });
  expect(view.channels!.min).toHaveLength(16);
  expect(view.picture).toMatchObject({ slices: 1, tile: { height: 3, width: 3, count: 16 } });
  const page = await call('trial.tensorPage', { trialId: baseline, source: weight, offset: 140, count: 256 });
  expect(page.values).toHaveLength(4);

  const value = { kind: 'value', value: conv.outputs[0]!, datasetId: validation, sample: 2 } as const;
  const maps = await call('trial.tensorView', { trialId: baseline, source: value });
  expect(maps).toMatchObject({ shape: [1, 16, 32, 32], picture: { slices: 1, tile: { count: 16 } } });
  expect(maps.on).toContain('sample 2');
  // The input itself times the first filter, one pixel by hand.
  const input = { ...value, value: conv.inputs[0]! };
  const image = (await call('trial.tensorPage', { trialId: baseline, source: input, offset: 0, count: 1024 })).values;
  const filter = (await call('trial.tensorPage', { trialId: baseline, source: weight, offset: 0, count: 9 })).values;
  const at = 10 * 32 + 10;
  const product = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    .map((tap) => Number(filter[tap]) * Number(image[at + (Math.floor(tap / 3) - 1) * 32 + (tap % 3) - 1]))
    .reduce((sum, term) => sum + term, 0);
  const made = await call('trial.tensorPage', { trialId: baseline, source: value, offset: at, count: 1 });
  expect(Number(made.values[0])).toBeCloseTo(product, 4);

  const file = await call('trial.tensorFile', { trialId: baseline, source: value });
  expect(file.name).toMatch(/\.npy$/u);
  const random = await call('trial.tensorView', { trialId: baseline, source: { ...value, datasetId: null } });
  expect(random.on).toContain('random');
  await expect(
    call('trial.tensorView', { trialId: baseline, source: { kind: 'weight', tensor: 'none' } }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('export writes model, recipe and report, whole or not at all', async () => {
  const { modelId } = await openSample();
  const trial = await call('trial.run', { modelId, recipe: prune(0.2), latency: false });
  const target = join(directory, 'exported');
  const params = { trialId: trial.id, directory: target, name: 'small', model: true, recipe: true, report: true };
  const { files } = await call('trial.export', params);
  expect(readdirSync(target).toSorted()).toEqual(['small.onnx', 'small.recipe.json', 'small.report.html']);
  expect(files.every(({ bytes }) => bytes > 0)).toBe(true);
  expect(readFileSync(join(target, 'small.onnx')).equals(readFileSync((await workspace.trialOutput(trial.id))!))).toBe(
    true,
  );
  expect(JSON.parse(readFileSync(join(target, 'small.recipe.json'), 'utf8'))).toEqual(trial.recipe);
  await expect(call('trial.export', params)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  await call('trial.export', { ...params, overwrite: true });
  expect(readdirSync(target)).toHaveLength(3);
});

test('two trials are compared layer by layer', async () => {
  const { modelId, baseline } = await openSample();
  const trial = await call('trial.run', { modelId, recipe: prune(0.5), latency: false });
  const comparison = await call('trial.compare', { a: baseline, b: trial.id });
  const conv = comparison.layers.find(({ opA }) => opA === 'Conv')!;
  expect(conv).toMatchObject({ status: 'changed', changes: ['weights'] });
  expect(conv.weights!.relative).toBeGreaterThan(0);
  expect(comparison.layers.find(({ opA }) => opA === 'Relu')).toMatchObject({ status: 'same', changes: [] });
});

test('a trial is compared with any file, its layers matched by what they are', async () => {
  const { modelId, baseline } = await openSample();
  const trial = await call('trial.run', { modelId, recipe: prune(0.5), latency: false });
  const path = (await workspace.trialOutput(trial.id))!;
  const { b, layers } = await call('trial.compareFile', { a: baseline, path });
  expect(b.name).toBe(basename(path));
  expect(layers.find(({ opA }) => opA === 'Relu')).toMatchObject({ status: 'same', matchedBy: 'name' });
  const own = await call('model.layers', { of: { path } });
  expect(own.names).toEqual(layers.map(({ name, nameB }) => nameB ?? name));
  expect((await call('model.layers', { of: { trialId: trial.id } })).names).toEqual(own.names);
  const missing = join(directory, 'none.onnx');
  await expect(call('model.layers', { of: { path: missing } })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  await expect(call('trial.compareFile', { a: baseline, path: missing })).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  });
});

test('what the nodes of a trial stand for is kept with it, as far as it is not said by their names', async () => {
  const { modelId, validation } = await openSample();
  const recipe: Recipe = {
    version: 2,
    steps: [{ rewrite: { pass: 'fold-batchnorm' } }, { quantize: quantizeStepSchema.parse({ samples: 16 }) }],
  };
  const trial = await call('trial.run', { modelId, recipe, calibrationDatasetId: validation, latency: false });
  const sources = (await workspace.result(trial.id, 'sources'))!;
  expect(Object.entries(sources).filter(([node, layers]) => layers.length === 1 && layers[0] === node)).toEqual([]);
  const folded = Object.values(sources).find((layers) => layers.length > 1)!;
  const table = await call('trial.layers', { trialId: trial.id });
  const places = folded.map((name) => table.names.indexOf(name));
  expect(places.map((place) => LAYER_STATES[table.state[place]!])).toEqual(['present', 'fused']);
});

test('everything is there after the studio was closed and opened', async () => {
  const { modelId } = await openSample();
  const before = await call('trial.list', { modelId });
  await close();
  await open();
  expect(await call('trial.list', { modelId })).toEqual(before);
  expect((await call('model.recents', {}))[0]).toMatchObject({ id: modelId, available: true });
});

test('what windows keep of themselves is the workspace’s', async () => {
  await call('settings.set', { name: 'lapidary.ui', value: '{"tab":"prune"}' });
  await call('settings.set', { name: 'lapidary.last', value: 'x' });
  await call('settings.set', { name: 'lapidary.last', value: null });
  await close();
  await open();
  expect(await call('settings.get', {})).toEqual({ 'lapidary.ui': '{"tab":"prune"}' });
});

test('the baseline cannot be deleted, a trial can', async () => {
  const { modelId, baseline } = await openSample();
  await expect(call('trial.delete', { trialId: baseline })).rejects.toMatchObject({ code: 'USAGE' });
  const trial = await call('trial.run', { modelId, recipe: prune(0.15), latency: false });
  const output = (await workspace.trialOutput(trial.id))!;
  await call('trial.delete', { trialId: trial.id });
  expect(existsSync(output)).toBe(false);
  expect((await call('trial.list', { modelId })).some(({ id }) => id === trial.id)).toBe(false);
});

test('an unknown trial, model or sample is said to be unknown', async () => {
  await expect(call('trial.graph', { trialId: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(call('prune.plan', { modelId: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(call('model.open', { sample: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(call('model.open', { upload: '../x' })).rejects.toMatchObject({ code: 'USAGE' });
});

interface JobPayload {
  readonly id: string;
  readonly status: string;
  readonly title: string;
}

async function waitForJob(wanted: (job: JobPayload) => boolean): Promise<JobPayload> {
  for (;;) {
    const found = seen.find(({ event, payload }) => event === 'job' && wanted(payload as JobPayload));
    if (found !== undefined) return found.payload as JobPayload;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
