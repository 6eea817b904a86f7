/** What ONNX Runtime's `quantize_static` makes of models, and what comes of it on samples. */
import { readFileSync } from 'node:fs';
import { quietContext } from '../../main/base/progress.ts';
import { quantizeStepSchema } from '../../main/contract/recipe/quantize.ts';
import type { Int8StaticStep } from '../../main/contract/recipe/quantize-static.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { outputSqnrDb } from '../../main/engine/dataset/output-distance.ts';
import { nameNodes } from '../../main/engine/passes/name-nodes.ts';
import { quantizeStatic } from '../../main/engine/quantize/quantize-static.ts';
import { sourceOfModel } from '../../main/engine/runtime/model-source.ts';
import type { Runner } from '../../main/engine/runtime/runner.ts';
import type { ModelSource } from '../../main/engine/runtime/settings.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import type { StaticCase } from './static-cases.ts';

/** How a quantized model's outputs compare with the float model's on the evaluation samples; or why there are none. */
export interface StaticResult {
  readonly sqnrDb?: number;
  /** Share of samples with the same largest score, where the first output is a row of scores for each. */
  readonly agreement?: number;
  readonly error?: string;
}

export const STATIC_RESULTS_FILE = new URL('../fixtures/quantize-static/quantize-static.json', import.meta.url);

/** By model and setting, as "minmax-u8s8-channel". */
export const STATIC_RESULTS: Readonly<Record<string, Readonly<Record<string, StaticResult>>>> = JSON.parse(
  readFileSync(STATIC_RESULTS_FILE, 'utf8'),
) as Record<string, Record<string, StaticResult>>;

/** A case's float model, run once on its evaluation samples. */
export class Compared {
  readonly #opened: StaticCase;
  readonly #runner: Runner;
  readonly #float: readonly HostTensors[];

  private constructor(opened: StaticCase, runner: Runner, float: readonly HostTensors[]) {
    this.#opened = opened;
    this.#runner = runner;
    this.#float = float;
  }

  static async of(opened: StaticCase, runner: Runner): Promise<Compared> {
    const source = sourceOfModel(nameNodes(opened.model).model);
    return new Compared(opened, runner, await outputsOf(source, opened.evaluation, runner));
  }

  /** Runs a model that was made of it on the same samples. */
  async measure(quantized: ModelSource): Promise<StaticResult> {
    const outputs = await outputsOf(quantized, this.#opened.evaluation, this.#runner);
    const agreement = agreementOf(this.#float, outputs);
    return {
      sqnrDb: Math.round(outputSqnrDb(this.#float, outputs) * 100) / 100,
      ...(agreement === undefined ? {} : { agreement: Math.round(agreement * 1e4) / 1e4 }),
    };
  }

  /** Quantizes it by a setting as the tool's are named, with 8-bit weights whatever this CPU is. */
  async quantize(setting: string): Promise<StaticResult> {
    const [calibrator, types, scales] = setting.split('-');
    const step = quantizeStepSchema.parse({
      scheme: 'int8-static',
      calibrator,
      types,
      perChannel: scales === 'channel',
      reduceRange: false,
      samples: 1000,
    }) as Int8StaticStep;
    const batches = this.#opened.calibration;
    async function* calibration(): FeedBatches {
      yield* batches;
    }
    const input = { step, calibration, runner: this.#runner, vnni: true };
    const { model } = await quantizeStatic(this.#opened.model, input, quietContext());
    return this.measure(sourceOfModel(nameNodes(model).model));
  }
}

async function outputsOf(
  source: ModelSource,
  batches: readonly HostTensors[],
  runner: Runner,
): Promise<readonly HostTensors[]> {
  const session = await runner.load(source, { provider: 'cpu', threads: null });
  const outputs: HostTensors[] = [];
  try {
    for (const feeds of batches) outputs.push(await session.run(feeds));
    return outputs;
  } finally {
    if (runner.alive) await session.close();
  }
}

function agreementOf(x: readonly HostTensors[], y: readonly HostTensors[]): number | undefined {
  let [same, all] = [0, 0];
  for (const [at, outputs] of x.entries()) {
    const [[name, scores] = ['', undefined]] = Object.entries(outputs);
    const other = y[at]?.[name];
    if (scores?.dims.length !== 2 || scores.dims[1]! < 2 || !(scores.data instanceof Float32Array)) return undefined;
    const [rows, classes] = scores.dims as [number, number];
    for (let row = 0; row < rows; row++, all++) {
      const best = (data: Float32Array): number => {
        const own = data.subarray(row * classes, (row + 1) * classes);
        return own.indexOf(own.reduce((most, value) => Math.max(most, value), -Infinity));
      };
      if (best(scores.data) === best(other!.data as Float32Array)) same++;
    }
  }
  return same / all;
}
