import { pruneKind, type PruneStep } from '../../contract/recipe/prune.ts';
import type { TaskContext } from '../../base/progress.ts';
import type { Model } from '../graph/ir.ts';
import { pruneBlocks } from '../prune/depth/prune-blocks.ts';
import type { PruneOutcome } from '../prune/outcome.ts';
import { pruneElements, type PrunedModel } from '../prune/elements/prune-elements.ts';
import { pruneRank } from '../prune/rank/prune-rank.ts';
import { pruneChannels } from '../prune/structure/prune-channels.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { EngineStep, StepOutcome, StepSurroundings } from './step.ts';

export type PruneStepOutcome = StepOutcome<'prune', PruneOutcome>;

export const pruneStep: EngineStep<PruneStep, PruneStepOutcome> = {
  kind: pruneKind,
  stage: 'Pruning',
  apply: async (model, given, surroundings, context) => {
    const {
      model: made,
      settings = given,
      sources,
      lineage,
      result,
    } = await prune(model, given, surroundings, context);
    const outcome = { kind: 'prune', details: result, notes: result.notes } as const;
    return { model: made, settings, sources, lineage, outcome };
  },
};

type Pruned = PrunedModel & { readonly settings?: PruneStep };

function prune(
  model: Model,
  settings: PruneStep,
  surroundings: StepSurroundings,
  context: TaskContext,
): Promise<Pruned> {
  const { runner, calibration } = surroundings;
  switch (settings.structure) {
    case 'channel':
      return pruneChannels(model, settings, surroundings, context);
    case 'block':
      return pruneBlocks(model, settings, surroundings, context);
    case 'rank':
      return pruneRank(model, settings, surroundings, context);
    default: {
      const passes = { runners: lendRunner(runner), signal: context.signal };
      return pruneElements(model, settings, passes, { runner, calibration, context });
    }
  }
}
