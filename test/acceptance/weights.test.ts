/** Weight-only quantization of a real language model, where it lies beside the repository. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietContext } from '../../main/base/progress.ts';
import { recipeSchema } from '../../main/contract/recipe/recipe.ts';
import type { FeedBatches } from '../../main/engine/dataset/feed-batches.ts';
import { openModel } from '../../main/engine/onnx/open.ts';
import { startRunner, type Runner } from '../../main/engine/runtime/runner.ts';
import type { HostTensors } from '../../main/engine/tensor/host-tensor.ts';
import { seededRandom } from '../../main/engine/tensor/random.ts';
import { makeModel, type MadeModel } from '../../main/engine/trial/make-model.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = fileURLToPath(new URL('../../../shared/assets/models', import.meta.url));
const FLOAT = join(folder, 'llama-dreams-260k', 'llama-dreams-260k.onnx');
const ORT_INT4 = join(folder, 'llama-dreams-260k-int4', 'model.onnx');
const VOCABULARY = 512;

const suite = existsSync(FLOAT) ? describe : describe.skip;

const tokens = (sequences: readonly (readonly number[])[]): HostTensors => ({
  input_ids: {
    dtype: 'int64',
    dims: [sequences.length, sequences[0]!.length],
    data: BigInt64Array.from(sequences.flat(), BigInt),
  },
});

suite(`weights of a language model${existsSync(FLOAT) ? '' : ' (skipped: ../shared/assets is not there)'}`, () => {
  let runner: Runner;
  let calibration: number[][];
  beforeAll(async () => {
    runner = await startRunner();
    calibration = await sampled({ count: 64, length: 64 });
  }, 120_000);
  afterAll(() => runner.kill());

  /** The evaluation sequences, which the model made itself too; none of the calibration is among them. */
  const evaluation = (): number[][] =>
    JSON.parse(readFileSync(join(folder, 'llama-dreams-260k', 'sample_sequences.json'), 'utf8')) as number[][];

  /** exp of the mean negative log-likelihood of each token after those before it, computed by ONNX Runtime from the file. */
  async function perplexity(path: string, sequences = evaluation()): Promise<number> {
    const session = await runner.load({ path }, { provider: 'cpu', threads: 1 });
    let [loss, count] = [0, 0];
    for (const sequence of sequences) {
      const { logits } = await session.run(tokens([sequence]));
      const values = logits!.data as Float32Array;
      for (let at = 0; at + 1 < sequence.length; at++) {
        const row = values.subarray(at * VOCABULARY, (at + 1) * VOCABULARY);
        const top = Math.max(...row);
        loss -= row[sequence[at + 1]!]! - top - Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
        count++;
      }
    }
    await session.close();
    return Math.exp(loss / count);
  }

  /** Sequences that the float model makes, drawn at temperature 0.8. */
  async function sampled({ count, length }: { count: number; length: number }): Promise<number[][]> {
    const random = seededRandom(7);
    const session = await runner.load({ path: FLOAT }, { provider: 'cpu', threads: null });
    let sequences = Array.from({ length: count }, () => [1]);
    for (let done = 1; done < length; done++) {
      const { logits } = await session.run(tokens(sequences));
      sequences = sequences.map((sequence, at) => {
        const start = (at * done + done - 1) * VOCABULARY;
        const row = Array.from(
          (logits!.data as Float32Array).subarray(start, start + VOCABULARY),
          (value) => value / 0.8,
        );
        const top = Math.max(...row);
        const chances = row.map((value) => Math.exp(value - top));
        let left = random() * chances.reduce((sum, chance) => sum + chance, 0);
        const next = chances.findIndex((chance) => (left -= chance) <= 0);
        return [...sequence, Math.max(next, 0)];
      });
    }
    await session.close();
    return sequences;
  }

  async function* batches(samples: number): FeedBatches {
    const used = calibration.slice(0, samples);
    for (let at = 0; at < used.length; at += 8) yield tokens(used.slice(at, at + 8));
  }

  async function made(settings: Record<string, unknown>, output: string): Promise<MadeModel> {
    const opened = await openModel(FLOAT);
    const recipe = recipeSchema.parse({ version: 2, steps: [{ quantize: settings }] });
    const sampleFeeds = async (): Promise<HostTensors> => tokens(calibration.slice(0, 2));
    return makeModel(
      opened,
      { recipe, output },
      { calibration: batches, runner, sampleFeeds, vnni: null },
      quietContext(),
    );
  }

  it('is measured as its origin says: 3.62 in float, 3.75 by ONNX Runtime at 4 bits', async () => {
    expect(await perplexity(FLOAT)).toBeCloseTo(3.6236, 3);
    expect(await perplexity(ORT_INT4)).toBeCloseTo(3.7513, 3);
  });

  it('rounds to nearest as ONNX Runtime does', async () => {
    using temporary = tempFolder();
    const path = temporary.file('nearest.onnx');
    await made({ scheme: 'int4-weight', symmetric: true, embeddings: false }, path);
    expect(await perplexity(path)).toBeCloseTo(3.7513, 2);
  });

  // 800 tokens tell perplexity to about 0.02: other calibration sequences give 3.666 to 3.707 with blocks of 32.
  it.each([
    { settings: { block: 16 }, most: 3.7 },
    { settings: { block: 32 }, most: 3.7 },
  ])('stays within a perplexity of $most at 4 bits by GPTQ: $settings', async ({ settings, most }) => {
    using temporary = tempFolder();
    const path = temporary.file('gptq.onnx');
    const { outcomes } = await made({ scheme: 'int4-weight', method: 'gptq', samples: 64, ...settings }, path);
    const found = await perplexity(path);
    expect(found).toBeLessThan(most);
    expect(statSync(path).size).toBeLessThan(statSync(FLOAT).size / 3);
    expect(JSON.stringify(outcomes)).toContain('outputSqnrDb');
  });
});
