import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { Stage, Task } from '../../design/Task.tsx';
import { useQuantizePlan } from '../../state/queries.ts';
import { useSession } from '../../state/session.ts';
import { BaselineHint } from '../../widgets/BaselineHint.tsx';
import { Loaded } from '../../widgets/Loaded.tsx';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { ErrorDetail } from './parts/ErrorDetail.tsx';
import { ErrorsSection } from './parts/ErrorsSection.tsx';
import { QuantizeFigures } from './parts/QuantizeFigures.tsx';
import { QuantizeToolbar } from './parts/QuantizeToolbar.tsx';
import { useQuantizedTrial } from './use-quantized-trial.ts';

/** The Quantize task: int8 on or off, what it gives, and what it does to each layer. */
export function QuantizeView(): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const plan = useQuantizePlan(modelId);
  const prediction = useDraftPrediction();
  const trial = useQuantizedTrial();
  if (modelId === null || prediction === null)
    return <EmptyState title="No model is open">Open one to see what can run in int8.</EmptyState>;
  return (
    <Task>
      <QuantizeToolbar trial={trial} />
      <BaselineHint />
      <QuantizeFigures prediction={prediction} />
      <Loaded query={plan} loading="Looking at the layers…">
        {(value) => (
          <Stage side={<ErrorDetail trial={trial} plan={value} />}>
            <ErrorsSection trial={trial} />
          </Stage>
        )}
      </Loaded>
    </Task>
  );
}
