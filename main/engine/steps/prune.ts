import { pruneKind, type PruneStep } from '../../contract/recipe/prune.ts';
import type { PruneOutcome } from '../prune/elements/outcome.ts';
import { pruneBlocks } from '../prune/depth/prune-blocks.ts';
import { pruneElements } from '../prune/elements/prune-elements.ts';
import { pruneChannels, type ChannelOutcome } from '../prune/structure/prune-channels.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type PruneStepOutcome = StepOutcome<'prune', PruneOutcome | ChannelOutcome>;

export const pruneStep: EngineStep<PruneStep, PruneStepOutcome> = {
  kind: pruneKind,
  stage: 'Pruning',
  apply: async (model, settings, surroundings, context) => {
    const { runner, calibration } = surroundings;
    const passes = { runners: lendRunner(runner), signal: context.signal };
    const pruned =
      settings.structure === 'block'
        ? { ...(await pruneBlocks(model, settings, surroundings, context)), settings }
        : settings.structure === 'channel'
          ? await pruneChannels(model, settings, surroundings, context)
          : { ...(await pruneElements(model, settings, passes, { runner, calibration, context })), settings };
    const outcome = { kind: 'prune', details: pruned.result, notes: pruned.result.notes } as const;
    const { model: made, sources, lineage } = pruned;
    return { model: made, settings: pruned.settings, sources, lineage, outcome };
  },
};
