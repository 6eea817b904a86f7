import type { TaskContext } from '../../../base/progress.ts';
import type { RepairStep } from '../../../contract/recipe/repair.ts';
import type { FeedBatches } from '../../dataset/feed-batches.ts';
import { CalibrationSamples } from '../../dataset/finite-samples.ts';
import { indexGraph } from '../../graph/index-graph.ts';
import type { Model } from '../../graph/ir.ts';
import { removeDeadCode } from '../../passes/dead-code.ts';
import { foldConstants } from '../../passes/fold-constants.ts';
import { nameNodes } from '../../passes/name-nodes.ts';
import { runPasses, sourcesOf, type PassResult, type Sources } from '../../passes/pass.ts';
import { lendRunner } from '../../runtime/runner-pool.ts';
import type { Runner } from '../../runtime/runner.ts';
import type { Lineage } from '../lineage.ts';
import { CalibrationBatches } from '../../sums/calibration-batches.ts';
import { joinFor } from '../../sums/join-batches.ts';
import type { CalibrationRunner } from './layer-sums.ts';
import { outputGain, type OutputGain } from './output-gain.ts';
import { repairBias } from './repair-bias.ts';
import { repairStatistics } from './repair-statistics.ts';
import { repairWeights, type Repair } from './repair-weights.ts';
import { MOST_COLUMNS, solvableLayers, type LeftOut } from '../../linear/solvable-layers.ts';
import type { RepairedLayer, RepairTask } from './task.ts';
import { writeConstants } from '../../linear/write-weights.ts';

/** What repair did. */
export interface RepairOutcome {
  readonly method: RepairStep['method'];
  /** In the order of the graph. */
  readonly layers: readonly RepairedLayer[];
  readonly leftOut: readonly LeftOut[];
  /** At the model's first output; null where nothing was repaired. */
  readonly gain: OutputGain | null;
  readonly notes: readonly string[];
}

export interface RepairInput {
  readonly settings: RepairStep;
  readonly lineage: Lineage;
  readonly calibration: (samples: number) => FeedBatches;
  readonly runner: Runner;
  /** Positions for each weight of an output that least squares looks at; left out: plenty. */
  readonly rowsPerColumn?: number;
}

/**
 * Repairs a pruned model without training: what stays is fitted again to what the model before pruning gave, layer after
 * layer. Weights that pruning set to zero stay zero. The given models are not modified.
 * @throws DATA_INVALID without usable samples, and where activations are NaN; RUNTIME_…, CANCELLED
 */
export async function repairModel(
  model: Model,
  input: RepairInput,
  context: TaskContext,
): Promise<{ readonly model: Model; readonly sources: Sources; readonly outcome: RepairOutcome }> {
  const fitted = await fitModel(model, input, context);
  const { prepared, repaired, repair, leftOut, on, samples } = fitted;
  const models = { float: input.lineage.before, before: prepared.model, after: repaired };
  const gain = repair.changes.length === 0 ? null : await outputGain(models, on, context);
  const notes = [...prepared.notes, ...samples.notes(), ...notesOf(repair, gain)];
  const outcome = { method: input.settings.method, layers: repair.layers, leftOut, gain, notes };
  return { model: fitted.model, sources: gain === null ? new Map() : prepared.sources, outcome };
}

/** A repair before anything is told of it. */
interface FittedModel {
  /** The repaired model; the given one where nothing was repaired. */
  readonly model: Model;
  /** The given one as its layers were read. */
  readonly prepared: PassResult;
  /** That with what was repaired. */
  readonly repaired: Model;
  readonly repair: Repair;
  readonly leftOut: readonly LeftOut[];
  readonly on: CalibrationRunner;
  readonly samples: CalibrationSamples;
}

/**
 * The same without comparing outputs before and after.
 * @throws as `repairModel`
 */
export async function fitModel(
  model: Model,
  { settings, lineage, calibration, runner, rowsPerColumn }: RepairInput,
  context: TaskContext,
): Promise<FittedModel> {
  const passContext = { runners: lendRunner(runner), signal: context.signal };
  const isMatrix = ({
    dtype,
    shape,
  }: {
    dtype?: string | undefined;
    shape?: readonly unknown[] | undefined;
  }): boolean => dtype?.includes('float') === true && (shape?.length ?? 0) >= 2;
  const prepared = await runPasses(
    model,
    [nameNodes, (named) => foldConstants(named, passContext, { wanted: isMatrix })],
    passContext,
  );
  const float = indexGraph(lineage.before.graph);
  const excluded = nodesOf(prepared.model, prepared.sources, new Set(settings.exclude));
  const known = (value: string): boolean => float.producer(value) !== undefined;
  const mostColumns = settings.method === 'least-squares' ? MOST_COLUMNS : Infinity;
  const { layers, leftOut } = solvableLayers(prepared.model, { excluded, known, mostColumns });
  const samples = new CalibrationSamples(calibration, settings.samples);
  await samples.first();
  const batches = new CalibrationBatches(() => joinFor(lineage.before, () => samples.all()));
  const pair = { float: lineage.before, pruned: prepared.model, kept: lineage.kept };
  const on = { runner, batches: () => batches.all() };
  const task: RepairTask = { pair, layers, on, samples: await batches.count(), context };
  const repair = await run(task, settings, { excluded, rowsPerColumn });
  const repaired = removeDeadCode(writeConstants(prepared.model, repair.changes)).model;
  return { model: repair.changes.length === 0 ? model : repaired, prepared, repaired, repair, leftOut, on, samples };
}

function run(
  task: RepairTask,
  settings: RepairStep,
  { excluded, rowsPerColumn }: { readonly excluded: ReadonlySet<string>; readonly rowsPerColumn: number | undefined },
): Promise<Repair> {
  if (settings.method === 'least-squares') return repairWeights(task, settings.ridge, rowsPerColumn);
  return settings.method === 'bias' ? repairBias(task) : repairStatistics(task, excluded);
}

/** The nodes that stand for layers of the source. */
function nodesOf(model: Model, sources: Sources, layers: ReadonlySet<string>): ReadonlySet<string> {
  const nodes = model.graph.nodes.filter(({ name }) => sourcesOf(sources, name).some((layer) => layers.has(layer)));
  return new Set(nodes.map(({ name }) => name));
}

function notesOf({ layers, changes }: Repair, gain: OutputGain | null): readonly string[] {
  if (layers.length === 0) return ['There was no layer to repair.'];
  if (changes.length === 0)
    return ['No layer could be brought nearer to the float model; the weights stay as they were.'];
  if (gain !== null && gain.after.sqnrDb < gain.before.sqnrDb) {
    return ['The repaired model is further from the float model than before: try more samples, or a stronger ridge.'];
  }
  return [];
}
