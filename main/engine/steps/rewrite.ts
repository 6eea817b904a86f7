import { StudioError } from '../../base/errors.ts';
import { rewriteKind, type RewriteStep } from '../../contract/recipe/rewrite.ts';
import { checkPass, EQUAL_DB } from '../passes/check-pass.ts';
import { removeDeadCode } from '../passes/dead-code.ts';
import { fixSizes } from '../passes/fix-sizes.ts';
import { floatLayers } from '../passes/float-layers.ts';
import { foldBatchNormalization } from '../passes/fold-batchnorm.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { fusableQuantization } from '../passes/fusable-quantization.ts';
import { inlineFunctions } from '../passes/inline-functions.ts';
import { nameNodes } from '../passes/name-nodes.ts';
import { removeNoOps } from '../passes/no-ops.ts';
import { fastPackedWeights } from '../passes/packed-weights.ts';
import { runPasses, unchanged, type Pass } from '../passes/pass.ts';
import { shareWeights } from '../passes/share-weights.ts';
import { storeCodes } from '../passes/store-codes.ts';
import { toFloat32 } from '../passes/to-float32.ts';
import { knowledgeOf, upgradeOpset } from '../passes/upgrade-opset.ts';
import { lendRunner } from '../runtime/runner-pool.ts';
import type { EngineStep, StepOutcome } from './step.ts';

export type RewriteStepOutcome = StepOutcome<'rewrite', { readonly nodes: { before: number; after: number } }>;

/** A rewrite, and how far its outputs may be from those before, in dB of signal to noise. */
interface Rewrite {
  readonly run: Pass;
  readonly leastDb: number;
}

/** Other rounding of codes and of half precision is what these rewrites are about: more than noise it must be. */
const ROUNDS_OTHERWISE_DB = 20;
/** Where quantization is taken out its whole error goes, which may be large: only the form must stay. */
const ANYTHING = -Infinity;

const equal = (run: Pass): Rewrite => ({ run, leastDb: EQUAL_DB });

function rewriteOf(step: RewriteStep): Rewrite {
  switch (step.pass) {
    case 'fold-constants':
      return equal((model, context) => foldConstants(model, context));
    case 'fold-batchnorm':
      return equal(foldBatchNormalization);
    case 'inline-functions':
      return equal(inlineFunctions);
    case 'remove-dead':
      return equal(removeDeadCode);
    case 'remove-no-ops':
      return equal(removeNoOps);
    case 'share-weights':
      return equal(shareWeights);
    case 'quantize-weights':
      return equal(storeCodes);
    case 'fix-sizes':
      return equal((model) => fixSizes(model, step.sizes));
    case 'upgrade-opset':
      return equal(upgrade);
    case 'float32':
      return { run: toFloat32, leastDb: ROUNDS_OTHERWISE_DB };
    case 'fusable-quantization':
      return { run: fusableQuantization, leastDb: ROUNDS_OTHERWISE_DB };
    case 'fast-packed-weights':
      return { run: fastPackedWeights, leastDb: ROUNDS_OTHERWISE_DB };
    case 'float-all':
      return { run: (model) => floatLayers(model, undefined), leastDb: ANYTHING };
    case 'float-layers':
      return { run: (model) => floatLayers(model, new Set(step.layers)), leastDb: ANYTHING };
  }
}

const upgrade: Pass = (model) => {
  const sources = new Map<string, readonly string[]>();
  const upgraded = upgradeOpset(model, knowledgeOf(model), sources);
  return upgraded === model ? unchanged(model) : { model: upgraded, sources, notes: [] };
};

/** One pass as a step of its own. The new model is checked against the old one, on real inputs where there are any; what differs is refused. */
export const rewriteStep: EngineStep<RewriteStep, RewriteStepOutcome> = {
  kind: rewriteKind,
  stage: 'Rewriting',
  apply: async (model, settings, { runner, sampleFeeds }, context) => {
    const { run, leastDb } = rewriteOf(settings);
    const passes: readonly Pass[] = [nameNodes, run];
    const made = await runPasses(model, passes, { runners: lendRunner(runner), signal: context.signal });
    if (made.model !== model) {
      const models = { before: nameNodes(model).model, after: made.model };
      const difference = await checkPass(models, await sampleFeeds(), runner, context, leastDb);
      if (difference !== null) {
        throw new StudioError('UNSUPPORTED', `The rewritten model computes something else: ${difference}`, {
          hint: 'Leave this step out.',
        });
      }
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
