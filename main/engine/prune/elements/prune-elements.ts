import { assert } from '../../../base/errors.ts';
import { isCalibrated, type ElementStep } from '../../../contract/recipe/prune-elements.ts';
import type { Model } from '../../graph/ir.ts';
import { mapTensors } from '../../graph/tensors.ts';
import type { PassContext, Sources } from '../../passes/pass.ts';
import type { Lineage } from '../lineage.ts';
import { preparePruning } from '../prepare.ts';
import { prunableWeights } from '../prunable-weights.ts';
import { chooseByWeights } from './choose-weights.ts';
import { pruneByData, type DataSource } from './prune-by-data.ts';
import { elementWeights, type ElementLayer } from './element-weights.ts';
import type { PruneOutcome } from '../outcome.ts';
import { measureZeros } from './outcome.ts';
import { patternOf } from './pattern.ts';
import { withZeros } from './write-zeros.ts';

/** A pruned model, the layers of the source that its nodes stand for, and what was done. */
export interface PrunedModel {
  readonly model: Model;
  readonly lineage: Lineage;
  readonly sources: Sources;
  readonly result: PruneOutcome;
}

/**
 * Sets weights to zero, without removing anything: a share of all or of each layer's, exact to one weight (or block); among
 * equal scores the earlier layer and element goes first; or so many of each group of neighbouring inputs. Weights keep their
 * element type and every bit of those that stay. The given model and its arrays are not modified.
 * @param source for scores from data
 * @throws UNSUPPORTED when nothing can be pruned, PRUNE_NOT_FINITE, RUNTIME_DIED, CANCELLED; what `pruneByData` throws
 */
export async function pruneElements(
  model: Model,
  step: ElementStep,
  context: PassContext,
  source?: DataSource,
): Promise<PrunedModel> {
  const prepared = await preparePruning(model, context);
  const found = prunableWeights(prepared, new Set(step.exclude));
  const { layers, frozen } = elementWeights(prepared.model, found, step);
  const { changed, notes: noted } = await zeroed(prepared.model, layers, { step, source });
  const { achieved, unknownCosts, ...measured } = measureZeros({ prepared, found, layers, changed });
  const notes = [...prepared.notes, ...noted, ...notesOf(achieved, unknownCosts)];
  return {
    model: mapTensors(prepared.model, (tensor) => changed.get(tensor)?.tensor ?? tensor),
    lineage: { before: prepared.model, kept: new Map() },
    sources: prepared.sources,
    result: { ...measured, frozen, notes, sparsity: { requested: requestedSparsity(step), achieved } },
  };
}

interface Choice {
  readonly step: ElementStep;
  readonly source: DataSource | undefined;
}

async function zeroed(
  model: Model,
  layers: readonly ElementLayer[],
  { step, source }: Choice,
): ReturnType<typeof pruneByData> {
  if (isCalibrated(step)) {
    assert(source !== undefined, 'a step that is calibrated gets data: `needs` says so');
    return pruneByData(model, layers, step, source);
  }
  const masks = chooseByWeights(layers, step);
  return { changed: new Map([...masks].map(([tensor, mask]) => [tensor, withZeros(tensor, mask)])), notes: [] };
}

function requestedSparsity(step: ElementStep): number {
  if (step.structure === 'element') return step.sparsity;
  const { kept, of } = patternOf(step.structure);
  return 1 - kept / of;
}

function notesOf(achieved: number, unknownCosts: number): readonly string[] {
  const notes = [];
  if (achieved > 0) {
    notes.push('Smaller after compression, not faster here: the CPU runs zeros at the same speed as other weights.');
  }
  if (unknownCosts > 0)
    notes.push(`The cost of ${unknownCosts} pruned layers is not known; their multiply–accumulates count nothing.`);
  return notes;
}
