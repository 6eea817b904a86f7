import { useMemo } from 'react';
import type { Recipe } from '../../main/contract/recipe/recipe.ts';
import type { Trial, TrialDetails } from '../../main/contract/studio.ts';
import { cutAsMade } from '../../main/judge/predict/channel-cut.ts';
import { sameRecipe } from '../../main/judge/recipe/canonical.ts';
import { predictTrial, pruneStepOf } from '../../main/judge/predict/trial.ts';
import type { PredictedTrial, PredictionInputs } from '../../main/judge/predict/trial.ts';
import { hasUnlabelledData } from '../state/data.ts';
import { recipeOf, settingsOf } from '../state/recipe-draft.ts';
import { useRecipe } from '../state/recipe.ts';
import { usePrunePlan, useQuantizePlan, useTrialDetails, useTrialLayers, useTrialProfile } from '../state/queries.ts';
import { useSession } from '../state/session.ts';
import { useMeasuredPlan } from './useMeasuredPlan.ts';

/** What the recipe being edited would give, and the trial that measured it, if any. */
export interface DraftPrediction {
  readonly recipe: Recipe;
  readonly predicted: PredictedTrial;
  /** What the prediction was made from, for predicting other recipes. */
  readonly inputs: PredictionInputs;
  /** The trial of exactly this recipe; its numbers replace the prediction. */
  readonly measured: Trial | null;
}

/** The recipe being edited, and the trial that measured it, if any; null while no model is open. Asks the engine for nothing. */
export function useDraftTrial(): Pick<DraftPrediction, 'recipe' | 'measured'> | null {
  const isOpen = useSession((state) => state.model !== null);
  const trials = useSession((state) => state.trials);
  const vnni = useSession((state) => state.info?.machine.vnni ?? null);
  const draft = useRecipe((state) => state.draft);
  return useMemo(() => {
    if (!isOpen) return null;
    const recipe = recipeOf(draft);
    return { recipe, measured: trials.find((trial) => sameRecipe(trial.recipe, recipe, { vnni })) ?? null };
  }, [isOpen, trials, draft, vnni]);
}

/** Predicts the trial of the recipe being edited; null while no model is open. */
export function useDraftPrediction(): DraftPrediction | null {
  const model = useSession((state) => state.model);
  const trials = useSession((state) => state.trials);
  const vnniHere = useSession((state) => state.info?.machine.vnni ?? null);
  const unlabelled = useSession(hasUnlabelledData);
  const modelId = model?.entry.id ?? null;
  const baselineId = model?.baselineTrialId ?? null;
  const prunePlan = usePrunePlan(modelId).data ?? null;
  const quantizePlan = useQuantizePlan(modelId).data ?? null;
  const baselineProfile = useTrialProfile(baselineId).data ?? null;
  const layers = useTrialLayers(baselineId).data ?? null;
  const draft = useRecipe((state) => state.draft);
  const cutting = draft.map((entry) => settingsOf(entry, 'prune')).find((step) => step?.structure === 'channel');
  const align = cutting?.structure === 'channel' ? cutting.align : 1;
  const channelPlan = useMeasuredPlan(cutting === undefined ? null : modelId, align);
  const inputs = useMemo<PredictionInputs | null>(
    () =>
      model && {
        inspect: model.inspect,
        layers,
        modelBytes: model.inspect.model.bytes + model.inspect.model.externalBytes,
        trials,
        prunePlan,
        channelPlan,
        quantizePlan,
        baselineProfile,
        unlabelled,
      },
    [model, layers, trials, prunePlan, channelPlan, quantizePlan, baselineProfile, unlabelled],
  );
  const vnni = quantizePlan?.vnni ?? vnniHere;
  const found = useMemo(() => {
    if (inputs === null) return null;
    const recipe = recipeOf(draft);
    const measured = inputs.trials.find((trial) => sameRecipe(trial.recipe, recipe, { vnni })) ?? null;
    // A trial's own recipe holds what was left to be measured.
    return { recipe, predicted: predictTrial(measured?.recipe ?? recipe, inputs), inputs, measured };
  }, [inputs, draft, vnni]);
  const guesses = (found?.predicted.channels?.guess ?? null) !== null;
  const made = useTrialDetails(guesses ? (found?.measured?.id ?? null) : null).data?.prune ?? null;
  return useMemo(() => found && withMadeWidths(found, made), [found, made]);
}

/** A trial that was made tells the widths that could only be guessed before. */
function withMadeWidths(prediction: DraftPrediction, made: TrialDetails['prune']): DraftPrediction {
  const { predicted, inputs, recipe } = prediction;
  const step = pruneStepOf(recipe);
  if (made === null || predicted.channels === null || inputs.channelPlan === null) return prediction;
  if (step?.structure !== 'channel') return prediction;
  // What layers of low rank compute is not told by widths.
  if (step.score === 'obs' && step.lowRank === true) return prediction;
  const channels = cutAsMade(inputs.channelPlan, step, predicted.channels, made.layers);
  return { ...prediction, predicted: { ...predicted, channels } };
}
