import { StudioError } from '../../base/errors.ts';
import { rewriteKind, type RewriteStep } from '../../contract/recipe/rewrite.ts';
import { checkPass } from '../passes/check-pass.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { foldBatchNormalization } from '../passes/fold-batchnorm.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { runPasses, unchanged, type Pass } from '../passes/pass.ts';
import { knowledgeOf, upgradeOpset } from '../passes/upgrade-opset.ts';
import { inputPorts } from '../runtime/input-dims.ts';
import { makeInputs } from '../runtime/make-inputs.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type RewriteStepOutcome = StepOutcome<'rewrite', { readonly nodes: { before: number; after: number } }>;

const PASSES: Readonly<Record<RewriteStep['pass'], Pass>> = {
  'fold-constants': (model, context) => foldConstants(model, context),
  'fold-batchnorm': foldBatchNormalization,
  'inline-functions': inlineFunctions,
  'remove-dead': removeDeadCode,
  'upgrade-opset': (model) => {
    const sources = new Map<string, readonly string[]>();
    const upgraded = upgradeOpset(model, knowledgeOf(model), sources);
    return upgraded === model ? unchanged(model) : { model: upgraded, sources, notes: [] };
  },
};

/** One pass as a step of its own. The new model is checked against the old one on made inputs; what differs is refused. */
export const rewriteStep: EngineStep<RewriteStep, RewriteStepOutcome> = {
  kind: rewriteKind,
  stage: 'Rewriting',
  apply: async (model, settings, { runner }, context) => {
    const passes: readonly Pass[] = [nameNodes, PASSES[settings.pass]];
    const made = await runPasses(model, passes, { runners: lendRunner(runner), signal: context.signal });
    const feeds = made.model === model ? undefined : makeInputs(inputPorts(model), { batch: 1, dims: {} }).feeds;
    const difference =
      feeds === undefined ? null : await checkPass({ before: model, after: made.model }, feeds, runner, context);
    if (difference !== null) {
      throw new StudioError('UNSUPPORTED', `The rewritten model computes something else: ${difference}`, {
        hint: 'Leave this step out.',
      });
    }
    const nodes = { before: model.graph.nodes.length, after: made.model.graph.nodes.length };
    const nothing = made.model === model ? ['There was nothing to rewrite.'] : [];
    const notes = [...made.notes, ...nothing];
    return {
      model: made.model,
      settings,
      sources: made.sources,
      outcome: { kind: 'rewrite', details: { nodes }, notes },
    };
  },
};
