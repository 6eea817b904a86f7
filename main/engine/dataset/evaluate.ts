import { StudioError } from '../../base/errors.ts';
import type { Outcomes } from '../../contract/measurement.ts';
import type { Share } from '../../judge/statistics/binomial.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Feed } from '../runtime/feed.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { ModelSource, SessionSettings } from '../runtime/settings.ts';
import { elementCount, type HostTensors } from '../tensor/host-tensor.ts';
import type { Batch, Dataset, InputSpec } from './dataset.ts';
import { feedSource } from './feed-source.ts';
import { batchSizeFor } from './feeding.ts';
import { Similarity } from './metrics.ts';
import { classesOf, floatOutputs, numbersOf, scoresOutput } from './model-outputs.ts';
import { pickLabels } from './select.ts';
import { Tally, type Scores } from './tally.ts';

/** What is evaluated, on what, and how. */
export interface EvaluateRequest {
  readonly model: ModelSource;
  readonly dataset: Dataset;
  readonly runner: Runner;
  readonly settings: SessionSettings;
  /** Samples in a run; null or left out: as many as fill 8 MB of input, 32 at most. A fixed batch of the model wins. */
  readonly batch?: number | null;
  /** Sizes for symbolic dimensions other than the batch, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Samples by index, ascending; null: all. */
  readonly indices?: Uint32Array | null;
  /** Samples from the start (of `indices`, where given); null: all. */
  readonly limit?: number | null;
  /** The model whose outputs are taken as the truth to compare with. */
  readonly reference?: ModelSource | null;
  /** Name of the output with the scores; default: the first of floats [batch, classes]. */
  readonly output?: string;
}

/** What came out; see `evaluateSchema` of the contract for the keys. */
export interface EvaluationResult {
  readonly samples: number;
  readonly metrics: Readonly<Record<string, Share>>;
  readonly samplesPerSecond: number;
  readonly batch: number;
  readonly classes: readonly string[];
  readonly confusion: readonly (readonly number[])[] | null;
  readonly agreement: Share | null;
  readonly sqnrDb: number | null;
  readonly cosine: number | null;
  readonly preprocessing: string;
  readonly notes: readonly string[];
  /** What was answered on each sample, in the order of the data. Not for JSON. */
  readonly outcomes: Outcomes;
  /** The same of the reference, with its own metrics; null without one, or where its scores are of other classes. */
  readonly reference: Pick<EvaluationResult, 'metrics' | 'outcomes'> | null;
}

const AUTO_BATCH_BYTES = 8 * 2 ** 20;
const AUTO_BATCH_MAX = 32;

/**
 * Runs the data through the model: accuracy against labels, likeness to a reference, or both.
 * `samplesPerSecond` counts from the first batch asked of the data to the last result: reading, decoding and preparing
 * samples as far as the runs do not hide them, the runs, and counting. It leaves out loading the models, opening the data,
 * and the reference's runs (measured in the runner).
 * @throws DATA_LABELS_MISSING when there is neither label nor reference; DATA_SHAPE when data or outputs do not fit;
 * DATA_INVALID for labels that the model has no class for; RUNTIME_…, CANCELLED
 */
export async function evaluateModel(request: EvaluateRequest, context: TaskContext): Promise<EvaluationResult> {
  const { dataset, runner, settings, reference } = request;
  if (!dataset.labelled && (reference ?? null) === null) {
    throw new StudioError(
      'DATA_LABELS_MISSING',
      `Data '${dataset.name}' has no labels, expected labels or a reference model`,
      {
        hint: 'Add labels (--labels), or compare the outputs with those of another model (--reference).',
      },
    );
  }
  const options = { signal: context.signal };
  const session = await runner.load(request.model, settings, options);
  try {
    const other = reference ? await runner.load(reference, settings, options) : undefined;
    try {
      return await new Evaluation(request, { session, other }, context).run();
    } finally {
      if (runner.alive) await other?.close();
    }
  } finally {
    if (runner.alive) await session.close();
  }
}

interface Sessions {
  readonly session: Session;
  readonly other: Session | undefined;
}

/** Counts of the model and of the reference. */
interface Tallies {
  readonly own: Tally;
  readonly reference: Tally;
}

interface Outputs {
  readonly batch: Pick<Batch, 'labels' | 'count'>;
  readonly own: HostTensors;
  readonly reference: HostTensors | undefined;
}

