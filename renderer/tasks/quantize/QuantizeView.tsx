import type { ReactNode } from 'react';
import { EmptyState } from '../../design/EmptyState.tsx';
import { useQuantizePlan, useTrialDetails } from '../../state/queries.ts';
import { useSession, useShownTrial } from '../../state/session.ts';
import { BaselineHint } from '../../widgets/BaselineHint.tsx';
import { useDraftPrediction } from '../../widgets/useDraftPrediction.ts';
import { Loaded } from '../../widgets/Loaded.tsx';
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
  const trial = shown?.quantize ? shown : prediction?.measured?.quantize ? prediction.measured : null;
  const result = useTrialDetails(trial?.id ?? null).data?.quantize ?? null;
  if (modelId === null || prediction === null)
    return <EmptyState title="No model is open">Open one to see what can run in int8.</EmptyState>;
  return (
    <div className={classes['view']}>
      <QuantizeToolbar />
      <QuantizeSettings vnni={plan.data?.vnni ?? null} />
      <BaselineHint />
      <QuantizeFigures prediction={prediction} />
      <SectionBar trial={trial} />
      <div className={classes['lower']}>
        <Loaded query={plan} loading="Looking at the layers…">
          {(value) =>
            section === 'layers' ? <QuantizeLayers plan={value} result={result} /> : <ErrorsSection trial={trial} />
          }
        </Loaded>
      </div>
    </div>
  );
}
