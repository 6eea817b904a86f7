/**
 * What ONNX Runtime's own tool makes of models, for comparison: `test/fixtures/quantize-static/README.md` says how it is used.
 * `write FOLDER [NAME…]` writes models and samples that the tool reads, `measure FOLDER [NAME…]` runs what it has made of them and keeps
 * the numbers.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { saveModel } from '../main/engine/onnx/save.ts';
import { withoutUnusedInitializers } from '../main/engine/passes/unused-weights.ts';
import { startRunner } from '../main/engine/runtime/runner.ts';
import { ASSET_CASES, BUILT_CASES, SAMPLE_CASES, type OpenStaticCase } from '../test/support/static-cases.ts';
import { Compared, STATIC_RESULTS, STATIC_RESULTS_FILE, type StaticResult } from '../test/support/static-results.ts';
import { npyBytes, npzBytes } from '../test/support/data-files.ts';
import type { HostTensors } from '../main/engine/tensor/host-tensor.ts';

const [task, folder, ...names] = process.argv.slice(2);
if (folder === undefined || (task !== 'write' && task !== 'measure')) {
  throw new Error('Usage: node scripts/run24.mjs scripts/quantize-static.ts write|measure FOLDER [NAME…]');
}
const cases = [...SAMPLE_CASES, ...BUILT_CASES, ...ASSET_CASES].filter(
  ([name]) => names.length === 0 || names.includes(name),
);

/** Inputs by their place in the model. */
function npz(feeds: HostTensors, order: readonly string[]): Uint8Array {
  const arrays = order.map((name, at): [string, Uint8Array] => {
    const { data, dims } = feeds[name]!;
    return [`input${at}`, npyBytes(data as Float32Array, dims)];
  });
  return npzBytes(Object.fromEntries(arrays), 0);
}

async function write(name: string, open: OpenStaticCase): Promise<void> {
  const { model, calibration } = await open();
  const own = `${folder}/${name}`;
  mkdirSync(own, { recursive: true });
  // What no layer uses the tool's runtime takes for an error once it is no input any more.
  const graph = withoutUnusedInitializers(model.graph);
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  // The tool takes weights that are listed among the inputs for inputs, once the runtime has folded them.
  const inputs = graph.inputs.filter((input) => !constants.has(input.name));
  await saveModel({ ...model, graph: { ...graph, inputs } }, `${own}/model.onnx`);
  const order = inputs.map((input) => input.name);
  for (const [at, feeds] of calibration.entries()) {
    writeFileSync(`${own}/calibration-${String(at).padStart(3, '0')}.npz`, npz(feeds, order));
  }
}

/** What the tool wrote beside a model: why it could not quantize it, by setting. */
const errorsOf = (own: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(`${own}/made.json`, 'utf8')) as Record<string, string>;

/** The first line of an error, without paths of this machine. */
const failed = (error: string): StaticResult => ({
  error: error
    .split('\n')[0]!
    .replaceAll(/\/tmp\/\S*\//gu, '')
    .slice(0, 160),
});

if (task === 'write') for (const [name, open] of cases) await write(name, open);
else {
  using runner = await startRunner();
  const all: Record<string, Record<string, StaticResult>> = {};
  for (const [name, open] of cases) {
    const own = `${folder}/${name}`;
    if (!existsSync(`${own}/made.json`)) continue;
    const compared = await Compared.of(await open(), runner);
    all[name] = {};
    for (const [setting, error] of Object.entries(errorsOf(own))) {
      const path = `${own}/${setting}.onnx`;
      all[name][setting] =
        error === '' ? await compared.measure({ path }).catch((cause) => failed(String(cause))) : failed(error);
    }
  }
  writeFileSync(STATIC_RESULTS_FILE, `${JSON.stringify({ ...STATIC_RESULTS, ...all }, null, 1)}\n`);
}
