import { pruneKind, type PruneStep } from '../../contract/recipe/prune.ts';
import type { PruneOutcome } from '../prune/elements/outcome.ts';
import { pruneElements } from '../prune/elements/prune-elements.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type PruneStepOutcome = StepOutcome<'prune', PruneOutcome>;

export const pruneStep: EngineStep<PruneStep, PruneStepOutcome> = {
  kind: pruneKind,
  stage: 'Pruning',
  apply: async (model, settings, { runner }, { signal }) => {
    const pruned = await pruneElements(model, settings, { runners: lendRunner(runner), signal });
    const outcome = { kind: 'prune', details: pruned.result, notes: pruned.result.notes } as const;
    return { model: pruned.model, settings, sources: pruned.sources, lineage: pruned.lineage, outcome };
  },
};
