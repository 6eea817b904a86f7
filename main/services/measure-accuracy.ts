import type { Split } from '../contract/data.ts';
import type { RunSettings } from '../contract/machine.ts';
import type { Circumstances } from '../contract/measurement.ts';
import type { Evaluation } from '../contract/results.ts';
import type { Trial } from '../contract/studio.ts';
import type { TaskContext } from '../base/progress.ts';
import { outcomesPair, PAIRED_BY_OUTCOMES } from '../judge/pairing.ts';
import { datasetSource } from './datasets.ts';
import { baselineMeasurements, evaluationMeasurements, softwareOf } from './measurements.ts';
import type { EvaluatedModel } from './operations/operation-map.ts';
import { evaluationSplit, sharedSamples } from './splits.ts';
import type { MeasureContext } from './studio-context.ts';
import { baselineOf, requireOutput, tellTrial } from './trial-state.ts';

/** What is evaluated, on what, and how. */
export interface AccuracyRequest {
  readonly trialId: string;
  readonly datasetId: string;
  /** null: the part that did not calibrate, see `evaluationSplit`. */
  readonly split: Split | null;
  readonly limit: number | null;
  readonly settings: RunSettings;
  /** Path of a model to compare outputs with in place of the trial's baseline. */
  readonly reference?: string;
}

/**
 * Evaluates a trial's model on labelled data, or against its baseline where there are no labels. The baseline runs on the
 * same samples, so its numbers and the differences are kept with the trial's.
 */
export async function measureAccuracy(
  context: MeasureContext,
  request: AccuracyRequest,
  task: TaskContext,
): Promise<Evaluation> {
  const { workspace, work } = context;
  const { trialId, datasetId, limit, settings } = request;
  const trial = await workspace.trial(trialId);
  const alone = trial.baseline || request.reference !== undefined;
  const baseline = alone ? undefined : await baselineOf(context, trial);
  const entry = await workspace.dataset(datasetId);
  const split = request.split ?? (await evaluationSplit(context, trial, entry));
  const data = { ...datasetSource(entry), split };
  const reference = request.reference ?? (baseline === undefined ? null : await requireOutput(context, baseline.id));
  const path = await requireOutput(context, trialId);
  const evaluated = await work.call('evaluate', { path, data, settings, limit, reference }, task);
  const shared = await sharedSamples(context, { trial, data }, task);
  const note = `${shared} samples that calibrated this trial are among those it was evaluated on: the accuracy may look better than it is.`;
  const evaluation = shared === 0 ? evaluated.evaluation : withNote(evaluated.evaluation, note);
  if (shared > 0) context.emit('notice', { level: 'warning', message: `${trial.name}: ${note}` });
  const named = nameData(evaluated.circumstances, entry);
  await keep(context, { trial, baseline }, { ...evaluated, evaluation, circumstances: named });
  return { ...evaluation, circumstances: named };
}

function withNote(evaluation: Evaluation, note: string): Evaluation {
  return { ...evaluation, notes: [...evaluation.notes, note] };
}

/** With the workspace's own id and name of the data in place of the path. */
function nameData(
  circumstances: Circumstances,
  { id, name }: { readonly id: string; readonly name: string },
): Circumstances {
  return { ...circumstances, data: circumstances.data && { ...circumstances.data, datasetId: id, name } };
}

async function keep(
  context: MeasureContext,
  { trial, baseline }: { readonly trial: Trial; readonly baseline: Trial | undefined },
  { evaluation, circumstances, outcomes, reference }: EvaluatedModel,
): Promise<void> {
  const { workspace } = context;
  const at = Date.now();
  const software = softwareOf(context.version, circumstances.target);
  const measuredAs = (trialId: string) => ({ trialId, circumstances, software, at });
  if (baseline !== undefined && reference !== null) {
    const measurements = baselineMeasurements(reference.metrics, reference.outcomes, measuredAs(baseline.id));
    const kept = { circumstances, outcomes: reference.outcomes };
    await workspace.record(baseline.id, { measurements, outcomes: kept, at });
    await tellTrial(context, baseline.id);
  }
  const pairs =
    baseline === undefined || reference === null
      ? []
      : PAIRED_BY_OUTCOMES.flatMap(
          (metric) =>
            outcomesPair(
              metric,
              { trialId: trial.id, referenceId: baseline.id, circumstances, at },
              { trial: outcomes, reference: reference.outcomes, baseline: reference.outcomes },
            ) ?? [],
        );
  const measurements =
    trial.baseline && reference === null
      ? baselineMeasurements(evaluation.metrics, outcomes, measuredAs(trial.id))
      : evaluationMeasurements(evaluation, measuredAs(trial.id));
  await workspace.record(trial.id, {
    results: { evaluation: { ...evaluation, circumstances } },
    measurements,
    pairs,
    outcomes: { circumstances, outcomes },
    at,
  });
}
