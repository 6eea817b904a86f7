import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { ErrorState } from '../../design/ErrorState.tsx';
import { LoadingState } from '../../design/LoadingState.tsx';
import { useQuantizePlan, useResults } from '../../state/results.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { BaselineHint } from '../../widgets/BaselineHint.tsx';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import classes from './QuantizeView.module.css';
import { ErrorsSection } from './parts/ErrorsSection.tsx';
import { QuantizeFigures } from './parts/QuantizeFigures.tsx';
import { QuantizeLayers } from './parts/QuantizeLayers.tsx';
import { QuantizeSettings } from './parts/QuantizeSettings.tsx';
import { QuantizeToolbar } from './parts/QuantizeToolbar.tsx';
import { SectionBar } from './parts/SectionBar.tsx';
import { useQuantizeUi } from './store.ts';

/** The Quantize task: int8 switched on, its settings, which layers it reaches, what it does to each. */
export function QuantizeView(): ReactNode {
  const modelId = useSession((state) => state.model?.entry.id ?? null);
  const plan = useQuantizePlan(modelId);
  const prediction = useDraftPrediction();
  const shown = useShownTrial();
  const section = useQuantizeUi((ui) => ui.section);
  if (modelId === null || prediction === null)
    return <EmptyState title="No model is open">Open one to see what can run in int8.</EmptyState>;
  const trial = shown?.quantize ? shown : prediction.measured?.quantize ? prediction.measured : null;
  return (
    <div className={classes['view']}>
      <QuantizeToolbar />
      <QuantizeSettings vnni={plan.status === 'ready' ? plan.value.vnni : null} />
      <BaselineHint />
      <QuantizeFigures prediction={prediction} />
      <SectionBar trial={trial} />
      <div className={classes['lower']}>
        {plan.status === 'loading' && <LoadingState>Looking at the layers…</LoadingState>}
        {plan.status === 'failed' && (
          <ErrorState
            error={plan.error}
            onRetry={() => useResults.getState().forget((method) => method === 'quantize.plan')}
          />
        )}
        {plan.status === 'ready' &&
          (section === 'layers' ? (
            <QuantizeLayers plan={plan.value} result={trial?.quantize ?? null} />
          ) : (
            <ErrorsSection trial={trial} />
          ))}
      </div>
    </div>
  );
}
