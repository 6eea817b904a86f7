import type { ErrorTable, EvaluationSummary, Inspect, Profile } from '../contract/results.ts';
import type { Machine } from '../contract/machine.ts';
import type { Recipe } from '../contract/recipe.ts';
import type { Trial, TrialDetails } from '../contract/studio.ts';
import type { ReportInput, ReportLayer, ReportPoint } from '../engine/report/report-input.ts';

/** What is known of a trial when its report is written. */
export interface ReportSources {
  readonly version: string;
  /** File name of the opened model. */
  readonly modelName: string;
  /** The opened model. */
  readonly inspect: Inspect;
  readonly trial: Trial;
  /** null when the trial is the baseline itself. */
  readonly baseline: Trial | null;
  /** All trials of the model, for the trade-off picture. */
  readonly trials: readonly Trial[];
  readonly details: Pick<TrialDetails, 'prune' | 'quantize'>;
  readonly profile: Profile | null;
  readonly baselineProfile: Profile | null;
  readonly errors: ErrorTable | null;
  readonly data: { readonly name: string; readonly samples: number } | null;
}

/** Gathers a report's input; everything in it was measured or counted, nothing predicted. */
export function reportInput(sources: ReportSources): ReportInput {
  const { inspect, trial, baseline, profile, baselineProfile, data, modelName, version } = sources;
  const measured = trial.measurements.at(-1);
  const { sha256, producer, opsets } = inspect.model;
  return {
    at: measured?.at ?? trial.createdAt,
    version,
    model: { name: modelName, sha256, producer, opsets, nodes: inspect.nodes, operators: inspect.operators },
    trial,
    baseline,
    recipe: trial.recipe,
    machine: machineOf(trial, profile ?? baselineProfile),
    settings: { batch: profile?.batch ?? baselineProfile?.batch ?? 1, dims: profile?.dims ?? inspect.assumedDims },
    data,
    layers: layerRows(sources),
    points: tradeOffPoints(sources.trials, trial),
    commands: commandsFor(modelName, trial.recipe, data?.name ?? null),
    notes: [...notesOf(trial.prune), ...notesOf(trial.quantize), ...(trial.evaluation?.notes ?? [])],
  };
}

function machineOf(trial: Trial, profile: Profile | null): Machine | null {
  return trial.measurements.at(-1)?.machine ?? profile?.machine ?? null;
}

function notesOf(result: { readonly notes: readonly string[] } | null): readonly string[] {
  return result?.notes ?? [];
}

function layerRows({ inspect, details, profile, baselineProfile, errors }: ReportSources): ReportLayer[] {
  const times = new Map(profile?.layers.map(({ name, timeMs }) => [name, timeMs]));
  const baselineTimes = new Map(baselineProfile?.layers.map(({ name, timeMs }) => [name, timeMs]));
  const sparsities = new Map(details.prune?.layers.map(({ name, sparsity }) => [name, sparsity]));
  const quantized = new Map(details.quantize?.layers.map((layer) => [layer.name, layer.quantized]));
  const sqnr = new Map(errors?.layers.map(({ name, sqnrDb }) => [name, sqnrDb]));
  return inspect.layers.map(({ name, op }) => ({
    name,
    op,
    timeMs: times.get(name) ?? null,
    baselineTimeMs: baselineTimes.get(name) ?? null,
    sparsity: sparsities.get(name) ?? null,
    quantized: quantized.get(name) ?? null,
    sqnrDb: sqnr.get(name) ?? null,
  }));
}

/** Accuracy where there are labels, else agreement; trials without time or accuracy have no place in the picture. */
function tradeOffPoints(trials: readonly Trial[], shown: Trial): ReportPoint[] {
  return trials.flatMap((trial) => {
    const accuracy = accuracyOf(trial.evaluation);
    if (trial.latency === null || accuracy === null) return [];
    const kind = trial.baseline ? 'baseline' : trial.id === shown.id ? 'this' : 'other';
    return [{ name: trial.name, latencyMs: trial.latency.p50Ms, accuracy, kind, measured: true } as const];
  });
}

function accuracyOf(evaluation: EvaluationSummary | null): ReportPoint['accuracy'] | null {
  return evaluation === null ? null : (evaluation.metrics['top1'] ?? evaluation.agreement);
}

function commandsFor(modelName: string, recipe: Recipe, dataName: string | null): string[] {
  const data = dataName === null ? '' : ` --data ${quoted(dataName)}`;
  if (recipe.steps.length === 0) {
    return [
      `lapidary profile ${quoted(modelName)}`,
      ...(data === '' ? [] : [`lapidary evaluate ${quoted(modelName)}${data}`]),
    ];
  }
  const calibration = recipe.steps.some((step) => 'quantize' in step) ? ' --data CALIBRATION' : '';
  return [
    `lapidary apply ${quoted(modelName)} -o optimized.onnx --recipe recipe.json${calibration}`,
    `lapidary compare ${quoted(modelName)} optimized.onnx${data}`,
  ];
}

function quoted(text: string): string {
  return /^[\w.-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
