import type { EqualizeStep } from '../../contract/recipe/equalize.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { FeedBatches } from '../dataset/feed-batches.ts';
import { CalibrationSamples } from '../dataset/finite-samples.ts';
import type { Model } from '../graph/ir.ts';
import { solvableLayers } from '../linear/solvable-layers.ts';
import { sourcesOf, type Sources } from '../passes/pass.ts';
import type { Runner } from '../runtime/runner.ts';
import { equalizeLayers } from './equalize-layers.ts';
import type { EqualizeOutcome } from './outcome.ts';
import { shiftData } from './shift-data.ts';
import { smoothData } from './smooth-data.ts';
import type { Equalized, EqualizeTask } from './task.ts';
import { prepareEqualization } from './prepare.ts';

export interface EqualizeInput {
  readonly settings: EqualizeStep;
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
}

/**
 * Rewrites a model so that it loses less when it is quantized, and computes the same: each rewrite is checked on real samples
 * before it stays. The given model is not modified.
 * @throws DATA_INVALID without usable samples; RUNTIME_…, CANCELLED
 */
export async function equalizeModel(
  source: Model,
  { settings, calibration, runner }: EqualizeInput,
  context: TaskContext,
): Promise<{ readonly model: Model; readonly sources: Sources; readonly outcome: EqualizeOutcome }> {
  const samples = new CalibrationSamples(calibration, settings.samples);
  const feeds = await samples.first();
  const prepared = await prepareEqualization(source, feeds, runner, context);
  const excluded = excludedNodes(prepared.model, prepared.sources, new Set(settings.exclude));
  const task: EqualizeTask = {
    model: prepared.model,
    layersOf: (model) => solvableLayers(model, { excluded, known: () => true }),
    samples,
    limit: settings.samples,
    feeds,
    runner,
    context,
  };
  const { model, groups, leftOut, notes } =
    settings.method === 'smooth' ? await smooth(task, settings) : await equalizeLayers(task);
  const nothing = model === prepared.model ? ['There was nothing to even out; the model stays as it was.'] : [];
  return {
    model: model === prepared.model ? source : model,
    sources: model === prepared.model ? new Map() : prepared.sources,
    outcome: {
      method: settings.method,
      groups,
      leftOut,
      notes: [...prepared.notes, ...samples.notes(), ...notes, ...nothing],
    },
  };
}

/** Moves the middles of channels first, where that is asked for, then what still sticks out. */
async function smooth(
  task: EqualizeTask,
  { alpha, shift }: Extract<EqualizeStep, { method: 'smooth' }>,
): Promise<Equalized> {
  if (!shift) return smoothData(task, alpha);
  const shifted = await shiftData(task);
  const smoothed = await smoothData({ ...task, model: shifted.model }, alpha);
  return { ...smoothed, notes: [...shifted.notes, ...smoothed.notes] };
}

/** The nodes that stand for layers which the recipe leaves alone. */
function excludedNodes(model: Model, sources: Sources, layers: ReadonlySet<string>): ReadonlySet<string> {
  const nodes = model.graph.nodes.filter(({ name }) => sourcesOf(sources, name).some((layer) => layers.has(layer)));
  return new Set(nodes.map(({ name }) => name));
}
