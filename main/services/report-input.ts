import type { Paired } from '../contract/measurement.ts';
import type { ErrorTable, Inspect, Profile } from '../contract/results.ts';
import type { DatasetEntry, Trial, TrialDetails } from '../contract/studio.ts';
import type { ReportInput, ReportLayer, ReportPoint } from '../engine/report/report-input.ts';
import { describeCircumstances } from '../judge/circumstances.ts';
import { compareSides, type ComparedSide } from '../judge/comparison.ts';
import { countedOf } from '../judge/trial-numbers.ts';
import { commandsFor } from './report-commands.ts';

/** What is known of a trial when its report is written. */
export interface ReportSources {
  readonly version: string;
  /** File name of the opened model. */
  readonly modelName: string;
  /** The opened model. */
  readonly inspect: Inspect;
  readonly trial: Trial;
  /** Data sets that are known, for their files. */
  readonly datasets: readonly DatasetEntry[];
  /** null when the trial is the baseline itself. */
  readonly baseline: Trial | null;
  /** Comparisons of the trial with the baseline. */
  readonly pairs: readonly Paired[];
  /** Measured trials of the model, for the trade-off picture. */
  readonly points: readonly ReportPoint[];
  readonly details: Pick<TrialDetails, 'prune' | 'quantize'>;
  readonly profile: Profile | null;
  readonly baselineProfile: Profile | null;
  readonly errors: ErrorTable | null;
}

/** Gathers a report's input; everything in it was measured or counted, nothing predicted. */
export function reportInput(sources: ReportSources): ReportInput {
  const { inspect, trial, baseline, pairs, points, modelName, version } = sources;
  const { sha256, producer, opsets } = inspect.model;
  const nothing = { measurements: [], counted: {} };
  const numbers = compareSides(baseline === null ? nothing : sideOf(baseline), sideOf(trial), { pairs, keys: [] });
  const shown = numbers.flatMap(({ b }) => (b === null || typeof b === 'number' || !b.recorded ? [] : [b]));
  const newest = shown.toSorted((a, b) => b.at - a.at)[0];
  const data = shown.find((each) => each.data !== null)?.data ?? null;
  return {
    at: newest?.at ?? trial.createdAt,
    version,
    model: { name: modelName, sha256, producer, opsets, nodes: inspect.nodes, operators: inspect.operators },
    trial,
    baseline,
    numbers,
    recipe: trial.recipe,
    target: newest?.target ?? null,
    circumstances: [...new Set(shown.map((each) => describeCircumstances(each)))],
    preprocessing: trial.evaluation?.preprocessing ?? null,
    layers: layerRows(sources),
    points,
    commands: commandsFor(modelName, trial, { data, datasets: sources.datasets }),
    notes: [...notesOf(trial.prune), ...notesOf(trial.quantize), ...(trial.evaluation?.notes ?? [])],
  };
}

/** What a comparison looks at of a trial. That a baseline is like itself is kept for others, and nothing to tell. */
function sideOf(trial: Trial): ComparedSide {
  const known = Object.entries(countedOf(trial)).filter((entry): entry is [string, number] => entry[1] !== null);
  const { agreement = null, cosine = null } = trial.evaluation ?? {};
  const isTold = (metric: string): boolean =>
    !trial.baseline || !((metric === 'agreement' && agreement === null) || (metric === 'cosine' && cosine === null));
  return {
    measurements: trial.measurements.filter(({ metric }) => isTold(metric)),
    counted: Object.fromEntries(known),
  };
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
  return inspect.layers
    .filter(({ name, layer }) => name === layer)
    .map(({ name, op }) => ({
      name,
      op,
      timeMs: times.get(name) ?? null,
      baselineTimeMs: baselineTimes.get(name) ?? null,
      sparsity: sparsities.get(name) ?? null,
      quantized: quantized.get(name) ?? null,
      sqnrDb: sqnr.get(name) ?? null,
    }));
}
