import { StudioError } from '../../base/errors.ts';
import type { Model } from '../graph/ir.ts';
import { sourceOfModel } from '../runtime/model-source.ts';
import type { Runner } from '../runtime/runner.ts';
import type { Session } from '../runtime/session.ts';
import type { SessionSettings } from '../runtime/settings.ts';
import { tapModel } from '../runtime/taps.ts';
import type { HostTensors } from '../tensor/host-tensor.ts';
import type { KeptChannels } from '../prune/lineage.ts';
import type { Match } from './match.ts';
import type { PlannedMatch } from './plan-matches.ts';

/** A model with some of its values as outputs, loaded. */
export function loadTapped(
  runner: Runner,
  model: Model,
  values: readonly string[],
  settings: SessionSettings,
  signal: AbortSignal,
): Promise<Session> {
  const outputs = new Set(model.graph.outputs.map(({ name }) => name));
  const taps = values.filter((value) => !outputs.has(value));
  return runner.load(sourceOfModel(tapModel(model, taps)), settings, { signal });
}

/**
 * The matches with the shapes of their values, taken from what a run of both models gave.
 * @throws SHAPE_MISMATCH where the two cannot be compared
 */
export function shapeMatches(
  planned: readonly PlannedMatch[],
  given: { readonly student: HostTensors; readonly teacher: HostTensors },
  kept: (match: PlannedMatch) => readonly KeptChannels[],
): readonly Match[] {
  return planned.map((match): Match => {
    const dims = given.student[match.student]!.dims;
    const theirs = given.teacher[match.teacher]!.dims;
    const cuts = kept(match);
    const targetDims =
      match.kind === 'labels'
        ? dims
        : theirs.map((size, axis) => cuts.find((cut) => cut.axis === axis)?.indices.length ?? size);
    const scores = match.kind === 'outputs' || match.kind === 'labels';
    const axis = scores ? scoresAxis(dims) : channelAxisOf(dims, targetDims);
    const fits = dims.length === targetDims.length && dims.every((size, at) => at === axis || size === targetDims[at]);
    if (!fits || (scores && dims[axis] !== targetDims[axis])) {
      throw new StudioError(
        'SHAPE_MISMATCH',
        `'${match.student}' has shape [${dims.join(', ')}], the teacher's '${match.teacher}' [${targetDims.join(', ')}]: they cannot be compared`,
        { hint: 'Choose a teacher of the same task and input size, or match something else.' },
      );
    }
    return { ...match, dims, targetDims, axis };
  });
}

/** [N, C], [N, C, 1, 1]: 1; [N, L, V]: the last. */
function scoresAxis(dims: readonly number[]): number {
  return dims.slice(2).every((size) => size === 1) ? 1 : dims.length - 1;
}

/** The one axis in which the two differ, else the one that channels usually lie on. */
function channelAxisOf(dims: readonly number[], targetDims: readonly number[]): number {
  const differing = dims.findIndex((size, axis) => axis > 0 && size !== targetDims[axis]);
  if (differing > 0) return differing;
  return dims.length === 3 ? 2 : Math.min(1, dims.length - 1);
}
