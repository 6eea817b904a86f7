import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { Stage, Task } from '../../design/Task.tsx';
import { useSession } from '../../state/session.ts';
import { DistillFigures } from './parts/DistillFigures.tsx';
import { DistillToolbar } from './parts/DistillToolbar.tsx';
import { RunSide } from './parts/RunSide.tsx';
import { TrainingCurves } from './parts/TrainingCurves.tsx';
import { useShownTraining } from './use-shown-training.ts';

/** The Distill task: a model is trained towards its original, and looked at while it learns. */
export function DistillView(): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const shown = useShownTraining();
  if (modelId === null) return <EmptyState title="No model is open">Open one to train what was made of it.</EmptyState>;
  return (
    <Task>
      <DistillToolbar
        trialId={shown.running ? (shown.trial?.id ?? null) : null}
        status={shown.training?.status ?? null}
      />
      <DistillFigures shown={shown} />
      <Stage side={<RunSide shown={shown} />}>
        <TrainingCurves shown={shown} />
      </Stage>
    </Task>
  );
}
