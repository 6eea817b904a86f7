import { useEffect, useMemo } from 'react';
import type { Cut } from '../../../main/judge/predict/cut.ts';
import { pruneStepOf } from '../../../main/judge/predict/trial.ts';
import { useOverlay, type OverlayData } from '../../state/overlay.ts';
import { useRecipe } from '../../state/recipe.ts';
import type { DraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { keptOverlay } from './channels/kept-overlay.ts';

/**
 * Shows on the graph what the recipe being edited would leave of each layer: zeros of single weights until a trial of this
 * recipe is measured, channels with which of them stay. It stays when the task is left (to look at the graph), and goes when
 * the recipe is changed elsewhere.
 */
export function useLiveOverlay(prediction: DraftPrediction | null): void {
  const live = useMemo(() => (prediction === null ? null : liveOverlay(prediction)), [prediction]);
  useEffect(() => useOverlay.getState().setLive(live), [live]);
  useEffect(
    () => () => {
      const stop = useRecipe.subscribe((state, before) => {
        if (state.draft === before.draft) return;
        useOverlay.getState().setLive(null);
        stop();
      });
    },
    [],
  );
}

function liveOverlay({ recipe, predicted, measured, inputs }: DraftPrediction): OverlayData | null {
  const step = pruneStepOf(recipe);
  if (step?.structure === 'channel') {
    const { channelPlan: plan } = inputs;
    if (plan === null || predicted.channels === null) return null;
    const made = (measured?.prune ?? null) !== null;
    return keptOverlay(
      plan,
      step,
      predicted.channels,
      made && predicted.channels.guess === null ? measured!.name : null,
    );
  }
  const isMeasured = (measured?.prune ?? null) !== null;
  return isMeasured || predicted.cut === null ? null : sparsityOverlay(predicted.cut);
}

function sparsityOverlay({ layers }: Cut): OverlayData {
  return {
    metric: 'sparsity',
    title: 'Sparsity',
    unit: '%',
    source: 'predicted from the weights’ magnitudes',
    predicted: true,
    values: new Map(layers.flatMap(({ name, sparsity }) => (sparsity === null ? [] : [[name, sparsity] as const]))),
    lowIsBad: false,
  };
}
