import { StudioError } from '../base/errors.ts';
import type { Measurement, Outcomes, Paired } from '../contract/measurement.ts';
import type { DatasetEntry, ModelEntry, Trial, TrialDetails } from '../contract/studio.ts';
import { circumstancesKey } from '../judge/circumstances.ts';
import { summarizeEvaluation, summarizePrune, summarizeQuantize } from '../judge/trial-summary.ts';
import type { NewTrial, ResultKind, TrialRecord, TrialResults, TrialSummaries } from '../workspace/trial-record.ts';
import type { TrialStore } from './trial-store.ts';

type Model = Omit<ModelEntry, 'available'>;

interface KeptTrial {
  trial: Trial;
  readonly output: string;
  readonly results: Map<ResultKind, unknown>;
  /** By the key of the circumstances. */
  readonly outcomes: Map<string, Outcomes>;
}

/** A trial store for the length of a command: what a workspace would keep, in memory. */
export class MemoryStore implements TrialStore {
  readonly #models = new Map<string, Model>();
  readonly #datasets = new Map<string, DatasetEntry>();
  readonly #trials = new Map<string, KeptTrial>();

  addModel(model: Model): void {
    this.#models.set(model.id, model);
  }

  addDataset(entry: DatasetEntry): void {
    this.#datasets.set(entry.id, entry);
  }

  /** @param output path of its model */
  addTrial(made: NewTrial, output: string, known: Pick<Trial, 'bytes' | 'parameters' | 'macs' | 'calibration'>): void {
    const trial: Trial = { ...UNMEASURED, ...made, ...known, status: 'done' };
    this.#trials.set(made.id, { trial, output, results: new Map(), outcomes: new Map() });
  }

  model(id: string): Promise<Model | undefined> {
    return Promise.resolve(this.#models.get(id));
  }

  async dataset(id: string): Promise<DatasetEntry> {
    const found = (await this.datasets()).find((entry) => entry.id === id);
    if (found === undefined) throw new StudioError('NOT_FOUND', `There is no data set '${id}'`);
    return found;
  }

  datasets(): Promise<DatasetEntry[]> {
    return Promise.resolve([...this.#datasets.values()]);
  }

  async trial(id: string): Promise<Trial> {
    return (await this.#kept(id)).trial;
  }

  trials(modelId: string): Promise<Trial[]> {
    const all = [...this.#trials.values()].map(({ trial }) => trial);
    return Promise.resolve(all.filter((trial) => trial.modelId === modelId));
  }

  async trialOutput(id: string): Promise<string> {
    return (await this.#kept(id)).output;
  }

  async trialDetails(id: string): Promise<TrialDetails> {
    return {
      evaluation: await this.result(id, 'evaluation'),
      prune: await this.result(id, 'prune'),
      quantize: await this.result(id, 'quantize'),
      outcomes: [...((await this.result(id, 'outcomes')) ?? [])],
    };
  }

  async result<K extends ResultKind>(id: string, kind: K): Promise<TrialResults[K] | null> {
    return ((await this.#kept(id)).results.get(kind) as TrialResults[K] | undefined) ?? null;
  }

  async outcomes(id: string, key: string): Promise<Outcomes | undefined> {
    return (await this.#kept(id)).outcomes.get(key);
  }

  async record(id: string, { update, results = {}, measurements, pairs, outcomes }: TrialRecord): Promise<void> {
    const kept = await this.#kept(id);
    for (const [kind, result] of Object.entries(results)) kept.results.set(kind as ResultKind, result);
    if (outcomes !== undefined) kept.outcomes.set(circumstancesKey(outcomes.circumstances), outcomes.outcomes);
    kept.trial = {
      ...kept.trial,
      ...update,
      ...summariesOf(results),
      measurements: newest(kept.trial.measurements, measurements ?? []),
      pairs: newest(kept.trial.pairs, pairs ?? []),
      hasProfile: kept.results.has('profile'),
      hasErrors: kept.results.has('errors'),
    };
  }

  #kept(id: string): Promise<KeptTrial> {
    const found = this.#trials.get(id);
    if (found === undefined) return Promise.reject(new StudioError('NOT_FOUND', `There is no trial '${id}'`));
    return Promise.resolve(found);
  }
}

const UNMEASURED = {
  error: null,
  sparsity: null,
  latency: null,
  evaluation: null,
  measurements: [],
  pairs: [],
  prune: null,
  quantize: null,
  hasProfile: false,
  hasErrors: false,
} satisfies Partial<Trial>;

/** What of the results travels with the trial. */
function summariesOf({ latency, evaluation, prune, quantize }: Partial<TrialResults>): Partial<TrialSummaries> {
  return {
    ...(latency === undefined ? {} : { latency }),
    ...(evaluation === undefined ? {} : { evaluation: summarizeEvaluation(evaluation) }),
    ...(prune === undefined ? {} : { prune: summarizePrune(prune) }),
    ...(quantize === undefined ? {} : { quantize: summarizeQuantize(quantize) }),
  };
}

/** The newest of each metric under each circumstances; the earlier ones of the same are gone. */
function newest<T extends Measurement | Paired>(before: readonly T[], added: readonly T[]): T[] {
  const keyOf = (item: T): string => {
    const of = 'referenceId' in item ? item.referenceId : '';
    return `${item.metric} ${of} ${circumstancesKey(item)}`;
  };
  return [...new Map([...before, ...added].map((item) => [keyOf(item), item])).values()];
}
