import type { TaskContext } from '../../base/progress.ts';
import type { DistillStep } from '../../contract/recipe/distill.ts';
import type { Training } from '../../contract/training.ts';
import { withWeights } from '../autograd/training-graph.ts';
import type { Model } from '../graph/ir.ts';
import type { Sources } from '../passes/pass.ts';
import { physicalCores } from '../runtime/physical-cores.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { DistillInput } from './distill-input.ts';
import { laneCount, withLanes } from './lanes.ts';
import { layerErrors } from './layer-errors.ts';
import { prepareForTraining } from './prepare-student.ts';
import { quantizedStudent } from './quantized-student.ts';
import { prepareRun } from './prepare-run.ts';
import { refitClassifier } from './refit-classifier.ts';
import { runTraining } from './run-training.ts';

/** What distillation did. */
export interface DistillOutcome {
  readonly training: Training;
  readonly notes: readonly string[];
}

export interface DistilledModel {
  readonly model: Model;
  readonly settings: DistillStep;
  readonly sources: Sources;
  readonly outcome: DistillOutcome;
}

/**
 * Trains a model towards its teacher on calibration samples. Some of them are held out and tell which state is kept; weights that
 * pruning set to zero stay zero. The given models are not modified.
 * @throws DATA_INVALID for samples that are too few or do not fit; TRAIN_NO_GRADIENT where nothing can be trained,
 *   TRAIN_NOT_FINITE where the loss is none from the start; RUNTIME_…, CANCELLED
 */
export async function distillModel(model: Model, input: DistillInput, context: TaskContext): Promise<DistilledModel> {
  const { runner, settings } = input;
  const passes = { runners: lendRunner(runner), signal: context.signal };
  const student = await prepareForTraining(model, passes);
  const teacher = await prepareForTraining(input.teacher, passes);
  const codes = quantizedStudent(student.model, teacher.model);
  const form = codes?.model ?? student.model;
  const pair = {
    student: form,
    teacher: teacher.model,
    sources: student.sources,
    codes: codes?.parameters ?? [],
  };
  const { signal } = context;
  const cores = physicalCores();
  const batch = Math.min(settings.batch, Math.floor(settings.samples * (1 - settings.heldOut)));
  return withLanes(runner, { lanes: laneCount(form, { batch, cores }), cores, signal }, async (lanes) => {
    const run = await prepareRun(pair, input, { lanes, signal });
    try {
      const { training, parameters, weights, notes } = await runTraining(run, input, context);
      const gained = training.best > 0;
      const learnt = gained ? withWeights(form, parameters, weights) : form;
      const models = { trained: learnt, teacher: pair.teacher };
      const refitted =
        gained && codes === undefined ? await refitClassifier(run, models, { runner, context }) : undefined;
      const trained = refitted?.model ?? learnt;
      const compared = { teacher: pair.teacher, before: pair.student, after: trained };
      const layers = gained ? await layerErrors(run, compared, { runner, signal }) : [];
      return {
        model: gained ? (codes?.write(trained) ?? trained) : model,
        settings: { ...settings, ...run.decided, rate: training.rate ?? settings.rate },
        sources: gained ? student.sources : new Map(),
        outcome: {
          training: { ...training, layers },
          notes: [...student.notes, ...run.notes, ...notes, ...notesOf(refitted)],
        },
      };
    } finally {
      if (runner.alive) await run.teachers[0]!.close();
    }
  });
}

const percent = (share: number): string => `${(100 * share).toPrecision(3)} %`;

const notesOf = (refitted: Awaited<ReturnType<typeof refitClassifier>>): readonly string[] =>
  refitted === undefined
    ? []
    : [
        `The last layer was fitted again to the teacher's: on what is held out the outputs' squared error fell from ${percent(refitted.before)} to ${percent(refitted.after)}.`,
      ];