class Evaluation {
  readonly #request: EvaluateRequest;
  readonly #sessions: Sessions;
  readonly #context: TaskContext;
  readonly #scores: string;
  /** Float outputs that both models have. */
  readonly #shared: readonly string[];
  readonly #similarity = new Similarity();
  readonly #notes = new Set<string>();
  #classes: number | undefined;
  /** Time that the runner spent on the reference. */
  #referenceMs = 0;

  constructor(request: EvaluateRequest, sessions: Sessions, context: TaskContext) {
    this.#request = request;
    this.#sessions = sessions;
    this.#context = context;
    const { session, other } = sessions;
    this.#scores = scoresOutput(session.outputs, request.output).name;
    const theirs = new Set(other === undefined ? [] : floatOutputs(other.outputs).map(({ name }) => name));
    this.#shared = floatOutputs(session.outputs)
      .map(({ name }) => name)
      .filter((name) => theirs.has(name));
    if (other !== undefined && this.#shared.length === 0) {
      throw new StudioError('SHAPE_MISMATCH', 'The model and the reference have no output of the same name to compare');
    }
  }

  async run(): Promise<EvaluationResult> {
    const { dataset, runner, dims = {}, indices = null, limit } = this.#request;
    const { session } = this.#sessions;
    const inputs = session.inputs.map((input) => withDims(input, dims));
    const batch = batchSizeFor(inputs, this.#request.batch ?? autoBatch(inputs)).size;
    const preprocessing = dataset.describe(inputs);
    const total = Math.min(indices?.length ?? dataset.samples, limit ?? dataset.samples);
    if (total === 0) throw new StudioError('DATA_INVALID', `Data '${dataset.name}' has no samples`);
    const tallies = { own: new Tally(total, dataset.labelled), reference: new Tally(total, dataset.labelled) };
    const { signal, progress } = this.#context;

    let done = 0;
    progress({ stage: 'Evaluating', done, total });
    const source = feedSource(dataset, inputs, { batchSize: batch, indices, limit: total });
    const feed = await runner.openFeed(source, { signal });
    try {
      const began = performance.now();
      for await (const outputs of this.#outputsOf(feed)) {
        this.#compare(outputs, tallies);
        done += outputs.batch.count;
        progress({ stage: 'Evaluating', done, total });
      }
      const seconds = (performance.now() - began - this.#referenceMs) / 1000;
      return this.#finish({ ...tallies, done, batch, preprocessing, seconds });
    } finally {
      if (runner.alive) await feed.close();
    }
  }

  /** What each batch gives; the batches are made where they are run. */
  async *#outputsOf(feed: Feed): AsyncGenerator<Outputs, void, void> {
    const { session, other } = this.#sessions;
    const own = { session, outputs: [...new Set([this.#scores, ...this.#shared])] };
    const runs = other === undefined ? [own] : [own, { session: other, outputs: this.#shared }];
    const { dataset, indices = null } = this.#request;
    const labels = pickLabels(dataset.labels, indices);
    let done = 0;
    for await (const { count, runs: given } of feed.run(runs, { signal: this.#context.signal })) {
      const [mine, theirs] = given;
      this.#referenceMs += theirs?.ms ?? 0;
      const batch = { labels: labels?.subarray(done, done + count) ?? null, count };
      done += count;
      yield { batch, own: mine!.outputs, reference: theirs?.outputs };
    }
  }

  #compare({ batch, own, reference }: Outputs, tallies: Tallies): void {
    const { labels, count } = batch;
    for (const name of reference === undefined ? [] : this.#shared) this.#addSimilarity(name, count, own, reference!);
    const scores = this.#scoresOf(own);
    if (scores === undefined) return;
    if (this.#classes === undefined) this.#noteClasses(scores.classes);
    if (labels !== null) this.#checkLabels(labels, scores.classes);
    const theirs = reference?.[this.#scores] === undefined ? undefined : this.#scoresOf(reference);
    tallies.own.add(scores, labels, count, theirs);
    if (theirs?.classes === scores.classes) tallies.reference.add(theirs, labels, count);
  }

  #addSimilarity(name: string, count: number, own: HostTensors, reference: HostTensors): void {
    const [mine, theirs] = [own[name]!, reference[name]!];
    if (mine.dims.join() !== theirs.dims.join()) {
      throw new StudioError(
        'SHAPE_MISMATCH',
        `Output '${name}' has shape [${mine.dims.join(', ')}], the reference's has [${theirs.dims.join(', ')}]`,
      );
    }
    // Rows of padding after the samples are no outputs of the data.
    const rows = mine.dims[0] ?? 1;
    const padded = rows > count && this.#request.dataset.kind !== 'pb';
    const length = padded ? (elementCount(mine.dims) / rows) * count : elementCount(mine.dims);
    this.#similarity.add(numbersOf(theirs), numbersOf(mine), length);
  }

  /** The scores, or undefined where the output is no row of classes for each sample and the outputs can be compared without. */
  #scoresOf(outputs: HostTensors): Scores | undefined {
    const tensor = outputs[this.#scores]!;
    const classes = classesOf(tensor.dims);
    if (classes !== undefined) return { values: numbersOf(tensor), classes };
    const { labelled } = this.#request.dataset;
    if (!labelled || this.#sessions.other !== undefined) {
      const uncounted = labelled ? 'neither accuracy nor agreement is counted' : 'no agreement is counted';
      this.#notes.add(`Output '${this.#scores}' [${tensor.dims.join(', ')}] is no row of class scores: ${uncounted}.`);
      return undefined;
    }
    throw new StudioError(
      'DATA_SHAPE',
      `Output '${this.#scores}' has shape [${tensor.dims.join(', ')}], expected [batch, classes] to count accuracy`,
      { hint: 'Accuracy is for classifiers; leave the labels away and give a reference to compare outputs.' },
    );
  }

  #noteClasses(classes: number): void {
    this.#classes = classes;
    const { dataset } = this.#request;
    const known = dataset.classes.length;
    if (dataset.labelled && known === classes - 1 && dataset.preprocessing.labelOffset === 0 && known >= 100) {
      this.#notes.add(
        `The model has ${classes} classes, the data ${known}: if the model's class 0 is "background", set the label offset to 1.`,
      );
    }
  }

  #checkLabels(labels: Int32Array, classes: number): void {
    for (const label of labels) {
      if (label >= 0 && label < classes) continue;
      throw new StudioError(
        'DATA_INVALID',
        `A sample has label ${label}, but the model has ${classes} classes (0 to ${classes - 1})`,
        {
          hint: 'Is it the right data, and the label offset right?',
        },
      );
    }
  }

  #finish(
    counted: Tallies & { done: number; batch: number; preprocessing: string; seconds: number },
  ): EvaluationResult {
    const { own, done, batch, preprocessing, seconds } = counted;
    const { metrics, confusion, outcomes, agreement, withNaN } = own.result();
    const theirs = counted.reference.result();
    const compared = this.#sessions.other !== undefined;
    const similarity = {
      sqnrDb: compared ? this.#similarity.sqnrDb : null,
      cosine: compared ? this.#similarity.cosine : null,
    };
    if (withNaN > 0) this.#notes.add(`${withNaN} of ${done} samples gave NaN and count as wrong.`);
    if (compared && similarity.sqnrDb === null)
      this.#notes.add('Outputs held NaN or infinite values: SQNR and cosine have no value.');
    if (outcomes.top1 !== null && outcomes.samples > 0 && confusion === null && withNaN < done) {
      this.#notes.add(`The confusion matrix is left out: ${this.#classes ?? 0} classes are too many to show.`);
    }
    return {
      samples: done,
      metrics,
      samplesPerSecond: done / Math.max(seconds, 1e-9),
      batch,
      classes: this.#classNames(),
      confusion,
      agreement,
      ...similarity,
      preprocessing,
      notes: [...this.#notes],
      outcomes,
      reference: theirs.outcomes.samples === done ? { metrics: theirs.metrics, outcomes: theirs.outcomes } : null,
    };
  }

  /** Names by the model's class index. */
  #classNames(): readonly string[] {
    const { classes, preprocessing } = this.#request.dataset;
    const named = (index: number): string => classes[index - preprocessing.labelOffset] ?? `class ${index}`;
    return Array.from({ length: this.#classes ?? 0 }, (_, index) => named(index));
  }
}

/** The input with the sizes that are given for its symbolic dimensions; the batch stays open. */
function withDims(input: InputSpec, dims: Readonly<Record<string, number>>): InputSpec {
  const shape =
    input.shape?.map((dim, axis) => (axis > 0 && typeof dim === 'string' ? (dims[dim] ?? dim) : dim)) ?? null;
  return { ...input, shape };
}

function autoBatch(inputs: readonly InputSpec[]): number {
  const elements = inputs.reduce((sum, { shape }) => {
    const sizes = (shape ?? []).slice(1).map((dim) => (typeof dim === 'number' ? dim : 1));
    return sum + sizes.reduce((product, size) => product * size, 1);
  }, 0);
  return Math.max(1, Math.min(AUTO_BATCH_MAX, Math.floor(AUTO_BATCH_BYTES / (4 * Math.max(elements, 1)))));
}
