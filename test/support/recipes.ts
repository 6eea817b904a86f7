import type { ChannelPruning } from '../../main/contract/recipe/prune-channels.ts';
import type { ElementStep } from '../../main/contract/recipe/prune-elements.ts';
import { pruneStepSchema } from '../../main/contract/recipe/prune.ts';
import type { Recipe } from '../../main/contract/recipe/recipe.ts';

/** Settings of a step that prunes single weights: those given, the rest as a recipe that leaves them out means it. */
export const pruneStep = (settings: Readonly<Record<string, unknown>> = {}): ElementStep =>
  pruneStepSchema.parse('structure' in settings ? settings : { sparsity: 0.5, ...settings }) as ElementStep;

/** Settings of a step that prunes channels. */
export const channelStep = (settings: Readonly<Record<string, unknown>> = {}): ChannelPruning =>
  pruneStepSchema.parse({ target: { macs: 0.5 }, ...settings, structure: 'channel' }) as ChannelPruning;

/** A recipe that prunes single weights. */
export const pruneRecipe = (sparsity: number): Recipe => ({ version: 2, steps: [{ prune: pruneStep({ sparsity }) }] });
