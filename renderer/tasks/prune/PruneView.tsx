import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { Task } from '../../design/Task.tsx';
import { NEW_STEP, settingsOf } from '../../state/recipe-draft.ts';
import { useEditedStep } from '../../state/recipe.ts';
import { useSession } from '../../state/session.ts';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { ChannelsBody } from './channels/ChannelsBody.tsx';
import { ElementsBody } from './parts/ElementsBody.tsx';
import { StructureBody } from './parts/StructureBody.tsx';
import { PruneToolbar } from './parts/PruneToolbar.tsx';
import { useLiveOverlay } from './use-live-overlay.ts';

/** The Prune task: sliders that answer at once with a prediction, and after their release with a measurement. */
export function PruneView(): ReactNode {
  const isOpen = useSession((state) => state.model !== null);
  const prediction = useDraftPrediction();
  const entry = useEditedStep('prune');
  const settings = settingsOf(entry, 'prune') ?? NEW_STEP.prune;
  useLiveOverlay(prediction);
  if (!isOpen || prediction === null)
    return <EmptyState title="No model is open">Open one to see what can be pruned.</EmptyState>;
  return (
    <Task>
      <PruneToolbar />
      {settings.structure === 'channel' ? (
        <ChannelsBody step={settings} off={entry?.off ?? true} prediction={prediction} />
      ) : settings.structure === 'block' || settings.structure === 'rank' ? (
        <StructureBody step={settings} off={entry?.off ?? true} prediction={prediction} />
      ) : (
        <ElementsBody prediction={prediction} />
      )}
    </Task>
  );
}
